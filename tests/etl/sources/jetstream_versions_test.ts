/** Hosts of Jetstream that change their version, whose cursors are then of another kind. */
import assert from "node:assert/strict";
import { startJetstream } from "../../../demo/network/jetstream.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withQuickPauses } from "../../quick_pauses.ts";
import { query, withData } from "../../rows.ts";
import { post, START, v2Events } from "./jetstream_posts.ts";
import { openDoor, startJetstreamV1, v1Events } from "./jetstream_v1_host.ts";
import { collect, PRESENT, rawRows } from "./jetstream_run.ts";

/** Posts a second apart, from ten minutes before the first hour to more than twenty minutes into it. */
const EVENTS = v2Events(
  Array.from({ length: 1900 }, (_, index) => post(index, START + (index - 600) * 1_000_000)),
);
const at = (seconds: number) => new Date(START / 1000 + seconds * 1000).toISOString();
/** The end of a last run, in seconds of the hour. */
const END = 599.9;

/** Give how many posts a clock that is ahead puts before some seconds of the hour. */
function postsBefore(seconds: number, offMs: number): number {
  return Math.ceil(seconds - offMs / 1000);
}

/** Start hosts of both versions, and a door before them. */
function startVersions(first: "one" | "two", offMs: number, ofFirst = EVENTS) {
  const [one, two] = first === "one" ? [ofFirst, EVENTS] : [EVENTS, ofFirst];
  const hosts = {
    one: startJetstreamV1({ events: v1Events(one, offMs), startAt: "oldest" }),
    two: startJetstream({ events: two, startAt: "oldest" }),
  };
  const door = openDoor(hosts[first].url);
  return {
    door,
    hosts,
    async [Symbol.asyncDispose]() {
      await Promise.all([door.close(), hosts.one.close(), hosts.two.close()]);
    },
  };
}

/** So many posts landed, each once. */
async function assertPosts(data: string, count: number): Promise<void> {
  const uris = (await rawRows(data, "jetstream")).map(({ uri }) => uri);
  assert.deepEqual([uris.length, new Set(uris).size], [count, count]);
}

for (const [first, then] of [["one", "two"], ["two", "one"]] as const) {
  // As clocks of two programs differ: a post lies before the end by one of them and behind it by the other.
  for (const offMs of [700, -700]) {
    const end = 300 + Math.sign(offMs) * 0.3;
    const ahead = { one: offMs, two: 0 };

    Deno.test(`a host of version ${first} that speaks version ${then} between two runs loses nothing and gives nothing twice (${offMs} ms)`, () =>
      withData(async (data) => {
        await using versions = startVersions(first, offMs);
        const { door, hosts } = versions;
        await collect(door.url, data, PRESENT, "--until", at(end));
        door.leadTo(hosts[then].url);
        await collect(door.url, data, PRESENT, "--until", at(END));
        await assertPosts(data, 600 + postsBefore(END, ahead[then]));
        await assertKinds(data);
      }));

    Deno.test(`owed hours are read on where a host of version ${first} turned to version ${then} (${offMs} ms)`, () =>
      withData(async (data) => {
        await using versions = startVersions(first, offMs);
        const { door, hosts } = versions;
        for (const [clock, version] of [[60, first], [end, first], [END, then]] as const) {
          door.leadTo(hosts[version].url);
          const { summary } = await collect(door.url, data, at(clock));
          assert.deepEqual([summary.owed_hours, summary.missed_hours], [0, 0], at(clock));
        }
        const before = postsBefore(0, ahead[first]);
        await assertPosts(data, postsBefore(END, ahead[then]) - before);
        await assertKinds(data);
      }));
  }

  Deno.test(`a host of version ${first} that turns to version ${then} within a run loses nothing and gives nothing twice`, () =>
    withQuickPauses(() =>
      withData(async (data) => {
        // What comes behind the first posts lies before them by the clock of the other version.
        const offMs = first === "one" ? 20_000 : -20_000;
        await using versions = startVersions(first, offMs, EVENTS.slice(0, 800));
        const { door, hosts } = versions;
        const run = collect(door.url, data, PRESENT, "--until", at(END));
        const journal = new DataPaths(data).journal("jetstream");
        while (!hasLines(journal)) await new Promise((resolve) => setTimeout(resolve, 20));
        door.leadTo(hosts[then].url);
        await run;
        await assertPosts(data, 600 + postsBefore(END, then === "one" ? offMs : 0));
        await assertKinds(data);
      })
    ));
}

// Invariant 14
Deno.test("a host whose numbers begin anew is read on where the time of the last run was", () =>
  withData(async (data) => {
    const numbered = EVENTS.map((event) => {
      const seq = event.seq + 50_000;
      return { ...event, seq, text: event.text.replace(`"seq":${event.seq}`, `"seq":${seq}`) };
    });
    const first = startJetstream({ events: numbered, startAt: "oldest" });
    const second = startJetstream({ events: EVENTS, startAt: "oldest" });
    const door = openDoor(first.url);
    try {
      await collect(door.url, data, at(60), "--until", at(60));
      door.leadTo(second.url);
      const { summary, stderr } = await collect(door.url, data, at(END), "--until", at(END));
      assert.match(stderr, /does not know our cursor \(FutureCursor\); finding the place by time/);
      assert.deepEqual(summary.reconnects, { FutureCursor: 1 });
      await assertPosts(data, 600 + Math.ceil(END));
    } finally {
      await Promise.all([first.close(), second.close(), door.close()]);
    }
  }));

/** Was anything written down? */
function hasLines(folder: string): boolean {
  try {
    return [...Deno.readDirSync(folder)].some(({ name }) =>
      Deno.statSync(`${folder}/${name}`).size > 0
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Coverage has cursors of both kinds, and says which is which. */
async function assertKinds(data: string): Promise<void> {
  const kinds = await query(
    data,
    `SELECT DISTINCT last_cursor > 1e15 AS is_time, list_contains(notes, 'JetstreamV1') AS noted
     FROM read_parquet('{data}/coverage/*/*.parquet') WHERE source = 'jetstream' ORDER BY ALL`,
  );
  assert.deepEqual(kinds, [{ is_time: false, noted: false }, { is_time: true, noted: true }]);
}
