/** Waits for a line, then gives the hash key of a data folder. */
import { DataPaths } from "../../../etl/store/paths.ts";
import { hashKey } from "../../../etl/raw/tombstone.ts";

const folders = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
for await (const folder of folders) console.log(await hashKey(new DataPaths(folder.trim())));
