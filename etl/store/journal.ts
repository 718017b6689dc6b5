import { join } from "node:path";
import { describeError, UserError } from "../run/error.ts";
import { toJson } from "./json.ts";
import { sync } from "./whole_file.ts";

/**
 * Collected data that is not Parquet yet: JSON lines in append-only segments.
 *
 * Each line carries the cursor that it reaches, so that an event and its cursor are one durable
 * record: the last whole line says exactly where to go on.
 */
export class Journal {
  #file: Deno.FsFile;
  #buffer: string[] = [];
  #characters = 0;
  #durable = 0;

  private constructor(readonly path: string, file: Deno.FsFile) {
    this.#file = file;
  }

  /** Start a segment; its name must be new. */
  static async create(folder: string, segment: string): Promise<Journal> {
    await Deno.mkdir(folder, { recursive: true });
    const path = join(folder, `${segment}.jsonl`);
    const file = await Deno.open(path, { createNew: true, append: true });
    await sync(folder);
    return new Journal(path, file);
  }

  /** Characters that `commit` would write. */
  get pending(): number {
    return this.#characters;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#durable;
  }

  append(line: Record<string, unknown>): void {
    const text = `${toJson(line)}\n`;
    this.#buffer.push(text);
    this.#characters += text.length;
  }

  /**
   * Make every appended line durable.
   *
   * Throws where the disk is full; the segment then ends with the last line that was durable, and
   * the lines since then wait for the next call.
   */
  async commit(): Promise<void> {
    const lines = this.#buffer;
    if (lines.length === 0) return;
    // Lines that are appended while this writes belong to the next commit.
    this.#buffer = [];
    this.#characters = 0;
    const bytes = new TextEncoder().encode(lines.join(""));
    try {
      for (let written = 0; written < bytes.length;) {
        written += await this.#file.write(bytes.subarray(written));
      }
      await this.#file.syncData();
    } catch (cause) {
      await this.#file.truncate(this.#durable);
      // A later line never becomes durable before an earlier one: its cursor would skip that one.
      this.#buffer = [...lines, ...this.#buffer];
      this.#characters = this.#buffer.reduce((sum, line) => sum + line.length, 0);
      throw this.#unwritten(cause);
    }
    this.#durable += bytes.length;
  }

  #unwritten(cause: unknown): UserError {
    return new UserError(
      `write the journal ${this.path}`,
      describeError(cause),
      "Free some space and run the task again; it goes on where the journal ends",
      { cause },
    );
  }

  /** Check that the disk has room for some bytes; throws a UserError otherwise. */
  async probe(bytes: number): Promise<void> {
    const block = new Uint8Array(2 ** 20);
    try {
      for (let written = 0; written < bytes;) {
        written += await this.#file.write(
          block.subarray(0, Math.min(block.length, bytes - written)),
        );
      }
      await this.#file.syncData();
    } catch (cause) {
      throw this.#unwritten(cause);
    } finally {
      await this.#file.truncate(this.#durable);
    }
  }

  /** Close the file; a segment without a line goes at once. */
  close(): void {
    this.#file.close();
    if (this.#durable === 0) Deno.removeSync(this.path);
  }
}

/** List the segments that a run before this one left, oldest first, each cut to whole lines. */
export async function leftSegments(folder: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.name.endsWith(".jsonl")) paths.push(join(folder, entry.name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const kept: string[] = [];
  for (const path of paths.sort()) {
    if (await trim(path) > 0) kept.push(path);
    else await Deno.remove(path);
  }
  return kept;
}

/**
 * Cut a segment after its last whole line and give its size in bytes.
 *
 * A process that is killed while it writes leaves a torn line; that line was never durable.
 */
export async function trim(path: string): Promise<number> {
  using file = await Deno.open(path, { read: true, write: true });
  const { size } = await file.stat();
  const block = new Uint8Array(65_536);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - block.length);
    await file.seek(start, Deno.SeekMode.Start);
    const wanted = end - start;
    let got = 0;
    while (got < wanted) {
      const count = await file.read(block.subarray(got, wanted));
      if (count === null) break;
      got += count;
    }
    const newline = block.subarray(0, got).lastIndexOf(10);
    if (newline >= 0) {
      const keep = start + newline + 1;
      if (keep < size) {
        await file.truncate(keep);
        await file.sync();
      }
      return keep;
    }
    end = start;
  }
  return 0;
}

/** Give the lines of a segment one by one; a torn last line is one too. */
export async function* segmentLines(path: string): AsyncGenerator<string> {
  using file = await Deno.open(path);
  const decoder = new TextDecoder();
  const block = new Uint8Array(65_536);
  let rest = "";
  for (let got = await file.read(block); got !== null; got = await file.read(block)) {
    const lines = (rest + decoder.decode(block.subarray(0, got), { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

/** Give how many bytes the longest line of a segment has. */
export async function longestLine(path: string): Promise<number> {
  using file = await Deno.open(path);
  const block = new Uint8Array(65_536);
  let longest = 0;
  let line = 0;
  for (let got = await file.read(block); got !== null; got = await file.read(block)) {
    const bytes = block.subarray(0, got);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      longest = Math.max(longest, line + end + 1 - start);
      line = 0;
      start = end + 1;
    }
    line += got - start;
  }
  return Math.max(longest, line);
}
