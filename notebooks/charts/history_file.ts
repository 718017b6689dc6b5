import { parse } from "csv-parse";
import { isAbsolute, join } from "node:path";
import { describeError, UserError } from "../../etl/run/error.ts";
import { readText } from "../../etl/run/text_file.ts";
import type { History } from "./history.ts";

/**
 * Read daily values of another study from a CSV file with a column `date` (`YYYY-MM-DD`), undefined
 * where no file is named.
 *
 * A path is relative to the data folder; `deno task render` may read what lies directly in it. Days
 * without a value are gaps. Throws a `UserError` where there is no such file or column.
 */
export async function readHistory(
  data: string,
  path: string | undefined,
  column: string,
): Promise<History | undefined> {
  if (path === undefined) return undefined;
  const file = isAbsolute(path) ? path : join(data, path);
  let lines: Record<string, string>[];
  try {
    const parser = parse(readText(file), {
      columns: true,
      bom: true,
      relax_column_count: true,
    });
    lines = await Array.fromAsync(parser);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw refused(path, describeError(cause), { cause });
  }
  const [first] = lines;
  const missing = ["date", column].find((name) => first?.[name] === undefined);
  if (missing !== undefined) throw refused(path, `it has no column ${missing}`);
  const points = lines.map((line) => ({
    day: new Date(`${line.date}T00:00:00Z`),
    value: line[column] === "" ? NaN : Number(line[column]),
  })).filter(({ day, value }) => !Number.isNaN(day.getTime()) && Number.isFinite(value));
  if (points.length === 0) throw refused(path, `no line of ${column} has a day and a number`);
  return { name: `another study (${column})`, points };
}

function refused(path: string, what: string, options: { cause?: unknown } = {}): UserError {
  return new UserError(
    `read the history ${path}`,
    what,
    "Put a CSV file with the columns date (YYYY-MM-DD) and that of the values into the data folder",
    options,
  );
}
