import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { CrontabBlock, otherLines } from "../../../etl/schedule/crontab_block.ts";

const OURS = new CrontabBlock("/ada/data", "My study");
const THEIRS = new CrontabBlock("/ada/data2", "My study");
const LINES = ["# a comment", "*/10 * * * * sync"];

/** Crontabs of people: one character a byte. */
const OTHERS = [
  "",
  "# only a comment\n",
  "MAILTO=ada\n5 * * * * date +\\%s\n\n\n",
  "5 * * * * x\r\n# y\r\n",
  "# \xe9 is no UTF-8\n0 0 * * * \xff\n",
  "   \n\t\n",
  '# END civicsky, which is no mark\n# BEGIN civicsky "/ada/data2": broken by somebody\n',
];

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

function text(crontab: Uint8Array): string {
  return Buffer.from(crontab).toString("latin1");
}

Deno.test("a block comes behind all other lines, is put in again in its place, and leaves no trace", () => {
  for (const other of OTHERS) {
    const installed = OURS.putInto(bytes(other), LINES);
    assert.equal(text(installed), other + OURS.text(LINES));
    assert.deepEqual(OURS.putInto(installed, LINES), installed);
    const between = bytes(text(installed) + "7 * * * * behind\n");
    const changed = OURS.putInto(between, ["# new"]);
    assert.equal(text(changed), `${other}${OURS.text(["# new"])}7 * * * * behind\n`);
    assert.equal(text(OURS.takeOutOf(changed)), `${other}7 * * * * behind\n`);
    assert.equal(text(OURS.takeOutOf(installed)), other);
    assert.equal(text(OURS.takeOutOf(bytes(other))), other);
  }
});

Deno.test("a last line without its end gets one, as cron wants it", () => {
  assert.equal(text(OURS.putInto(bytes("5 * * * * x"), [])), `5 * * * * x\n${OURS.text([])}`);
});

Deno.test("two studies of one name each have their block, and a study that is renamed keeps its own", () => {
  const both = THEIRS.putInto(OURS.putInto(bytes("# x\n"), LINES), LINES);
  assert.equal(text(both), `# x\n${OURS.text(LINES)}${THEIRS.text(LINES)}`);
  assert.equal(text(OURS.takeOutOf(both)), `# x\n${THEIRS.text(LINES)}`);
  assert.equal(text(THEIRS.takeOutOf(both)), `# x\n${OURS.text(LINES)}`);
  const renamed = new CrontabBlock("/ada/data", "Ein Name\nmit Bruch");
  assert.equal(
    text(renamed.putInto(both, [])).split("\n")[1],
    `# BEGIN civicsky "/ada/data": Ein Name mit Bruch`,
  );
  assert.equal(text(renamed.takeOutOf(both)), `# x\n${THEIRS.text(LINES)}`);
});

Deno.test("a folder of any name is told from others, and a block that Windows' editors wrote is found", () => {
  const odd = new CrontabBlock('/é "x": y/日本', "Étude");
  const installed = odd.putInto(bytes("# x\n"), LINES);
  assert.equal(Buffer.from(installed).toString("utf8"), `# x\n${odd.text(LINES)}`);
  assert.equal(text(new CrontabBlock("/é ", "Étude").takeOutOf(installed)), text(installed));
  const withReturns = bytes(text(installed).replaceAll("\n", "\r\n"));
  assert.equal(text(odd.takeOutOf(withReturns)), "# x\r\n");
});

Deno.test("a damaged block is an error, so that nobody's lines are taken for it", () => {
  const [begin, end] = ['# BEGIN civicsky "/ada/data": My study\n', '# END civicsky "/ada/data"\n'];
  const other = "5 * * * * x\n";
  const cases: [string, RegExp][] = [
    [`${begin}${other}`, /\(line 1\)/],
    [`${other}${end}`, /\(line 2\)/],
    [`${end}${other}${begin}`, /\(lines 1, 3\)/],
    [`${begin}${begin}${end}`, /\(lines 1, 2, 3\)/],
    [`${begin}${end}${other}${begin}${end}`, /\(lines 1, 2, 4, 5\)/],
    [`${begin}${THEIRS.text([])}${end}`, /\(lines 1, 4\)/],
  ];
  for (const [crontab, expected] of cases) {
    assert.throws(() => OURS.putInto(bytes(crontab), LINES), expected);
    assert.throws(() => OURS.takeOutOf(bytes(crontab)), expected);
  }
});

Deno.test("lines outside of blocks that run the same folder are found, as those of an older README", () => {
  const lines = [
    "5 * * * * cd /ada/civicsky && deno task -q sync:jetstream",
    "# 5 * * * * cd /ada/civicsky && deno task -q daily",
    "5 * * * * ls /ada/civicsky",
    "5 * * * * cd /other && deno task x",
    OURS.text(["5 * * * * cd /ada/civicsky && deno task -q daily"]).trimEnd(),
    "  5 * * * * cd /ada/civicsky && npx deno task -q daily",
  ];
  assert.deepEqual(otherLines(bytes(lines.join("\n")), "/ada/civicsky"), [1, 8]);
});
