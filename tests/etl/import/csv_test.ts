import assert from "node:assert/strict";
import { checkCsv, csvRows } from "../../../etl/import/csv.ts";
import { EXIT, UserError } from "../../../etl/run/error.ts";

const missing = (header: string[]) => ["uri", "text"].filter((name) => !header.includes(name));

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
async function read(content: string | Uint8Array) {
  let found: [unknown, number][] = [];
  await withFile(content, async (path) => {
    const table = await checkCsv(path, missing);
    const all = await Array.fromAsync(csvRows(path, table));
    assert.equal(table.rows, all.length);
    found = all.map(({ fields, raw, line }) => [fields ?? raw, line]);
  });
  return found;
}

async function refusal(content: string | Uint8Array): Promise<UserError> {
  let error: unknown;
  await withFile(content, async (path) => {
    error = await checkCsv(path, missing).catch((thrown) => thrown);
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
  assert.deepEqual(await read(" uri , text\n\na,b\n\n\nc,d\n\n"), [
    [{ uri: "a", text: "b" }, 3],
    [{ uri: "c", text: "d" }, 6],
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
    /it has the column "uri" twice\n {2}The header line must name no column twice$/,
  );
  const folder = await checkCsv(Deno.cwd(), missing).catch((error) => error);
  assert.match(folder.message, /it is a folder$/);
  const absent = await checkCsv("no such file.csv", missing).catch((error) => error);
  assert.match(absent.format(), /there is no such file\n {2}Name a CSV file$/);
});

Deno.test("a file that is not UTF-8 is refused with the line of the wrong byte", async () => {
  const head = new TextEncoder().encode(`uri,text\n${"a,b\n".repeat(50_000)}`);
  const dos = new TextEncoder().encode('uri,text\r\na,"é\r\nö"\r\n');
  const mac = new TextEncoder().encode("uri,text\ra,b\r");
  const files = [[head, 50_002], [new TextEncoder().encode("uri,text\n"), 2], [dos, 4], [mac, 3]];
  for (const [bytes, line] of files as [Uint8Array, number][]) {
    const latin1 = new Uint8Array([...bytes, 0x61, 0x2c, 0xe9, 0x0a]);
    const error = await refusal(latin1);
    assert.match(error.message, new RegExp(`: line ${line} is not UTF-8$`));
    assert.match(error.format(), /\n {2}Save it as CSV in UTF-8$/);
  }
});

Deno.test("a table is read whatever stands between its fields and at the end of its lines", async () => {
  const expected = [[{ uri: "a", text: "Rents rise, again; and\tso on|" }, 2], [{
    uri: "b",
    text: "",
  }, 3]];
  for (const delimiter of [",", ";", "\t", "|"]) {
    for (const end of ["\n", "\r\n", "\r"]) {
      const table = [
        ["uri", "text"],
        ["a", '"Rents rise, again; and\tso on|"'],
        ["b", ""],
        ["", ""],
      ].map((row) => row.join(delimiter)).join(end);
      assert.deepEqual(await read(table), expected, JSON.stringify([delimiter, end]));
    }
  }
});

Deno.test("a header is found in a large file, whatever stands where its beginning ends", async () => {
  for (const before of ["", ";;\n", "\n\n"]) {
    const rows = Array.from({ length: 20 }, () => `a;"${"x, \n".repeat(5_000)}"`);
    const found = await read(`${before}uri;text\n${rows.join("\n")}\n`);
    assert.equal(found.length, 20, before);
  }
});

Deno.test("fewest missed columns decide between delimiters, not how often one stands there", async () => {
  assert.deepEqual(await read("uri;text;a,b,c,d,e\n1;2;3\n"), [
    [{ uri: "1", text: "2", "a,b,c,d,e": "3" }, 2],
  ]);
});

Deno.test("a line that names the separator is no header, and lines are counted with it", async () => {
  for (const mark of ["", "\uFEFF"]) {
    for (const first of ["sep=;", '"sep=;"', "SEP=;"]) {
      assert.deepEqual(await read(`${mark}${first}\r\nuri;text\r\na;b,c\r\n`), [
        [{ uri: "a", text: "b,c" }, 3],
      ]);
    }
  }
  assert.deepEqual(await read("sep=,\nuri,text\na,b\n"), [[{ uri: "a", text: "b" }, 3]]);
});

Deno.test("lines that end in LF and in CRLF may stand in one file", async () => {
  const expected = [[{ uri: "a", text: "b" }, 2], [{ uri: "c", text: "d" }, 3]];
  assert.deepEqual(await read("uri,text\na,b\r\nc,d\r\n"), expected);
  assert.deepEqual(await read("uri,text\r\na,b\nc,d\n"), expected);
});

Deno.test("columns without a name have their number for one", async () => {
  assert.deepEqual(await read('"","uri","text",,\n"1",a,b,,\n'), [
    [{ column_1: "1", uri: "a", text: "b", column_4: "", column_5: "" }, 2],
  ]);
});

Deno.test("what a spreadsheet saves as Unicode text is read", async () => {
  const text = "\uFEFFuri\ttext\r\na\tLeft 🏡\r\n";
  const units = new Uint16Array(
    [...text].flatMap((char) => char.split("")).map((unit) => unit.charCodeAt(0)),
  );
  assert.deepEqual(await read(new Uint8Array(units.buffer)), [[{ uri: "a", text: "Left 🏡" }, 2]]);
});

Deno.test("what is missed is named with what was found, unless that may be a post's text", async () => {
  const wrong = await refusal("URL;Titel\na;b\n");
  assert.match(
    wrong.format(),
    /it has no column uri, text\n {2}Its columns are URL, Titel\. The header line must name uri, text,/,
  );
  const headless = await refusal("at://did:plc:a/app.bsky.feed.post/b,secret words\n");
  assert.match(headless.format(), /Its first line is a row and no header/);
  assert.doesNotMatch(headless.format(), /secret/);
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

Deno.test("a quote that stays open ends the reading after four million characters, and not of memory", async () => {
  const text = `uri,text\na,b\nc,"a secret\n${"of many lines\n".repeat(3_000_000)}`;
  const before = Deno.memoryUsage().rss;
  const open = await refusal(text);
  assert.match(
    open.format(),
    /: the row at line \d+ has more than 4,000,000 characters\n {2}Close/,
  );
  assert.doesNotMatch(open.format(), /secret/);
  const grown = (Deno.memoryUsage().rss - before) / 1e6;
  assert.ok(grown < 150, `${grown} MB`);
  // A long post and a long field beside it are none of that.
  const [row] = await read(`uri,text\na,${"x".repeat(3_000_000)}\n`);
  assert.equal((row![0] as { text: string }).text.length, 3_000_000);
});
