import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { CsvError, type Options, parse } from "csv-parse";
import { textEncoding, wrongLine } from "../run/text_encoding.ts";
import { EXIT, UserError } from "../run/error.ts";

/** A row of a CSV file. */
export interface CsvRow {
  /** Fields by column; undefined where the row has not as many fields as the header. */
  fields: Record<string, string> | undefined;
  /** The fields as they came. */
  raw: string[];
  /** Line of the file on which the row ends; a field may span lines. */
  line: number;
}

/** How a CSV file is written, and what stands in its first lines. */
export interface CsvTable {
  /** Names of the columns; `column_<n>` for one without a name, as R and pandas write row numbers. */
  header: string[];
  /** Rows after the header. */
  rows: number;
  dialect: Dialect;
}

interface Dialect {
  encoding: string;
  delimiter: string;
  /** Only where the header line ends with it is a lone CR the end of a line. */
  lineEnds: string[];
}

/** What tools write between fields; the first that serves best is taken. */
const DELIMITERS = [",", ";", "\t", "|"];
/** Most characters of a row: a post has some thousands, and an open quote takes all that follows. */
const MAX_ROW = 4_000_000;
/** Most bytes in which the header is looked for. */
const HEAD_BYTES = 65_536;
/** A spreadsheet's own line before the header. */
const SEPARATOR_LINE = /^\uFEFF?"?sep=(.)"?\s*(?:\r\n?|\n|$)/i;

/**
 * Read the header of a CSV file, going through it once to the end.
 *
 * `missing` says which columns a header lacks; the delimiter is the one by which it lacks fewest, unless
 * a line `sep=` names it. Throws a usage error where there is no such file, it is no UTF-8 (or UTF-16
 * with its mark), no CSV, or a column is missing or there twice; so a file that is broken near its end is
 * refused before anything is done.
 */
export async function checkCsv(
  path: string,
  missing: (header: string[]) => string[],
): Promise<CsvTable> {
  const doing = `import ${path}`;
  const usage = { exitCode: EXIT.usage };
  let header: string[] | undefined;
  let rows = 0;
  let dialect: Dialect | undefined;
  try {
    dialect = await findDialect(path, missing);
    for await (const { record } of records(path, dialect)) {
      if (header) rows++;
      header ??= columnNames(record);
    }
  } catch (cause) {
    const remedy = "Name a CSV file";
    if (cause instanceof Deno.errors.NotFound) {
      throw new UserError(doing, "there is no such file", remedy, { ...usage, cause });
    }
    if (cause instanceof Deno.errors.IsADirectory) {
      throw new UserError(doing, "it is a folder", remedy, { ...usage, cause });
    }
    if (cause instanceof CsvError) throw notCsv(doing, cause);
    if (!(cause instanceof TypeError)) throw cause;
    const line = dialect?.encoding === "utf-8" ? wrongLine(pieces(path)) : undefined;
    throw new UserError(
      doing,
      line === undefined ? "it is not UTF-16" : `line ${line} is not UTF-8`,
      "Save it as CSV in UTF-8",
      { ...usage, cause },
    );
  }
  const names = header ?? [];
  const twice = names.find((column, index) => names.indexOf(column) !== index);
  const absent = missing(names);
  if (absent.length > 0) throw noSuchColumns(doing, absent, names);
  if (twice !== undefined) {
    const found = `it has the column ${JSON.stringify(twice)} twice`;
    throw new UserError(doing, found, "The header line must name no column twice", usage);
  }
  return { header: names, rows, dialect };
}

/** Give the rows after the header, in order; only for a file that `checkCsv` has passed. */
export async function* csvRows(
  path: string,
  { header, dialect }: CsvTable,
): AsyncGenerator<CsvRow, void> {
  let first = true;
  for await (const { record, line } of records(path, dialect)) {
    // A cut or shifted row must not be read with fields in the wrong columns.
    const fields = record.length === header.length
      ? Object.fromEntries(header.map((column, index) => [column, record[index]!]))
      : undefined;
    if (!first) yield { fields, raw: record, line };
    first = false;
  }
}

function columnNames(record: string[]): string[] {
  return record.map((name, index) => name.trim() || `column_${index + 1}`);
}

