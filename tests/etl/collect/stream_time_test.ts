import assert from "node:assert/strict";
import { BEGINNING, type InventedEvent } from "./random_stream.ts";
import { postTimeOf } from "../../../etl/collect/event_content.ts";
import { type Placed, StreamClock } from "../../../etl/collect/stream_clock.ts";
import { StreamReader, tryStream } from "./stream_trial.ts";

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

interface Sent {
  /** Minutes since the stream's beginning at which the relay sends it. */
  at: number;
  /** What its server's clock is ahead, in milliseconds. */
  ahead?: number;
  /** An account that is gone instead of a post. */
  isRemoval?: boolean;
}

/** A stream of three hours with a post every 30 seconds, all clocks right, and what is sent between. */
function streamWith(more: Sent[]): { events: InventedEvent[]; until: number; added: number[] } {
  const regular = Array.from({ length: 360 }, (_, i): Sent => ({ at: i / 2 }));
  const sent = [...regular, ...more].sort((a, b) => a.at - b.at);
  const events = sent.map(({ at, ahead = 0, isRemoval }, index): InventedEvent => {
    const sentAt = BEGINNING + at * MINUTE;
    const head = { seq: 1000 + index, time: sentAt + ahead };
    const did = "did:plc:a";
    if (isRemoval) {
      const event = { kind: "account", ...head, did, active: false, status: "deleted" } as const;
      return { sentAt, event };
    }
    const op = { action: "create", collection: "app.bsky.feed.post", cid: "c" } as const;
    const ops = [{ ...op, rkey: `r${index}` }];
    return { sentAt, event: { kind: "commit", ...head, did, rev: `r${index}`, ops } };
  });
  const added = sent.flatMap((each, index) => more.includes(each) ? [index] : []);
  return { events, until: BEGINNING + 3 * HOUR, added };
}

/** Read a stream every ten minutes from its first half hour on. */
async function readEveryTenMinutes(more: Sent[]) {
  const stream = streamWith(more);
  const reader = new StreamReader(stream, 1, "all");
  for (let at = 30; at <= 180; at += 10) await reader.run(BEGINNING + at * MINUTE);
  return { stream, reader };
}

// Invariant 14
Deno.test("one event that is dated ahead ends nothing: all posts of the hour land", async () => {
  const { reader, stream } = await readEveryTenMinutes([{ at: 70.1, ahead: 2 * HOUR }]);
  const { lost, unclaimed, missing } = reader.compare();
  assert.deepEqual({ lost, unclaimed, missing }, { lost: 0, unclaimed: 0, missing: 0 });
  const ofHour = stream.events.flatMap(({ sentAt }, index) =>
    sentAt >= BEGINNING + HOUR && sentAt < BEGINNING + 2 * HOUR ? [index] : []
  );
  assert.equal(ofHour.length, 121);
  assert.deepEqual(ofHour.filter((index) => !reader.landed.has(index)), []);
});

// Invariant 14
Deno.test("posts of a host that is behind land, whatever it is behind", async () => {
  for (const behind of [SECOND, 2 * MINUTE, 5 * MINUTE, 12 * MINUTE, 3 * HOUR, 2 * DAY]) {
    const late = Array.from({ length: 40 }, (_, i) => ({ at: 40 + i * 3 + 0.2, ahead: -behind }));
    const { reader, stream } = await readEveryTenMinutes(late);
    assert.deepEqual(stream.added.filter((index) => !reader.landed.has(index)), [], `${behind} ms`);
  }
});

// Invariant 14
Deno.test("a burst that is dated less than a minute ahead ends no window that is read later", async () => {
  const ahead = 30 * SECOND;
  const burst = Array.from({ length: 100 }, (_, i) => ({ at: 119.6 + i / 6000, ahead }));
  const between = Array.from({ length: 200 }, (_, i) => ({ at: 119.65 + i / 1000 }));
  const later = Array.from({ length: 700 }, (_, i) => ({ at: 125 + i / 20 }));
  const stream = streamWith([...burst, ...between, ...later]);
  const reader = new StreamReader(stream, 1, { fixed: [11] });
  await reader.run(BEGINNING + 3 * HOUR);
  const ofWindow = stream.events.flatMap(({ sentAt }, index) =>
    sentAt >= BEGINNING + HOUR && sentAt < BEGINNING + 2 * HOUR ? [index] : []
  );
  assert.equal(ofWindow.length, 420);
  assert.deepEqual(ofWindow.filter((index) => !reader.landed.has(index)), []);
});

