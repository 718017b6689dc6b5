import assert from "node:assert/strict";
import { join } from "node:path";
import { literal, openDatabase, rows } from "../../../etl/store/duckdb.ts";
import { toJson } from "../../../etl/store/json.ts";
import { withData } from "../../rows.ts";

Deno.test("lone surrogates become U+FFFD in values and keys, however deep", () => {
  const value = {
    text: "a\ud83c",
    list: ["\udfe1b", { deep: [["\ud83c"]] }],
    "key\ud800": { "\udc00": "whole 🏡" },
  };
  assert.deepEqual(JSON.parse(toJson(value)), {
    text: "a\ufffd",
    list: ["\ufffdb", { deep: [["\ufffd"]] }],
    "key\ufffd": { "\ufffd": "whole 🏡" },
  });
  assert.ok(toJson(value).isWellFormed());
  assert.doesNotMatch(toJson(value), /\\ud/);
});

Deno.test("all else is as JSON.stringify gives it", () => {
  const values = [
    null,
    0.1,
    "",
    [],
    {},
    "\\ud83c written out",
    '🏡\n\u2028\0"',
    { "__proto__x": 1, n: -1e300, none: undefined, date: new Date(0), list: [undefined, true] },
  ];
  for (const value of values) assert.equal(toJson(value), JSON.stringify(value));
  const withBoth = { text: "\ud83c", date: new Date(0), none: undefined, n: 1e21 };
  assert.equal(toJson(withBoth), JSON.stringify({ ...withBoth, text: "\ufffd" }));
});

// Invariant 9
Deno.test("DuckDB reads every line that is made of what people can type", async () => {
  await withData(async (data) => {
    const texts = ["\ud83c", "a\udfe1", "\\ud83c", "\0", '"\\', "\u2028\r\n", "🏡", "\\u0000"];
    const path = join(data, "lines.jsonl");
    await Deno.writeTextFile(path, texts.map((text) => `${toJson({ text })}\n`).join(""));
    using database = await openDatabase(data);
    const read = await rows<{ text: string }>(
      database,
      `SELECT text FROM read_json(${literal(path)}, format = 'newline_delimited',
         columns = {text: 'VARCHAR'})`,
    );
    assert.deepEqual(read.map(({ text }) => text), texts.map((text) => text.toWellFormed()));
  });
});