async function findDialect(
  path: string,
  missing: (header: string[]) => string[],
): Promise<Dialect> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(HEAD_BYTES);
  const head = bytes.subarray(0, await file.read(bytes) ?? 0);
  const encoding = textEncoding(head);
  const text = new TextDecoder(encoding).decode(head);
  const separator = SEPARATOR_LINE.exec(text);
  const lineEnds = /^[^\r\n]*\r(?!\n)/.test(text) ? ["\r"] : ["\r\n", "\n"];
  const dialects = (separator ? [separator[1]!] : DELIMITERS)
    .map((delimiter) => ({ encoding, delimiter, lineEnds }));
  let best = { dialect: dialects[0]!, absent: Infinity, columns: 0 };
  for (const dialect of dialects) {
    const header = await headerOf(text.slice(separator?.[0].length ?? 0), dialect);
    const [absent, columns] = [missing(header).length, header.length];
    if (absent < best.absent || absent === best.absent && columns > best.columns) {
      best = { dialect, absent, columns };
    }
  }
  return best.dialect;
}

/** Read the header from the beginning of a file; empty where it cannot be read so. */
async function headerOf(text: string, dialect: Dialect): Promise<string[]> {
  // The text may end within a row, which is then an error that takes the header along.
  const options = { to: 1, skip_records_with_empty_values: true, raw: false, info: false };
  try {
    for await (const record of parse(text, { ...parserOptions(dialect), ...options })) {
      return columnNames(record);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
  }
  return [];
}

function parserOptions({ delimiter, lineEnds }: Dialect): Options {
  return {
    bom: true,
    delimiter,
    info: true,
    raw: true,
    max_record_size: MAX_ROW,
    record_delimiter: lineEnds,
    relax_column_count: true,
  };
}

async function* records(
  path: string,
  dialect: Dialect,
): AsyncGenerator<{ record: string[]; line: number }, void> {
  const file = await Deno.open(path);
  const text = file.readable.pipeThrough(
    new TextDecoderStream(dialect.encoding, { fatal: true }),
  );
  const parser = parse(parserOptions(dialect));
  const source = Readable.fromWeb(text as unknown as NodeReadableStream<string>);
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  let line = 1;
  let isFirst = true;
  for await (const { record, raw } of parser as AsyncIterable<{ record: string[]; raw: string }>) {
    // The parser's own count takes a CRLF in a field for two lines.
    line += raw.match(/\r\n|\r|\n/g)?.length ?? 0;
    const isSeparator = isFirst && SEPARATOR_LINE.test(raw);
    isFirst = false;
    // Spreadsheets end a table with rows of nothing but delimiters.
    if (isSeparator || isBlank(record)) continue;
    yield { record, line: /[\r\n]$/.test(raw) ? line - 1 : line };
  }
}

/** Read a file piece by piece: it may be larger than memory. */
function* pieces(path: string): Generator<Uint8Array> {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(2 ** 20);
  for (let read; (read = file.readSync(bytes)) !== null;) yield bytes.subarray(0, read);
}

function isBlank(record: string[]): boolean {
  return record.every((field) => field.trim() === "");
}

/** Name the columns that were found, unless the first line is a row: it would hold a post's text. */
function noSuchColumns(doing: string, absent: string[], names: string[]): UserError {
  const isRow = names.some((name) => /^(at|https?):\/\/|^\d{4}-\d\d-\d\d/.test(name));
  const found = isRow
    ? "Its first line is a row and no header"
    : `Its columns are ${names.map((name) => name.slice(0, 40)).join(", ") || "none"}`;
  const remedy = `${found}. The header line must name ${absent.join(", ")}, or what --help says ` +
    "is understood as that";
  return new UserError(doing, `it has no column ${absent.join(", ")}`, remedy, {
    exitCode: EXIT.usage,
  });
}

/** Explain the error of a CSV file; the parser's own message quotes the field, a post's text. */
function notCsv(doing: string, { code, lines }: CsvError): UserError {
  if (code === "CSV_MAX_RECORD_SIZE") {
    const remedy = "Close the quote that is open, or leave out what is no text of a post";
    const found = `the row at line ${lines} has more than ${
      MAX_ROW.toLocaleString("en")
    } characters`;
    return new UserError(doing, found, remedy, { exitCode: EXIT.usage });
  }
  const what = code.replace(/^CSV_/, "").toLowerCase().replaceAll("_", " ");
  const remedy = code === "CSV_QUOTE_NOT_CLOSED"
    ? `Close the quote that is still open at the end, line ${lines}`
    : `Mend line ${lines}`;
  return new UserError(doing, `it is not CSV (${what})`, remedy, { exitCode: EXIT.usage });
}
