/** Removals of accounts reach what was received before them, whatever time servers wrote. */
import assert from "node:assert/strict";
import { rawFolder, uri } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const DAY = "2026-06-01";
const SEEN = `${DAY} 12:00:00`;
/** Times of day, with the minutes of the hour from ten on. */
const at = (minute: number) =>
  new Date(Date.parse(`${DAY}T10:00:00Z`) + minute * 60_000).toISOString();

interface Written {
  /** Minutes that its server wrote. */
  time: number;
  host?: string | null;
  cursor?: number | null;
  seen?: string;
}

interface Told {
  reason: string;
  /** Minutes of the stream. */
  time: number;
  host?: string;
  cursor?: number;
  seen?: string;
}

/** Tell which posts of one account are left, by their number, in raw and in posts. */
async function leftOf(
  written: Written[],
  told: Told[],
  clock = "2026-06-02T00:00:00Z",
): Promise<number[]> {
  const did = `did:plc:${"b".repeat(24)}`;
  const left: number[] = [];
  await withData(async (data) => {
    const folder = await rawFolder(data);
    await folder.raw(
      "firehose",
      DAY,
      `a.${DAY}_2026-06-03`,
      [
        // Another account, so that no table is ever empty.
        { uri: uri("other"), cid: "c", event_time: at(0), created_at: at(0), host: "relay" },
        ...written.map(({ time, host = "relay", cursor = null, seen = SEEN }, index) => ({
          uri: uri(`n${index}`, did),
          cid: `c${index}`,
          event_time: at(time),
          created_at: at(time),
          host,
          cursor,
          seen_at: seen,
        })),
      ],
    );
    // The posts stand in their table before the removal comes.
    const preprocess = async (now: string) => {
      const { code, stderr } = await runTask(["preprocess", "--data", data], {
        CIVICSKY_CLOCK: now,
      });
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /no longer have raw data/);
    };
    await preprocess("2026-06-01T13:00:00Z");
    const tombstones = told.map(({ time, seen = SEEN, host = "relay", cursor, reason }) => (
      { subject: did, at: at(time), seen_at: seen, host, cursor, reason }
    ));
    await folder.tombstone(DAY, "t", tombstones);
    await preprocess(clock);
    const uris = await query(
      data,
      `SELECT uri FROM read_parquet('{data}/posts/*/*.parquet') WHERE uri LIKE '%/n%' ORDER BY uri`,
    );
    left.push(...uris.map((row) => Number(/n(\d+)$/.exec(String(row.uri))![1])));
  });
  return left;
}

// Invariant 11
Deno.test("a removal reaches what came before it, also from a host whose clock is ahead", async () => {
  for (const reason of ["deleted", "takendown"]) {
    const gone = { reason, time: 11, cursor: 100 };
    assert.deepEqual(
      await leftOf([{ time: 15, cursor: 99 }, { time: 600, cursor: 98 }], [gone]),
      [],
    );
    // Where no cursor tells, ten minutes are what a clock can be ahead.
    const others = [{ time: 20, host: "other", cursor: 5 }, { time: 22, host: "other", cursor: 6 }];
    assert.deepEqual(await leftOf(others, [gone]), [1]);
    assert.deepEqual(await leftOf([{ time: 20 }, { time: 22 }], [gone]), [1]);
  }
});

// Invariant 11
Deno.test("what an account writes behind its return stays, also from a host whose clock is behind", async () => {
  const told = [
    { reason: "takendown", time: 11, cursor: 100 },
    { reason: "active", time: 12, cursor: 110 },
  ];
  const posts = [
    { time: 5, cursor: 90 },
    { time: -40, cursor: 120 },
    // Where no cursor tells, what is dated behind the removal was written behind the return.
    { time: 10, host: null },
    { time: 13, host: null },
  ];
  assert.deepEqual(await leftOf(posts, told), [1, 3]);
  // The same said by another host changes nothing; a later removal does.
  const again = told.map((event) => ({ ...event, host: "other", cursor: event.cursor - 50 }));
  assert.deepEqual(await leftOf(posts, [...told, ...again]), [1, 3]);
  const later = { reason: "deleted", time: 30, cursor: 200 };
  assert.deepEqual(await leftOf(posts, [...told, later]), []);
});