/** A stream of an hour, so many posts a second, with a burst that is dated otherwise. */
function hourWith(
  perSecond: number,
  burst: { at: number; count: number; date: (number: number) => number },
) {
  const sent = [...regular(BEGINNING, BEGINNING + HOUR, perSecond)].map((sentAt) => ({
    sentAt,
    time: sentAt,
  }));
  for (let i = 0; i < burst.count; i++) {
    const sentAt = BEGINNING + burst.at * MINUTE + i * SECOND / perSecond / 2;
    sent.push({ sentAt, time: burst.date(i) });
  }
  sent.sort((a, b) => a.sentAt - b.sentAt);
  const events = sent.map(({ sentAt, time }, index): InventedEvent => {
    const op = { action: "create", collection: "app.bsky.feed.post", cid: "c" } as const;
    const ops = [{ ...op, rkey: `r${index}` }];
    const head = { seq: 1000 + index, time, did: "did:plc:a", rev: `r${index}` };
    return { sentAt, event: { kind: "commit", ...head, ops } };
  });
  return { events, until: BEGINNING + HOUR };
}

// Invariant 14
Deno.test("a burst of some thousand events that are dated ahead ends no hour that is read later", async () => {
  for (const [count, minutes] of [[500, 120], [700, 120], [1500, 45], [2000, 120]] as const) {
    const date = (number: number) => BEGINNING + (20 + minutes) * MINUTE + number * 10;
    const stream = hourWith(4, { at: 20, count, date });
    const reader = new StreamReader(stream, 1, { fixed: [10] });
    await reader.run(BEGINNING + 5 * HOUR);
    const { lost, unclaimed, missing } = reader.compare();
    assert.deepEqual([lost, unclaimed, missing], [0, 0, 0], `${count}`);
    assert.ok(reader.landed.size > stream.events.length - 20, `${count}: ${reader.landed.size}`);
  }
});

// Invariant 14
Deno.test("what is read up to the cursor of a later stretch claims nothing behind its beginning", async () => {
  // Bursts that are dated ahead, in hours of which the end was read first; the reader checks each claim.
  for (const seed of [3_001_205, 3_001_343, 3_002_259]) {
    const { lost, unclaimed, missing } = await tryStream(seed);
    assert.deepEqual([lost, unclaimed, missing], [0, 0, 0], `${seed}`);
  }
});

/** Push events at a rate, of a past that is read later, and give how far the time came and how many were held. */
function pushed(clock: StreamClock<number>, times: Iterable<number>) {
  const found = { time: -Infinity, held: 0 };
  let held = 0;
  for (const time of times) {
    clock.push(time, time, BEGINNING + 30 * DAY);
    held++;
    for (let placed; (placed = clock.place()) !== undefined; held--) found.time = placed.time;
    found.held = Math.max(found.held, held);
  }
  return found;
}

/** Give times from one to another, so many a second. */
function* regular(from: number, until: number, perSecond: number): Generator<number> {
  for (let time = from; time < until; time += SECOND / perSecond) yield time;
}

Deno.test("few events are held, and many only where the time moves fast, is in doubt, or meets an edge", () => {
  const end = BEGINNING + 20 * SECOND;
  const held = (from: number, until: number, perSecond: number, edges: number[] = []) =>
    pushed(new StreamClock(BEGINNING, { edges }), regular(from, until, perSecond)).held;
  assert.ok(held(BEGINNING, end, 100) < 20);
  assert.ok(held(BEGINNING, end, 100, [BEGINNING + 10 * SECOND]) > 500, "an edge");
  assert.ok(held(BEGINNING, BEGINNING + HOUR, 1) > 500, "a sparse stream");
  assert.ok(held(BEGINNING + HOUR, BEGINNING + HOUR + 20 * SECOND, 100) > 500, "a leap");
});

