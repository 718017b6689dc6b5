/** Reads invented streams of servers whose clocks are wrong, and counts what coverage claims falsely. */
import { tryStream } from "../etl/collect/stream_trial.ts";
import type { Bench, Figure } from "./measure.ts";

const STREAMS = 10_000;
/** Of these, hosts leave out minutes with their numbers. */
const WITH_GAPS = 1500;
/** The stream of a number is the same each time. */
const FIRST_SEED = 100_001;

export const bench: Bench = {
  description:
    `Collect from ${STREAMS} invented streams: clocks from three days behind to one day ` +
    "ahead, lags, bursts, silences;\na run every ten minutes, all, fixed and spread windows. " +
    `Then from ${WITH_GAPS} whose hosts leave out minutes.`,
  async run(say) {
    const plain = await figuresOf(STREAMS, false, say);
    const gapped = await figuresOf(WITH_GAPS, true, say);
    return [...plain, ...gapped.map((each) => ({ ...each, name: `with gaps: ${each.name}` }))];
  },
};

async function figuresOf(
  streams: number,
  withGaps: boolean,
  say: (text: string) => void,
): Promise<Figure[]> {
  const sum = { lost: 0, unclaimed: 0, missing: 0, doubled: 0, posts: 0, claimed: 0, asked: 0 };
  let differing = 0;
  const started = performance.now();
  for (let number = 0; number < streams; number++) {
    const seed = FIRST_SEED + number;
    const trial = await tryStream(seed, withGaps);
    if (trial.lost + trial.unclaimed + trial.missing > 0) {
      differing++;
      say(`stream ${seed}: ${JSON.stringify(trial)}`);
    }
    sum.lost += trial.lost;
    sum.unclaimed += trial.unclaimed;
    sum.missing += trial.missing;
    sum.doubled += trial.doubled;
    sum.posts += trial.posts;
    sum.claimed += trial.claimedHours;
    sum.asked += trial.askedHours;
    if ((number + 1) % 500 === 0) say(`${number + 1} of ${streams} streams`);
  }
  const count = (name: string, value: number): Figure => ({ name, value, unit: "posts" });
  return [
    { name: "streams with a difference", value: differing, unit: "streams", goal: { most: 0 } },
    { ...count("claimed by cursor and not landed", sum.lost), goal: { most: 0 } },
    { ...count("landed without a claim", sum.unclaimed), goal: { most: 0 } },
    { ...count("sent in claimed time and not landed", sum.missing), goal: { most: 0 } },
    count("landed twice in raw", sum.doubled),
    count("landed", sum.posts),
    {
      name: "claimed time",
      value: sum.claimed,
      unit: "h",
      comparedTo: { name: "asked", value: sum.asked },
    },
    { name: "time", value: (performance.now() - started) / 1000, unit: "s" },
  ];
}
