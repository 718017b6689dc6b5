/** Damaged frames and texts by the million: none may crash or hang a reader, or become a wrong row. */
import type { FuzzCounts } from "../etl/atproto/frame_fuzz.ts";
import { PARSERS } from "../fuzz/parsers.ts";
import type { TextFuzzCounts } from "../fuzz/text_fuzz.ts";
import type { FuzzRequest } from "./fuzz_worker.ts";
import type { Bench } from "./measure.ts";

const [FRAMES, FRAMES_A_REQUEST] = [120_000, 5_000];
const [TEXTS, TEXTS_A_REQUEST] = [1_000_000, 50_000];
/** Of what is read from a file. */
const [FILES, FILES_A_REQUEST] = [10_000, 500];
const SEED = 20261122;
const WORKERS = 2;
/** A request takes some seconds. */
const HANGS_AFTER_MS = 120_000;

export const bench: Bench = {
  description: `${FRAMES} damaged frames, and for each of ${PARSERS.length} other readers ` +
    `${TEXTS} damaged texts or ${FILES} files, from seed ${SEED}`,
  async run(say) {
    const texts: FuzzRequest[] = PARSERS.flatMap(({ name, isFile }) =>
      requests(...isFile ? [FILES, FILES_A_REQUEST] as const : [TEXTS, TEXTS_A_REQUEST] as const)
        .map((request) => ({ ...request, parser: name }))
    );
    const frames = { cases: 0, accepted: 0, refused: {}, slowestMs: 0 } as FuzzCounts;
    const read = new Map(PARSERS.map(({ name }) => [name, { cases: 0, read: 0, slowestMs: 0 }]));
    const problems: string[] = [];
    const waiting = [...texts, ...requests(FRAMES, FRAMES_A_REQUEST)].reverse();
    const all = waiting.length;
    let middle = 0;
    await Promise.all(Array.from({ length: WORKERS }, async () => {
      for (let request = waiting.pop(); request !== undefined; request = waiting.pop()) {
        const found = await fuzz(request);
        if (waiting.length >= all / 2) middle = Math.max(middle, Deno.memoryUsage().rss);
        if (typeof found === "string") problems.push(found);
        else if ("accepted" in found) addFrames(frames, found);
        else addTexts(read.get(request.parser!)!, found);
        if (waiting.length % 40 === 0) say(`${all - waiting.length} of ${all} requests`);
      }
    }));
    for (const problem of problems) say(problem);
    const refused = Object.entries(frames.refused).map(([reason, n]) => `${reason} ${n}`);
    say(`frames: accepted ${frames.accepted}, refused: ${refused.join(", ")}`);
    for (const [name, counts] of read) {
      say(
        `${name}: read ${counts.read} of ${counts.cases}, the slowest in ${
          counts.slowestMs.toFixed(0)
        } ms`,
      );
    }
    const slowestText = Math.max(...read.values().map(({ slowestMs }) => slowestMs));
    return [
      { name: "damaged frames", value: frames.cases, unit: "cases", goal: { least: 100_000 } },
      {
        name: "damaged texts and files",
        value: read.values().reduce((sum, { cases }) => sum + cases, 0),
        unit: "cases",
        goal: { least: 1_000_000 },
      },
      {
        name: "requests with a crash, a hang or a wrong record",
        value: problems.length,
        unit: "",
        goal: { most: 0 },
      },
      { name: "slowest frame", value: frames.slowestMs, unit: "ms", goal: { most: 1000 } },
      { name: "slowest text or file", value: slowestText, unit: "ms", goal: { most: 2000 } },
      {
        name: "memory at the end above the most in the first half",
        value: (Deno.memoryUsage().rss - middle) / 1e6,
        unit: "MB",
        goal: { most: 100 },
      },
    ];
  },
};

/** Divide cases into requests, each with a seed of its own. */
function requests(cases: number, atOnce: number): FuzzRequest[] {
  return Array.from({ length: cases / atOnce }, (_, i) => ({ cases: atOnce, seed: SEED + i }));
}

/** Run cases in a thread, and say what went wrong if something did. */
async function fuzz(request: FuzzRequest): Promise<FuzzCounts | TextFuzzCounts | string> {
  const worker = new Worker(new URL("fuzz_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve } = Promise.withResolvers<FuzzCounts | TextFuzzCounts | string>();
  const what = `${request.parser ?? "frames"}, seed ${request.seed}`;
  const timer = setTimeout(() => resolve(`A hang: ${what}`), HANGS_AFTER_MS);
  worker.onmessage = ({ data }) => data === "ready" ? worker.postMessage(request) : resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    resolve(event.message);
  };
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}

function addFrames(total: FuzzCounts, found: FuzzCounts): void {
  total.cases += found.cases;
  total.accepted += found.accepted;
  total.slowestMs = Math.max(total.slowestMs, found.slowestMs);
  for (const [reason, count] of Object.entries(found.refused)) {
    total.refused[reason] = (total.refused[reason] ?? 0) + count;
  }
}

function addTexts(total: TextFuzzCounts, found: TextFuzzCounts): void {
  total.cases += found.cases;
  total.read += found.read;
  total.slowestMs = Math.max(total.slowestMs, found.slowestMs);
}