// Invariant 14
Deno.test("a burst moves the time by no more than some seconds, also where its dates rise", () => {
  const before = BEGINNING + 60 * SECOND;
  for (const perSecond of [60, 100, 250]) {
    for (const count of [20, 60, 100, 200]) {
      for (
        const [most, isRising] of [[50 * SECOND, false], [HOUR, true], [HOUR, false], [
          DAY,
          true,
        ]] as const
      ) {
        const burst = Array.from(
          { length: count },
          (_, i) => before + (isRising ? most * i / count : most),
        );
        const clock = new StreamClock<number>(BEGINNING);
        pushed(clock, regular(BEGINNING, before, perSecond));
        const { time } = pushed(clock, [
          ...burst,
          ...regular(before, before + 20 * SECOND, perSecond),
        ]);
        const name = `${count} at ${perSecond}/s, up to ${most} ms, ${isRising}`;
        assert.ok(time <= before + 25 * SECOND, `${name}: ${time - before}`);
      }
    }
  }
});

// Invariant 14
Deno.test("a backlog with which a stream begins does not say when it begins", () => {
  for (const perSecond of [1, 20, 100]) {
    for (const count of [13, 28, 40, 200]) {
      for (const isRising of [true, false]) {
        const backlog = Array.from(
          { length: count },
          (_, i) => BEGINNING - 2 * HOUR + (isRising ? 2 * HOUR * i / count : i),
        );
        const clock = new StreamClock<number>();
        const begun: number[] = [];
        const until = BEGINNING + 1200 * SECOND / perSecond;
        for (const time of [...backlog, ...regular(BEGINNING, until, perSecond)]) {
          clock.push(time, time, BEGINNING + DAY);
          for (let placed; (placed = clock.place()) !== undefined;) begun.push(placed.time);
        }
        const name = `${count} at ${perSecond}/s, ${isRising}`;
        assert.ok(begun[0]! >= BEGINNING, `${name}: ${begun[0]! - BEGINNING}`);
        assert.ok(begun[0]! < BEGINNING + MINUTE, name);
      }
    }
  }
});

// Invariant 14
Deno.test("one event with a wrong clock beside a gap of numbers bridges no gap", async () => {
  for (const [place, ahead] of [[4, -30 * MINUTE], [-3, 2 * HOUR]] as const) {
    const perSecond = 8;
    const [gap, end] = [20 * MINUTE, 40 * MINUTE].map((at) => at / SECOND * perSecond);
    const events = Array.from({ length: HOUR / SECOND * perSecond }, (_, index): InventedEvent => {
      const sentAt = BEGINNING + index * SECOND / perSecond;
      const isOdd = index === (place > 0 ? end! : gap!) + place;
      const head = { seq: 1000 + index, time: sentAt + (isOdd ? ahead : 0) };
      const isLeftOut = index >= gap! && index < end!;
      return { sentAt, isLeftOut, event: { kind: "other", type: "#identity", ...head } };
    });
    const reader = new StreamReader({ events, until: BEGINNING + HOUR }, 1, "all");
    await reader.run(BEGINNING + HOUR);
    const claimed = reader.claims.map(({ from, until }) => [
      Math.round((from.getTime() - BEGINNING) / MINUTE),
      Math.round((until.getTime() - BEGINNING) / MINUTE),
    ]);
    assert.deepEqual(claimed, [[0, 20], [40, 60]], `${place}`);
  }
});

// Invariant 14
Deno.test("a run that ends behind a gap with few events leads the next one over no gap", async () => {
  for (const count of [4, 24, 300, 600]) {
    const perSecond = 8;
    const [gap, end] = [20 * MINUTE, 40 * MINUTE].map((at) => at / SECOND * perSecond);
    const events = Array.from({ length: HOUR / SECOND * perSecond }, (_, index): InventedEvent => {
      // Behind the gap a server sends what it had, and the next event comes three minutes later.
      const isBacklog = index >= end! && index < end! + count;
      const sentAt = BEGINNING + index * SECOND / perSecond +
        (isBacklog || index < end! ? 0 : 3 * MINUTE);
      const time = sentAt - (isBacklog ? 5 * HOUR : 0);
      const head = { seq: 1000 + index, time };
      const isLeftOut = index >= gap! && index < end!;
      return { sentAt, isLeftOut, event: { kind: "other", type: "#identity", ...head } };
    });
    const reader = new StreamReader({ events, until: BEGINNING + HOUR }, 1, "all");
    for (let at = 10; at <= 70; at += 1) await reader.run(BEGINNING + at * MINUTE);
    const left = reader.claims.filter(({ from, until }) =>
      until.getTime() > BEGINNING + 20 * MINUTE && from.getTime() < BEGINNING + 40 * MINUTE
    );
    assert.deepEqual(left, [], `${count}`);
    const last = reader.claims.at(-1)!;
    assert.ok(last.until.getTime() - last.from.getTime() > 15 * MINUTE, `${count}`);
  }
});

