import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { CsvError, parse } from "csv-parse";
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

/**
 * Read the header of a CSV file, going through it once to the end.
 *
 * Throws a usage error where there is no such file, it is no UTF-8, no CSV, or a required column is
 * missing or there twice; so a file that is broken near its end is refused before anything is done.
 */
export async function checkCsv(
  path: string,
  required: string[],
): Promise<{ header: string[]; rows: number }> {
  const doing = `import ${path}`;
  let header: string[] | undefined;
  let rows = 0;
  try {
    for await (const { record } of records(path)) {
      if (header) rows++;
      header ??= record.map((name) => name.trim());
    }
  } catch (cause) {
    const usage = { exitCode: EXIT.usage, cause };
    if (cause instanceof Deno.errors.NotFound) {
      throw new UserError(doing, "there is no such file", "Name a CSV file", usage);
    }
    if (cause instanceof Deno.errors.IsADirectory) {
      throw new UserError(doing, "it is a folder", "Name a CSV file", usage);
    }
    if (cause instanceof CsvError) throw notCsv(doing, cause);
    if (!(cause instanceof TypeError)) throw cause;
    throw new UserError(doing, "it is not UTF-8", "Save it as CSV in UTF-8", usage);
  }
  const names = header ?? [];
  const missing = required.filter((column) => !names.includes(column));
  const twice = names.find((column, index) => names.indexOf(column) !== index);
  if (missing.length > 0 || twice !== undefined) {
    throw new UserError(
      doing,
      missing.length > 0
        ? `it has no column ${missing.join(", ")}`
        : `it has the column ${JSON.stringify(twice)} twice`,
      `The header line must name ${required.join(", ")}, and no column twice`,
      { exitCode: EXIT.usage },
    );
  }
  return { header: names, rows };
}

/** Give the rows after the header, in order; only for a file that `checkCsv` has passed. */
export async function* csvRows(path: string, header: string[]): AsyncGenerator<CsvRow, void> {
  let first = true;
  for await (const { record, line } of records(path)) {
    // A cut or shifted row must not be read with fields in the wrong columns.
    const fields = record.length === header.length
      ? Object.fromEntries(header.map((column, index) => [column, record[index]!]))
      : undefined;
    if (!first) yield { fields, raw: record, line };
    first = false;
  }
}

async function* records(path: string): AsyncGenerator<{ record: string[]; line: number }, void> {
  const file = await Deno.open(path);
  const text = file.readable.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
  const parser = parse({
    bom: true,
    info: true,
    raw: true,
    relax_column_count: true,
    skip_empty_lines: true,
  });
  const source = Readable.fromWeb(text as unknown as NodeReadableStream<string>);
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  let line = 1;
  for await (const { record, raw } of parser as AsyncIterable<{ record: string[]; raw: string }>) {
    // The parser's own count takes a CRLF in a field for two lines.
    line += raw.match(/\r\n|\r|\n/g)?.length ?? 0;
    yield { record, line: /[\r\n]$/.test(raw) ? line - 1 : line };
  }
}

/** Explain the error of a CSV file; the parser's own message quotes the field, a post's text. */
function notCsv(doing: string, { code, lines }: CsvError): UserError {
  const what = code.replace(/^CSV_/, "").toLowerCase().replaceAll("_", " ");
  const remedy = code === "CSV_QUOTE_NOT_CLOSED"
    ? `Close the quote that is still open at the end, line ${lines}`
    : `Mend line ${lines}`;
  return new UserError(doing, `it is not CSV (${what})`, remedy, { exitCode: EXIT.usage });
}
