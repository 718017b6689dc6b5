/**
 * `deno task demo`: the whole pipeline on the invented sample, with no key and no network.
 *
 * A relay and an AppView on loopback serve the sample as genuine protocol data; every step is the
 * real task in a process of its own.
 */
import { fileURLToPath } from "node:url";
import { CATCH_UP, startAppView } from "./appview.ts";
import { sampleFrames } from "./frames.ts";
import { publishedPosts } from "./published_post.ts";
import { startRelay } from "./relay.ts";
import { readSample, SAMPLE_DAYS } from "./sample.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const STUDY = fileURLToPath(new URL("study.yaml", import.meta.url));
/** Any fixed key will do: what it hides is invented, and the demo is to give the same hashes. */
const HASH_KEY = "0".repeat(64);

const started = performance.now();
const data = Deno.args[0] ?? `${ROOT}data/demo`;
await removeOld(data);
await Deno.mkdir(data, { recursive: true });
await Deno.writeTextFile(`${data}/.hash_key`, HASH_KEY, { mode: 0o600 });

const sample = readSample();
console.log(
  `Demo: ${sample.posts.length} invented posts by ${sample.authors.length} accounts, ` +
    `${SAMPLE_DAYS[0]} to ${SAMPLE_DAYS.at(-1)}`,
);
const relay = startRelay({
  frames: await Array.fromAsync(sampleFrames(sample)),
  startAt: "oldest",
});
const appview = startAppView({ posts: publishedPosts(sample), now: new Date(), feeds: [CATCH_UP] });

let failed = false;
for (const day of SAMPLE_DAYS) {
  const midnight = new Date(Date.parse(day) + 86_400_000);
  appview.now = midnight;
  await task("sync:firehose", midnight, "--until", midnight.toISOString());
  await task("sync:most-liked", midnight);
}
const end = new Date(Date.parse(SAMPLE_DAYS.at(-1)!) + 86_400_000);
for (const name of ["preprocess", "classify:dictionary", "aggregate", "render", "status"]) {
  if (!failed) await task(name, end);
}
await relay.close();
await appview.close();
const seconds = ((performance.now() - started) / 1000).toFixed(1);
if (failed) Deno.exit(1);
console.log(`\nDone in ${seconds} s. Open ${data}/reports/01-overview.html in a browser.`);

async function task(name: string, clock: Date, ...args: string[]): Promise<void> {
  if (failed) return;
  console.log(`\n$ deno task ${[name, ...args].join(" ")}`);
  const { success, code } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--cwd", ROOT, name, ...args, "--data", data, "--study", STUDY],
    env: {
      CIVICSKY_CLOCK: clock.toISOString(),
      BLUESKY_RELAY: relay.url,
      BLUESKY_APPVIEW: appview.url,
    },
    stdin: "null",
  }).spawn().status;
  if (success) return;
  console.error(`\nCannot finish the demo: ${name} ended with exit status ${code}`);
  failed = true;
}

/** Only a folder that a demo made before is removed. */
async function removeOld(folder: string): Promise<void> {
  try {
    const key = await Deno.readTextFile(`${folder}/.hash_key`);
    if (key !== HASH_KEY) {
      console.error(`Cannot run demo: ${folder} holds other data\n  Name an empty folder`);
      Deno.exit(2);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return;
  }
  await Deno.remove(folder, { recursive: true });
}
