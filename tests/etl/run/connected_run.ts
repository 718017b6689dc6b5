/** Runs of `sync:firehose` against a relay that has sent all of a small sample and stays connected. */
import { join } from "node:path";
import { sampleFrames } from "../../../demo/sample/frames.ts";
import { type Relay, startRelay } from "../../../demo/network/relay.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { smallSample } from "../../demo/small_sample.ts";
import { withData } from "../../rows.ts";
import { ROOT } from "../../task.ts";

export const STUDY = join(ROOT, "demo", "study.yaml");
export const FRAMES = await Array.fromAsync(sampleFrames(smallSample()));
/** Events that bring no post stand in no line until the run ends. */
export const LAST_POST = FRAMES.findLast((frame) => frame.post !== undefined)!.seq;
export const RUNS = "SELECT * FROM read_parquet('{data}/runs/*/*.parquet')";

/** Run something with a data folder and a relay that has sent its frames and stays connected. */
export async function withRelay(run: (data: string, relay: Relay) => Promise<void>): Promise<void> {
  const relay = startRelay({ frames: FRAMES, startAt: "oldest" });
  try {
    await withData((data) => run(data, relay));
  } finally {
    await relay.close();
  }
}

/** Give the arguments of a run that waits for more until it is told to stop. */
export function firehose(data: string, relay: Relay): string[] {
  return ["sync:firehose", "--hours", "1", "--relay", relay.url, "--data", data, "--study", STUDY];
}

/** Wait until a firehose run has every post that the relay holds in its journal. */
export async function untilCollected(data: string): Promise<void> {
  const folder = new DataPaths(data).journal("firehose");
  const last = `"cursor":${LAST_POST},`;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    try {
      for (const { name } of Deno.readDirSync(folder)) {
        if (Deno.readTextFileSync(join(folder, name)).includes(last)) return;
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
