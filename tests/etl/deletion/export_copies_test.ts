/** Copies of exports that people save beside them, when authors take posts back. */
import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import { parse } from "csv-parse";
import { subjectHash } from "../../../etl/raw/tombstone.ts";
import { KEY, rawFolder, uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { laterTask } from "../../later_task.ts";
import { runTask } from "../../task.ts";

const OTHER = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
const GONE = [uri("gone"), OTHER];
const key = (subject: string) => subjectHash(KEY, subject).slice(0, 32);

/** Export four posts with their addresses, two of which will be removed; gives the CSV as rows. */
async function exported(data: string): Promise<string[][]> {
  const folder = await rawFolder(data);
  const posts = [uri("gone"), uri("kept"), uri("other", OTHER), uri("last")];
  await folder.raw(
    "firehose",
    "2026-06-01",
    "a.2026-06-01_2026-06-01",
    posts.map((uri, index) => ({
      uri,
      cid: `c${index}`,
      event_time: "2026-06-01 10:00:00",
      created_at: "2026-06-01T10:00:00Z",
      text: "The senate votes on the bill",
    })),
  );
  await laterTask(data, "preprocess");
  await laterTask(data, "classify:dictionary");
  await laterTask(data, "export", "--with-uris");
  await folder.tombstone(
    "2026-06-03",
    "t",
    GONE.map((subject) => ({ subject, at: "2026-06-03 10:00:00" })),
  );
  const csv = await Deno.readTextFile(`${data}/exports/analysis-with-uris.csv`);
  return await Array.fromAsync<string[]>(parse(csv));
}

function written(rows: string[][], delimiter = ","): string {
  return rows.map((row) => row.map((cell) => `"${cell.replaceAll(`"`, `""`)}"`).join(delimiter))
    .join("\r\n");
}

const isNamed = (text: string) =>
  [...GONE, ...GONE.map(key)].some((subject) => text.includes(subject));

/** Copies as spreadsheets and statistics programs write them. */
const COPIES: Record<string, (rows: string[][]) => string | Uint8Array> = {
  "commas.csv": (rows) => written(rows),
  "semicolons.csv": (rows) => written(rows, ";"),
  "tabs.tsv": (rows) => written(rows, "\t"),
  "bars.txt": (rows) => written(rows, "|"),
  "packed.csv.gz": (rows) => gzipSync(written(rows)),
  "upper.csv": ([header, ...rows]) => written([header!.map((name) => name.toUpperCase()), ...rows]),
  "reversed.csv": (rows) => written(rows.map((row) => row.toReversed())),
  "row_numbers.csv": (rows) => written(rows.map((row, at) => [at === 0 ? "" : `${at}`, ...row])),
  "local_dates.csv": ([header, ...rows]) => {
    const at = header!.indexOf("date");
    return written([header!, ...rows.map((row) => row.with(at, "01.06.2026"))]);
  },
  "analysis-with-uris.csv": (rows) => written(rows, ";"),
};

// Invariant 11
Deno.test("a copy of an export loses what was removed, however it was saved, and nothing else", () =>
  withData(async (data) => {
    const rows = await exported(data);
    for (const [name, copy] of Object.entries(COPIES)) {
      const content = copy(rows);
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${data}/exports/${name}`, bytes);
    }
    const { removed_rows, warnings } = await laterTask(data, "preprocess");
    // Two rows of each copy, of the Parquet file whose CSV is one of them, of raw and of labels.
    assert.deepEqual([removed_rows, warnings], [2 * (Object.keys(COPIES).length + 2), []]);
    for (const name of Object.keys(COPIES)) {
      const bytes = await Deno.readFile(`${data}/exports/${name}`);
      const text = new TextDecoder().decode(name.endsWith(".gz") ? gunzipSync(bytes) : bytes);
      assert.ok(!isNamed(text), name);
      const posts = text.trim().split("\n");
      assert.equal(posts.length, 3, name);
      for (const kept of ["kept", "last"]) assert.ok(text.includes(uri(kept)), name);
    }
  }));

// Invariant 11
Deno.test("a file beside exports that names what was removed in another way is told, and left", () =>
  withData(async (data) => {
    const rows = await exported(data);
    const at = rows[0]!.indexOf("uri");
    const files: Record<string, string | Uint8Array> = {
      "uris.csv": rows.map((row) => row[at]).join("\n"),
      "links.txt": `see https://bsky.app/profile/${uri("gone").split("/")[2]}/post/gone`,
      "renamed.csv": written(
        rows.map((row, index) => row.map((cell) => index ? cell : `x${cell}`)),
      ),
      "unicode.csv": new Uint8Array(
        [
          0xff,
          0xfe,
          ...new Uint8Array(Uint16Array.from(written(rows), (c) => c.charCodeAt(0)).buffer),
        ],
      ),
      "long.txt": `${"x".repeat(70_000)} ${key(uri("gone"))} ${"x".repeat(70_000)}`,
      "notes.txt": `nothing but ${uri("kept")} and ${"a".repeat(33)}`,
      "table.xlsx": new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 0]),
      "broken.csv.gz": gzipSync(written(rows)).slice(0, 60),
    };
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${data}/exports/${name}`, bytes);
    }
    const { stderr } = await runTask(["preprocess", "--data", data], {
      CIVICSKY_CLOCK: "2026-06-10T00:00:00Z",
    });
    const told = stderr.split("\n").flatMap((line) =>
      /exports\/(\S+) (has \d|cannot be searched)/.exec(line)?.slice(1).join(": ") ?? []
    );
    assert.deepEqual(told.sort(), [
      "broken.csv.gz: cannot be searched",
      "links.txt: has 1",
      "long.txt: has 1",
      "renamed.csv: has 4",
      "table.xlsx: cannot be searched",
      "unicode.csv: has 4",
      "uris.csv: has 2",
    ]);
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      assert.deepEqual(await Deno.readFile(`${data}/exports/${name}`), Uint8Array.from(bytes));
    }
  }));
