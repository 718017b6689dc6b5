/** Damaged frames by the hundred thousand: none may crash or hang a collector, or become a wrong row. */
import type { FuzzCounts } from "../etl/atproto/frame_fuzz.ts";
import type { FuzzRequest } from "./fuzz_worker.ts";
import type { Bench } from "./measure.ts";

const CASES = 120_000;
const CASES_A_REQUEST = 5_000;
const SEED = 20261122;
const WORKERS = 2;
/** A request takes a second or two. */
const HANGS_AFTER_MS = 120_000;

export const bench: Bench = {
  description: `${CASES} damaged frames, from seed ${SEED}`,
  async run(say) {
    const seeds = Array.from({ length: CASES / CASES_A_REQUEST }, (_, i) => SEED + i);
    const total: FuzzCounts = { cases: 0, accepted: 0, refused: {}, slowestMs: 0 };
    const problems: string[] = [];
    await Promise.all(Array.from({ length: WORKERS }, async () => {
      for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) {
        const found = await fuzz({ cases: CASES_A_REQUEST, seed });
        if (typeof found === "string") problems.push(found);
        else add(total, found);
      }
    }));
    for (const problem of problems) say(problem);
    const refused = Object.entries(total.refused).map(([reason, n]) => `${reason} ${n}`).join(", ");
    say(`accepted ${total.accepted}, refused: ${refused}`);
    return [
      { name: "damaged frames", value: total.cases, unit: "cases", goal: { least: 100_000 } },
      {
        name: "requests with a crash, a hang or a wrong record",
        value: problems.length,
        unit: "",
        goal: { most: 0 },
      },
      { name: "slowest case", value: total.slowestMs, unit: "ms", goal: { most: 1000 } },
    ];
  },
};

/** Run cases in a thread, and say what went wrong if something did. */
async function fuzz(request: FuzzRequest): Promise<FuzzCounts | string> {
  const worker = new Worker(new URL("fuzz_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve } = Promise.withResolvers<FuzzCounts | string>();
  const timer = setTimeout(() => resolve(`A hang: seed ${request.seed}`), HANGS_AFTER_MS);
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    resolve(event.message);
  };
  worker.postMessage(request);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}

function add(total: FuzzCounts, found: FuzzCounts): void {
  total.cases += found.cases;
  total.accepted += found.accepted;
  total.slowestMs = Math.max(total.slowestMs, found.slowestMs);
  for (const [reason, count] of Object.entries(found.refused)) {
    total.refused[reason] = (total.refused[reason] ?? 0) + count;
  }
}