// Invariant 14
Deno.test("a backlog of the time of a gap, which comes behind it, claims nothing of the gap", async () => {
  for (const count of [100, 400, 600, 1500]) {
    const [perSecond, gap, end] = [10, 12_000, 24_000];
    const events = Array.from({ length: HOUR / SECOND * perSecond }, (_, index): InventedEvent => {
      const sentAt = BEGINNING + index * SECOND / perSecond;
      const isBacklog = index >= end && index < end + count;
      const time = isBacklog ? BEGINNING + 25 * MINUTE + (index - end) * SECOND / 2 : sentAt;
      const isLeftOut = index >= gap && index < end;
      const head = { seq: 1000 + index, time };
      return { sentAt, isLeftOut, event: { kind: "other", type: "#identity", ...head } };
    });
    const reader = new StreamReader({ events, until: BEGINNING + HOUR }, 1, "all");
    for (const minutes of [20, 61]) await reader.run(BEGINNING + minutes * MINUTE);
    const [before, last] = reader.claims;
    assert.equal(reader.claims.length, 2, `${count}`);
    assert.ok(before!.until.getTime() <= BEGINNING + 20 * MINUTE, `${count}`);
    assert.ok(last!.from.getTime() >= BEGINNING + 40 * MINUTE, `${count}`);
    assert.ok(last!.until.getTime() - last!.from.getTime() > 15 * MINUTE, `${count}`);
  }
});

// Invariant 14
Deno.test("random streams that once led a claim astray do so no more", async () => {
  // A pause amid a burst whose dates rise, and few events or a backlog behind a gap of numbers.
  const seeds = [[102_169], [28, 114, 100_157, 100_293, 100_301, 100_692, 101_424]];
  for (const [withGaps, some] of [[false, seeds[0]!], [true, seeds[1]!]] as const) {
    for (const seed of some) {
      const { lost, unclaimed, missing } = await tryStream(seed, { hasGaps: withGaps });
      assert.deepEqual([lost, unclaimed, missing], [0, 0, 0], `${seed}`);
    }
  }
});

// Invariant 14
Deno.test("some events that are dated ahead before a pause move the time of a dense stream nowhere", () => {
  for (let count = 1; count <= 8; count++) {
    const clock = new StreamClock<number>(BEGINNING, { edges: [BEGINNING + MINUTE] });
    const end = BEGINNING + 50 * SECOND;
    pushed(clock, regular(BEGINNING, end, 100));
    for (let i = 0; i < count; i++) clock.push(i, end + 40 * SECOND, end + HOUR);
    clock.flush("end");
    assert.ok(clock.time! <= end, `${count}: ${clock.time! - end}`);
  }
});

// Invariant 14
Deno.test("a dense stream that was silent for a minute says so, also where a run begins", () => {
  const silences = (clock: StreamClock<number>, from: number) => {
    const placed: number[] = [];
    for (let time = from; time < from + 60 * SECOND; time += 50) {
      clock.push(time, time, time + SECOND);
      for (let next; (next = clock.place()) !== undefined;) {
        if (next.isAfterSilence) placed.push(next.item);
      }
    }
    for (const { item, isAfterSilence } of clock.flush("end")) {
      if (isAfterSilence) placed.push(item);
    }
    return placed;
  };
  const clock = new StreamClock<number>(BEGINNING);
  assert.deepEqual(silences(clock, BEGINNING), []);
  const later = BEGINNING + 3 * MINUTE;
  assert.deepEqual(silences(clock, later), [later]);
  for (const [minuteEvents, expected] of [[511, []], [512, [later]]] as const) {
    assert.deepEqual(silences(new StreamClock(BEGINNING, { minuteEvents }), later), expected);
    assert.deepEqual(silences(new StreamClock(BEGINNING, { minuteEvents }), BEGINNING), []);
  }
});

