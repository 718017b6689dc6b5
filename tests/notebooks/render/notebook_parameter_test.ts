import assert from "node:assert/strict";
import {
  assignment,
  parametersOf,
  withParameters,
} from "../../../notebooks/render/notebook_parameter.ts";
import { notebookOf } from "../cells.ts";
import "../../common_environment.ts";

const CELL = `const since: IsoDay | undefined = undefined; // the first day
const until = "2026-06-30";
let threshold: number = 0.7
const source: Source | null = null;
const by: "day" | "hour" = 'day';
const withBots = false;
const thresholds = [0.5, 0.7];
const words: string[] = []; // such as «senate»
const note = "a // \\"b\\"";
const data = Deno.env.get("CIVICSKY_DATA") ?? "../data";
  const inner = 1;
const sum = 1 + 2;`;

Deno.test("parameters are the plain constants of the first code cell, with their types", () => {
  const parameters = parametersOf(notebookOf("# A title", CELL, "const later = 1;"));
  assert.deepEqual(parameters.map(({ name, type }) => `${name}: ${type}`), [
    "since: day or undefined",
    "until: day",
    "threshold: number",
    "source: source or null",
    "by: day or hour",
    "withBots: boolean",
    "thresholds: list of number",
    "words: list of string",
    "note: string",
  ]);
  assert.deepEqual(parametersOf(notebookOf("# A title")), []);
});

Deno.test("a value is put in the place of the one that stands there, as code that cannot be left", () => {
  const given = {
    since: "2026-06-01",
    threshold: "-0.80",
    source: "most_liked",
    by: "hour",
    withBots: "true",
    thresholds: "0.5,0.9",
    words: 'vote,"; Deno.exit()',
    note: "`${1}\n</script>",
  };
  const notebook = withParameters(notebookOf(CELL, CELL), new Map(Object.entries(given)));
  assert.deepEqual(notebook.cells[0]!.source.split("\n").slice(0, 9), [
    'const since: IsoDay | undefined = "2026-06-01"; // the first day',
    'const until = "2026-06-30";',
    "let threshold: number = -0.8",
    'const source: Source | null = "most_liked";',
    'const by: "day" | "hour" = "hour";',
    "const withBots = true;",
    "const thresholds = [0.5, 0.9];",
    'const words: string[] = ["vote", "\\"; Deno.exit()"]; // such as «senate»',
    'const note = "`${1}\\n</script>";',
  ]);
  assert.equal(notebook.cells[1]!.source, CELL);
  const emptied = withParameters(notebook, new Map([["since", ""], ["words", ""]]));
  assert.match(emptied.cells[0]!.source, /^const since: IsoDay \| undefined = undefined;/);
  assert.match(emptied.cells[0]!.source, /\nconst words: string\[\] = \[\];/);
});

Deno.test("a value of another type is refused with what it should be", () => {
  const refused = (name: string, value: string, found: RegExp) =>
    assert.throws(() => withParameters(notebookOf(CELL), new Map([[name, value]])), found);
  refused("since", "2026-02-30", /--set since: "2026-02-30" is not a day such as 2026-06-01/);
  refused("until", "", /is not a day/);
  refused("threshold", "high", /is not a number such as 0\.8/);
  refused("source", "twitter", /is not one of firehose, jetstream, most_liked, import/);
  refused("by", "week", /is not one of day, hour/);
  refused("withBots", "yes", /is not one of true, false/);
  refused("thresholds", "0.5,x", /is not a number/);
});

Deno.test("an assignment has a name and a value, and each name comes once", () => {
  assert.deepEqual([...assignment("b==c", assignment("a="))], [["a", ""], ["b", "=c"]]);
  for (const text of ["since", "=1", "a b=1"]) assert.throws(() => assignment(text), RangeError);
  assert.throws(() => assignment("a=2", assignment("a=1")), /is given twice/);
});
