/** From frames to rows, beside the other ways to read a firehose. */
import process from "node:process";
import { fromUint8Array } from "@atcute/car";
import { decode, decodeFirst, fromBytes, toCidLink } from "@atcute/cbor";
import { skywareParser } from "../etl/atproto/skyware.ts";
import { memoryCollector } from "../etl/collect/memory_collector.ts";
import { type BenchFrame, benchFrames } from "./inputs/frames.ts";
import { type Bench, type Figure, interleaved, median } from "./measure.ts";
import { startRelayProcess, subscribeTo } from "./servers/relay_process.ts";

const FRAMES = 20_000;
const ROUNDS = 5;
const SEED = 20261122;
const POST = "app.bsky.feed.post/";

export const bench: Bench = {
  description: `${FRAMES} frames, medians of ${ROUNDS} interleaved rounds`,
  async run(say) {
    const relay = await startRelayProcess(FRAMES, SEED);
    try {
      const frames = [...benchFrames(FRAMES, SEED)];
      const posts = frames.filter(({ created }) => created).length;
      const bytes = frames.reduce((sum, frame) => sum + frame.bytes.length, 0) / FRAMES;
      say(`${posts} of them create a post, ${bytes.toFixed(0)} bytes each on average`);
      const inMemory = await measureInMemory(frames, posts);
      const overSocket = await measureOverSocket(relay.url, frames.at(-1)!.seq, posts);
      return [...inMemory, ...overSocket];
    } finally {
      await relay.close();
    }
  },
};

async function measureInMemory(frames: BenchFrame[], posts: number): Promise<Figure[]> {
  const parse = skywareParser();
  const rate = (
    read: (frame: BenchFrame) => number | Promise<number>,
    end: () => number = () => 0,
  ) =>
  async () => {
    const started = performance.now();
    let found = 0;
    for (const frame of frames) {
      const count = read(frame);
      found += typeof count === "number" ? count : await count;
    }
    found += end();
    const seconds = (performance.now() - started) / 1000;
    if (found !== posts) throw new Error(`Cannot compare: ${found} posts of ${posts} were found`);
    return frames.length / seconds;
  };
  const found = await interleaved(ROUNDS, {
    ours: () => {
      const collector = newCollector();
      return rate(({ bytes }) => collector.take(bytes), collector.settle)();
    },
    skyware: rate(async ({ bytes }) => created((await parse(bytes)).ops ?? [])),
    everything: rate(({ bytes }) => decodeEverything(bytes)),
  });
  const name = "frames in memory to rows, CIDs checked";
  const unit = "events/s";
  return [
    {
      name,
      value: found.ours,
      unit,
      comparedTo: { name: "@skyware/firehose", value: found.skyware },
      goal: { least: 6, of: "ratio" },
    },
    {
      name,
      value: found.ours,
      unit,
      comparedTo: { name: "@atcute/car and /cbor, all decoded", value: found.everything },
    },
  ];
}

async function measureOverSocket(url: string, last: number, posts: number): Promise<Figure[]> {
  const cpu = { ours: [] as number[], nothing: [] as number[] };
  const read = async (reader: keyof typeof cpu): Promise<number> => {
    const collector = newCollector();
    const stop = new AbortController();
    const [started, before] = [performance.now(), process.cpuUsage()];
    let [count, found, seconds] = [0, 0, 0];
    const messages = subscribeTo(url, stop.signal);
    for await (const message of messages) {
      count++;
      if (reader === "ours") found += collector.take(message);
      if (count < FRAMES) continue;
      if (reader === "ours") found += collector.settle();
      seconds = (performance.now() - started) / 1000;
      const { user, system } = process.cpuUsage(before);
      cpu[reader].push((user + system) / FRAMES);
      stop.abort();
    }
    if (reader === "ours" && (found !== posts || collector.cursor() !== last)) {
      throw new Error(`Cannot compare: ${found} posts of ${posts} were found`);
    }
    return FRAMES / seconds;
  };
  const found = await interleaved(ROUNDS, {
    ours: () => read("ours"),
    nothing: () => read("nothing"),
  });
  const name = "nothing decoded";
  return [
    {
      name: "socket to rows, CIDs checked",
      value: found.ours,
      unit: "events/s",
      comparedTo: { name, value: found.nothing },
      goal: { least: 0.3, of: "ratio" },
    },
    {
      name: "CPU of the reading process",
      value: median(cpu.ours),
      unit: "µs/event",
      comparedTo: { name, value: median(cpu.nothing) },
      // The same 30%, where the relay is the slower side of the socket and hides what we cost.
      goal: { most: 1 / 0.3, of: "ratio" },
    },
  ];
}

/** Make a collector that writes nothing; `take` gives how many posts a message brought. */
function newCollector() {
  let posts = 0;
  const { collector, take, settle } = memoryCollector((line) => void (posts += line.posts.length));
  const brought = (read: () => void): number => {
    const before = posts;
    read();
    return posts - before;
  };
  return {
    take: (message: Uint8Array | string) => brought(() => take(message)),
    settle: () => brought(settle),
    cursor: () => collector.cursor,
  };
}

/** Do what `@skyware/firehose` does with a commit, without its detour over a `Blob`. */
function decodeEverything(bytes: Uint8Array): number {
  const [header, rest] = decodeFirst(bytes);
  const [body] = decodeFirst(rest);
  if (header.t !== "#commit") return 0;
  const records = new Map<string, unknown>();
  for (const { cid, bytes } of fromUint8Array(fromBytes(body.blocks))) {
    records.set(toCidLink(cid).$link, decode(bytes));
  }
  return created(body.ops.map((op: { cid?: { $link: string } }) => ({
    ...op,
    record: op.cid ? records.get(op.cid.$link) : undefined,
  })));
}

function created(ops: { path: string; record?: unknown }[]): number {
  let count = 0;
  for (const { path, record } of ops) if (record !== undefined && path.startsWith(POST)) count++;
  return count;
}