// Invariants 11 and 14
Deno.test("a deletion lands whenever it comes, before a window too", async () => {
  const gone = [
    { at: 119.8 },
    { at: 20.2, ahead: -12 * MINUTE },
    { at: 90.2, ahead: -12 * MINUTE },
    {
      at: 130.2,
      ahead: DAY,
    },
  ].map((sent) => ({ ...sent, isRemoval: true }));
  assert.equal((await readEveryTenMinutes(gone)).reader.tombstones.length, 4);
  const reader = new StreamReader(streamWith(gone), 1, { fixed: [12] });
  await reader.run(BEGINNING + 3 * HOUR);
  // The window begins after two hours; the way to it begins at most a minute before.
  assert.equal(reader.tombstones.length, 2);
});

// Invariant 14
Deno.test("a late event stretches no claim, and a backlog leads no search astray", async () => {
  const backlog = Array.from({ length: 60 }, (_, i) => ({ at: 110 + i / 1000, ahead: -2 * DAY }));
  const stream = streamWith([{ at: 119.9, ahead: -3 * DAY }, ...backlog]);
  const reader = new StreamReader(stream, 1, { fixed: [12] });
  await reader.run(BEGINNING + 175 * MINUTE);
  const [claim] = reader.claims;
  assert.equal(reader.claims.length, 1);
  assert.equal(claim!.from.toISOString(), "2026-06-01T12:00:00.000Z");
  const { lost, unclaimed, missing } = reader.compare();
  assert.deepEqual({ lost, unclaimed, missing }, { lost: 0, unclaimed: 0, missing: 0 });
});

Deno.test("a post keeps its own time as far as its stretch allows it, and says what was sent", async () => {
  const { reader, stream } = await readEveryTenMinutes([
    { at: 60.2, ahead: -20 * SECOND },
    { at: 70.2, ahead: -3 * DAY },
    { at: 80.2, ahead: 5 * HOUR },
  ]);
  const [near, behind, ahead] = stream.added.map((index) => reader.times.get(index)!);
  const sent = stream.added.map((index) =>
    new Date(stream.events[index]!.event.time).toISOString()
  );
  assert.deepEqual(near, { event_time: sent[0], event_time_sent: null });
  assert.equal(behind!.event_time_sent, sent[1]);
  assert.ok(Date.parse(behind!.event_time) >= BEGINNING);
  assert.equal(ahead!.event_time_sent, sent[2]);
  // Ten minutes, and as far as eight events reach: it stands before a pause.
  const latest = BEGINNING + 80.2 * MINUTE + 15 * MINUTE;
  assert.ok(Date.parse(ahead!.event_time) <= latest, ahead!.event_time);
});

Deno.test("a post among the first events, or before a pause, is no older or newer than the stream says", () => {
  const clock = new StreamClock<number>();
  // At intervals that are no whole milliseconds.
  const times = [...regular(BEGINNING, BEGINNING + 900 * SECOND, 1 / 9.3333)].map(Math.floor);
  const odd = new Map([[2, -3 * DAY], [times.length - 2, 5 * HOUR]]);
  const placed: Placed<number>[] = [];
  for (const [index, time] of times.entries()) {
    clock.push(index, time + (odd.get(index) ?? 0), BEGINNING + DAY);
    for (let next; (next = clock.place()) !== undefined;) placed.push(next);
  }
  placed.push(...clock.flush("end"));
  for (const [index, ahead] of odd) {
    const sent = times[index]! + ahead;
    const { event_time, event_time_sent } = postTimeOf(sent, placed[index]!, BEGINNING + DAY);
    assert.equal(event_time_sent, new Date(sent).toISOString());
    assert.match(event_time, /^2026-06-01T\d\d:\d\d:\d\d\.\d{3}Z$/);
    const away = Date.parse(event_time) - times[index]!;
    assert.ok(away >= -2 * MINUTE && away <= 12 * MINUTE, `${index}: ${away}`);
  }
});