// Invariant 11
Deno.test("without a return a removal takes what is dated before it, whenever it came", async () => {
  const gone = { reason: "takendown", time: 11, cursor: 100 };
  const posts = [{ time: -20, cursor: 120 }, { time: 13, cursor: 121 }];
  assert.deepEqual(await leftOf(posts, [gone]), [1]);
});

// Invariant 11
Deno.test("cursors tell nothing where a sequence began anew or became times", async () => {
  const told = [
    { reason: "takendown", time: 11, cursor: 5000, seen: `${DAY} 10:11:00` },
    { reason: "active", time: 30, cursor: 6000, seen: `${DAY} 10:30:00` },
  ];
  const behind = [
    { time: 60, cursor: 3, seen: `${DAY} 11:00:00` },
    { time: 61, cursor: 1780311600000000, seen: `${DAY} 11:01:00` },
  ];
  assert.deepEqual(await leftOf(behind, told), [0, 1]);
  const anew = [{ reason: "deleted", time: 11, cursor: 3, seen: `${DAY} 10:11:00` }];
  const before = [
    { time: 5, cursor: 5000, seen: `${DAY} 10:05:00` },
    { time: 6, cursor: 1780308300000000, seen: `${DAY} 10:06:00` },
  ];
  assert.deepEqual(await leftOf(before, anew), []);
});

// Invariant 11
Deno.test("what is told and written minutes around a sequence that begins anew follows as it came", async () => {
  const at = (minute: number, cursor: number) => ({
    time: minute,
    cursor,
    seen: `${DAY} 10:${minute}:00`,
  });
  const gone = { reason: "takendown", ...at(12, 5032) };
  const away = { reason: "deactivated", ...at(12, 5032) };
  const back = (minute: number, cursor: number) => ({ reason: "active", ...at(minute, cursor) });
  const later = "2026-07-11T00:00:00Z";
  // Posts before and behind the new beginning, at 10:14.
  const posts = [at(11, 5031), at(13, 5034), at(16, 12)];
  assert.deepEqual(await leftOf(posts, [away, back(15, 11)]), [0, 1, 2]);
  assert.deepEqual(await leftOf(posts, [away, back(15, 11)], later), [0, 1, 2]);
  assert.deepEqual(await leftOf(posts, [back(12, 5032), { ...away, ...at(17, 13) }]), []);
  assert.deepEqual(await leftOf(posts, [gone, back(13, 5033)]), [1, 2]);
  assert.deepEqual(await leftOf(posts, [gone, back(13, 5033), { ...gone, ...at(17, 13) }]), []);
  // An hour that is read later has lower cursors too, and stands where its time does.
  const read = (event: ReturnType<typeof at>) => ({ ...event, seen: `${DAY} 11:30:00` });
  assert.deepEqual(
    await leftOf([at(11, 5020)], [{ reason: "active", ...read(at(11, 5000)) }, away]),
    [],
  );
  assert.deepEqual(await leftOf([read(at(11, 5000))], [gone]), []);
});

// Invariant 11
Deno.test("of two states at one time of the stream the later cursor decides", async () => {
  const posts = [{ time: 5, cursor: 90 }];
  const away = { reason: "deactivated", time: 13, cursor: 1784 };
  const back = { reason: "active", time: 13, cursor: 1783 };
  assert.deepEqual(await leftOf(posts, [back, away]), []);
  assert.deepEqual(await leftOf(posts, [{ ...back, cursor: 1785 }, away]), [0]);
  // After 30 days it goes for good: it is not there when the account comes back.
  const later = "2026-07-11T00:00:00Z";
  assert.deepEqual(await leftOf(posts, [back, away], later), []);
  assert.deepEqual(await leftOf(posts, [{ ...back, cursor: 1785 }, away], later), [0]);
});

// Invariant 11
Deno.test("a post that is dated ahead brings no deactivated account back", async () => {
  const away = { reason: "deactivated", time: 11, cursor: 100 };
  assert.deepEqual(await leftOf([{ time: 15, cursor: 99 }], [away]), []);
  assert.deepEqual(await leftOf([{ time: 15, host: null }], [away]), []);
  assert.deepEqual(await leftOf([{ time: 15, cursor: 101 }], [away]), [0]);
  assert.deepEqual(await leftOf([{ time: 15, cursor: 99 }], [away], "2026-07-11T00:00:00Z"), []);
});
