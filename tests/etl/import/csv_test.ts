import assert from "node:assert/strict";
import { checkCsv, csvRows } from "../../../etl/import/csv.ts";
import { EXIT, UserError } from "../../../etl/run/error.ts";

const REQUIRED = ["uri", "text"];

async function withFile(content: string | Uint8Array, use: (path: string) => Promise<void>) {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Give `rows` as fields (or raw where there are none) with the line on which each ends. */
async function read(content: string) {
  let found: [unknown, number][] = [];
  await withFile(content, async (path) => {
    const { header, rows } = await checkCsv(path, REQUIRED);
    const all = await Array.fromAsync(csvRows(path, header));
    assert.equal(rows, all.length);
    found = all.map(({ fields, raw, line }) => [fields ?? raw, line]);
  });
  return found;
}

async function refusal(content: string | Uint8Array): Promise<UserError> {
  let error: unknown;
  await withFile(content, async (path) => {
    error = await checkCsv(path, REQUIRED).catch((thrown) => thrown);
    assert.ok(error instanceof UserError, `${error}`);
    assert.ok(error.message.startsWith(`Cannot import ${path}: `));
  });
  assert.equal((error as UserError).exitCode, EXIT.usage);
  return error as UserError;
}

Deno.test("a byte order mark, CRLF, empty lines and blanks around column names do no harm", async () => {
  const expected = [[{ uri: "a", text: "b" }, 2], [{ uri: "c", text: "d" }, 3]];
  assert.deepEqual(await read("uri,text\na,b\nc,d\n"), expected);
  assert.deepEqual(await read("\uFEFFuri,text\r\na,b\r\nc,d"), expected);
  assert.deepEqual((await read(" uri , text\n\na,b\n\n\nc,d\n\n")).map(([row]) => row), [
    { uri: "a", text: "b" },
    { uri: "c", text: "d" },
  ]);
});

Deno.test("quotes, commas and line breaks stand in a field as they are", async () => {
  const text = 'He said "no",\r\nand\nleft 🏡';
  const found = await read(`uri,text\na,"${text.replaceAll('"', '""')}"\nb,x\n`);
  assert.deepEqual(found, [[{ uri: "a", text }, 4], [{ uri: "b", text: "x" }, 5]]);
});

Deno.test("a row with too few or too many fields has no fields and keeps what came", async () => {
  assert.deepEqual(await read("uri,text\na\nb,c,d\ne,f\n"), [
    [["a"], 2],
    [["b", "c", "d"], 3],
    [{ uri: "e", text: "f" }, 4],
  ]);
});

Deno.test("a file with a header alone has no rows", async () => {
  assert.deepEqual(await read("uri,text\n"), []);
  assert.deepEqual(await read("uri,text"), []);
});

Deno.test("what is no table of posts is a usage error that says what was found", async () => {
  assert.match((await refusal("")).message, /it has no column uri, text$/);
  assert.match((await refusal("uri,body\na,b\n")).message, /it has no column text$/);
  const twice = await refusal("uri,text,uri\na,b,c\n");
  assert.match(
    twice.format(),
    /it has the column "uri" twice\n {2}The header line must name uri, text/,
  );
  const folder = await checkCsv(Deno.cwd(), REQUIRED).catch((error) => error);
  assert.match(folder.message, /it is a folder$/);
  const absent = await checkCsv("no such file.csv", REQUIRED).catch((error) => error);
  assert.match(absent.format(), /there is no such file\n {2}Name a CSV file$/);
});

Deno.test("a file that is not UTF-8 is refused, wherever the wrong byte stands", async () => {
  const head = new TextEncoder().encode(`uri,text\n${"a,b\n".repeat(50_000)}`);
  for (const bytes of [head, new TextEncoder().encode("uri,text\n")]) {
    const latin1 = new Uint8Array([...bytes, 0x61, 0x2c, 0xe9, 0x0a]);
    const error = await refusal(latin1);
    assert.match(error.format(), /: it is not UTF-8\n {2}Save it as CSV in UTF-8$/);
  }
});

// Invariant 12
Deno.test("broken quotes are refused with their line, and no word of the text", async () => {
  const unclosed = await refusal('uri,text\na,b\nc,"a secret\nd,e\n');
  assert.match(
    unclosed.format(),
    /: it is not CSV \(quote not closed\)\n {2}Close the quote .*, line 4$/,
  );
  const inside = await refusal('uri,text\na,b\nc,secret"word"\n');
  assert.match(inside.format(), /: it is not CSV \(invalid opening quote\)\n {2}Mend line 3$/);
  const after = await refusal('uri,text\na,"secret" word\n');
  assert.match(after.format(), /: it is not CSV \(.*quote.*\)\n {2}Mend line 2$/);
  for (const error of [unclosed, inside, after]) assert.doesNotMatch(error.format(), /secret|word/);
});
