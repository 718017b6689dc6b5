/** Reads invented streams of servers whose clocks are wrong, and counts what coverage claims falsely. */
import type { Kind } from "../etl/collect/random_stream.ts";
import { tryStream } from "../etl/collect/stream_trial.ts";
import type { Bench, Figure } from "./measure.ts";

interface Group {
  name?: string;
  streams: number;
  kind: Kind;
  /** May some differ? Docs say which. */
  isWeak?: boolean;
}

const GROUPS: Group[] = [
  { streams: 10_000, kind: {} },
  { name: "with gaps", streams: 1500, kind: { hasGaps: true } },
  { name: "with large bursts", streams: 1500, kind: { hasLargeBursts: true }, isWeak: true },
  {
    name: "with both",
    streams: 500,
    kind: { hasGaps: true, hasLargeBursts: true },
    isWeak: true,
  },
];
/** The stream of a number is the same each time. */
const FIRST_SEED = 100_001;

export const bench: Bench = {
  description:
    `Collect from ${GROUPS[0]!.streams} invented streams: clocks from three days behind to one ` +
    "day ahead, lags, bursts, silences;\na run every ten minutes, all, fixed and spread windows. " +
    "Then from some whose hosts leave out minutes, and some with bursts of\nup to 2,000 events.",
  async run(say) {
    const figures: Figure[] = [];
    for (const group of GROUPS) figures.push(...await figuresOf(group, say));
    return figures;
  },
};

async function figuresOf(
  { name: group, streams, kind, isWeak = false }: Group,
  say: (text: string) => void,
): Promise<Figure[]> {
  const sum = { lost: 0, unclaimed: 0, missing: 0, doubled: 0, posts: 0, claimed: 0, asked: 0 };
  let differing = 0;
  const started = performance.now();
  for (let number = 0; number < streams; number++) {
    const seed = FIRST_SEED + number;
    const trial = await tryStream(seed, kind);
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
    if ((number + 1) % 500 === 0) say(`${number + 1} of ${streams} streams ${group ?? ""}`.trim());
  }
  const none = { goal: { most: 0 } };
  const count = (name: string, value: number): Figure => ({ name, value, unit: "posts" });
  const figures: Figure[] = [
    { name: "streams with a difference", value: differing, unit: "streams", ...!isWeak && none },
    { ...count("claimed by cursor and not landed", sum.lost), ...none },
    { ...count("landed without a claim", sum.unclaimed), ...none },
    { ...count("sent in claimed time and not landed", sum.missing), ...!isWeak && none },
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
  return group === undefined
    ? figures
    : figures.map((each) => ({ ...each, name: `${group}: ${each.name}` }));
}
