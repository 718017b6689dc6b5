import { dirname } from "node:path";
import { z } from "zod";
import { describeError, isFull } from "../run/error.ts";
import { sync } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";

/** Files take space in blocks of so many bytes. */
const BLOCK = 4096;

const Entry = z.strictObject({
  key: z.string(),
  title: z.string(),
  remedy: z.string(),
  is_final: z.boolean(),
  /** When it was first seen. */
  since: z.iso.datetime(),
  /** Null while it lasts. */
  mended_at: z.iso.datetime().nullable(),
  /**
   * What became of telling it, by channel: `telling` is under way, or was when a run died; `missed` is
   * what the channel did not take.
   */
  told: z.record(z.string(), z.enum(["telling", "told", "missed"])),
});

/** An incident as the file keeps it until everybody who was told of it knows that it is mended. */
export type IncidentEntry = z.infer<typeof Entry>;

/**
 * Read what is kept of incidents.
 *
 * What cannot be read is said with `warn`, and what lasts is then told again; a file that is damaged is
 * kept beside under another name.
 */
export async function readIncidents(
  paths: DataPaths,
  warn: (text: string) => void,
): Promise<IncidentEntry[]> {
  const path = paths.incidents();
  try {
    return z.array(Entry).parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    const isDamaged = error instanceof SyntaxError || error instanceof z.ZodError;
    warn(
      `${path} ${isDamaged ? "is damaged" : `cannot be read (${describeError(error)})`}: ` +
        "what lasts is told again",
    );
    if (isDamaged) await Deno.rename(path, `${path}.damaged`).catch(() => {});
    return [];
  }
}

/**
 * Write what is kept of incidents; it is durable when this returns.
 *
 * The file fills whole blocks, so that it can be overwritten on a disk that is full: that is an incident
 * too. A crash then may leave it damaged, and what lasts is told again.
 */
export async function writeIncidents(paths: DataPaths, entries: IncidentEntry[]): Promise<void> {
  const path = paths.incidents();
  const bytes = padded(JSON.stringify(entries, undefined, 1));
  try {
    await writeBeside(path, bytes);
  } catch (error) {
    const before = isFull(error) ? await sizeOf(path) : 0;
    if (bytes.length > before) throw error;
    await overwrite(path, bytes, before);
  }
}

async function writeBeside(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  await Deno.mkdir(dirname(path), { recursive: true });
  try {
    await Deno.writeFile(beside, bytes);
    await sync(beside);
    await Deno.rename(beside, path);
  } catch (error) {
    await Deno.remove(beside).catch(() => {});
    throw error;
  }
  await sync(dirname(path));
}

async function overwrite(path: string, bytes: Uint8Array, size: number): Promise<void> {
  using file = await Deno.open(path, { write: true });
  const whole = new Uint8Array(size).fill(" ".charCodeAt(0));
  whole.set(bytes);
  for (let written = 0; written < size;) written += await file.write(whole.subarray(written));
  await file.sync();
}

/** Fill up with spaces, which JSON does not read. */
function padded(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(`${text}\n`);
  const whole = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK).fill(" ".charCodeAt(0));
  whole.set(bytes);
  return whole;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
