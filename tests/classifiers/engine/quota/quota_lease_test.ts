import assert from "node:assert/strict";
import { join } from "node:path";
import { Pacer } from "../../../../classifiers/engine/quota/pacer.ts";
import { QuotaLease } from "../../../../classifiers/engine/quota/quota_lease.ts";
import type { Quota } from "../../../../classifiers/engine/quota/quota.ts";
import { utcDay } from "../../../../etl/run/clock.ts";
import { thisProcess } from "../../../../etl/store/owner.ts";
import { Child } from "../../../etl/store/child.ts";
import { fill, testOnSmallDisk } from "../../../etl/store/small_disk.ts";
import { withData } from "../../../rows.ts";
import { NEVER, REQUEST, TurnedClock } from "../turned_clock.ts";

const DAY = 86_400_000;
const TODAY = utcDay(new Date());
/** More than Linux ever gives. */
const NO_PID = 2 ** 30;

function perDay(amount: number): Quota {
  return { unit: "requests", amount, perMs: DAY };
}

/** Leave the file of a process that did not end as it should. */
async function leave(
  folder: string,
  changes: { host?: string; pid?: number; used?: Record<string, unknown> },
  ageMs = 0,
): Promise<string> {
  const owner = { ...thisProcess(), joined_at: new Date(0).toISOString(), ended: false, used: {} };
  const path = join(folder, `${owner.token}.json`);
  await Deno.writeTextFile(path, JSON.stringify({ ...owner, ...changes }));
  const time = new Date(Date.now() - ageMs);
  await Deno.utime(path, time, time);
  return path;
}

/** Take until a day's quota is used up; gives how many that were. */
async function exhaust(pacer: Pacer): Promise<number> {
  const stop = new AbortController();
  const watch = setInterval(() => pacer.waiting?.reason.includes("used up") && stop.abort(), 5);
  let taken = 0;
  while (await pacer.take(REQUEST, stop.signal)) taken++;
  clearInterval(watch);
  return taken;
}

/** Read the answer to `take`: how many were taken, and how it ended. */
async function taken(child: Child): Promise<{ count: number; end: string | undefined }> {
  for (let count = 0;; count++) {
    const line = await child.line();
    if (line !== ".") return { count, end: line };
  }
}

async function tell(child: Child, order: string): Promise<void> {
  const writer = child.process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${order}\n`));
  writer.releaseLock();
}

async function until(child: Child, question: string, answer: string): Promise<void> {
  while (await child.ask(question) !== answer) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

Deno.test("a process alone has all of a quota, two have half each, and what ends gives its share back", async () => {
  await withData(async (folder) => {
    await using first = await QuotaLease.open(folder);
    assert.deepEqual([first.share(false), first.share(true)], [1, 1]);
    const now = performance.now();
    assert.equal(first.readyAt(now), now);
    {
      await using second = await QuotaLease.open(folder);
      assert.ok(second.readyAt(now) > now, "the first must know of it before");
      await first.refresh();
      assert.deepEqual([first.share(false), second.share(false)], [0.5, 0.5]);
      assert.deepEqual([first.share(true), second.share(true)], [1, 0]);
    }
    await first.refresh();
    assert.equal(first.share(false), 1);
  });
});

Deno.test("who died has no share, here at once and on another host after five minutes; its use counts", async () => {
  await withData(async (folder) => {
    const used = { [TODAY]: { requests: 10, tokens: 0 } };
    await leave(folder, { pid: NO_PID, used });
    await leave(folder, { host: "elsewhere", used }, 6 * 60_000);
    await leave(folder, { host: "elsewhere", used }, 4 * 60_000);
    await using lease = await QuotaLease.open(folder);
    assert.equal(lease.processes, 2);
    assert.equal(await lease.claim(perDay(40), TODAY, 11), false);
    assert.equal(await lease.claim(perDay(40), TODAY, 10), true);
  });
});

Deno.test("after a sleep of the machine or a jump of its clock the others are looked at first", async () => {
  await withData(async (folder) => {
    const clock = new TurnedClock();
    await using lease = await QuotaLease.open(folder, clock);
    assert.equal(lease.readyAt(clock.now()), clock.now());
    for (const jump of [3_600_000, -7_200_000]) {
      clock.utcOffset += jump;
      assert.equal(lease.readyAt(clock.now()), Infinity);
      const pacer = new Pacer([{ unit: "requests", amount: 100, perMs: 1000 }], { lease, clock });
      assert.ok(await pacer.take(REQUEST, NEVER), "which the pacer does by itself");
      assert.equal(lease.readyAt(clock.now()), clock.now());
    }
  });
});

Deno.test("many at once use a day up to the last request and no more, and what is over is given back", async () => {
  await withData(async (folder) => {
    const quotas = [perDay(500), { unit: "requests", amount: 200, perMs: 1000 } as const];
    const leases = await Promise.all(Array.from({ length: 4 }, () => QuotaLease.open(folder)));
    const counts = await Promise.all(
      leases.map((lease) => exhaust(new Pacer(quotas, { lease }))),
    );
    for (const lease of leases) await lease[Symbol.asyncDispose]();
    const sum = counts.reduce((a, b) => a + b);
    assert.ok(sum <= 500, `${sum}`);
    await using last = await QuotaLease.open(folder);
    assert.equal(sum + await exhaust(new Pacer([perDay(500)], { lease: last })), 500, `${counts}`);
  });
});

Deno.test("of many who want the last request of a day at once one gets it", async () => {
  await withData(async (folder) => {
    const leases = await Promise.all(Array.from({ length: 8 }, () => QuotaLease.open(folder)));
    const got = await Promise.all(leases.map((lease) => lease.claim(perDay(1), TODAY, 1)));
    assert.equal(got.filter(Boolean).length, 1);
    for (const lease of leases) await lease[Symbol.asyncDispose]();
  });
});

Deno.test("what was claimed and not taken is given back at the end", async () => {
  await withData(async (folder) => {
    {
      await using first = await QuotaLease.open(folder);
      assert.ok(await first.claim(perDay(100), TODAY, 60));
      first.use.take(TODAY, { requests: 3, tokens: 0 });
      await using second = await QuotaLease.open(folder);
      assert.equal(await second.claim(perDay(100), TODAY, 41), false);
    }
    await using last = await QuotaLease.open(folder);
    assert.equal(await last.claim(perDay(100), TODAY, 98), false);
    assert.equal(await last.claim(perDay(100), TODAY, 97), true);
  });
});

Deno.test("what is recorded is never less than what was taken, and at most about a second's more", async () => {
  await withData(async (folder) => {
    await using lease = await QuotaLease.open(folder);
    const pacer = new Pacer([perDay(1e6), { unit: "requests", amount: 1000, perMs: 1000 }], {
      lease,
    });
    const [name] = [...Deno.readDirSync(folder)].map((entry) => entry.name)
      .filter((name) => name.endsWith(".json"));
    for (let taken = 1; taken <= 1500; taken++) {
      await pacer.take(REQUEST, NEVER);
      const { used } = JSON.parse(await Deno.readTextFile(join(folder, name!)));
      const recorded = Object.values<{ requests: number }>(used)[0]!.requests;
      assert.ok(recorded >= taken && recorded <= taken + 1200, `${recorded} for ${taken}`);
    }
  });
});

Deno.test("files go two days after what they count, and a damaged one is named with its remedy", async () => {
  await withData(async (folder) => {
    const day = (ago: number) => utcDay(new Date(Date.now() - ago * DAY));
    const old = { used: { [day(3)]: { requests: 1, tokens: 1 } }, pid: NO_PID };
    const gone = await leave(folder, old, 3 * DAY);
    const kept = [
      await leave(folder, old, DAY),
      await leave(folder, { ...old, used: { [day(1)]: { requests: 1, tokens: 1 } } }, 3 * DAY),
      await leave(folder, { ...old, pid: Deno.pid }, 3 * DAY),
    ];
    {
      await using _lease = await QuotaLease.open(folder);
      await assert.rejects(Deno.stat(gone), Deno.errors.NotFound);
      for (const path of kept) await Deno.stat(path);
    }
    for (const text of ["", "{", "{}", `{"used":{"2026-06-01":{"requests":"1"}}}`]) {
      await Deno.writeTextFile(kept[0]!, text);
      await assert.rejects(QuotaLease.open(folder), (error: Error) => {
        assert.ok(error.message.startsWith(`Cannot read ${kept[0]}`), error.message);
        return true;
      });
    }
  });
});

testOnSmallDisk(
  "on a full disk no request of a day goes that cannot be recorded",
  async (folder) => {
    const lease = await QuotaLease.open(folder);
    const pacer = new Pacer([perDay(100)], { lease });
    assert.ok(await pacer.take(REQUEST, NEVER));
    const filling = await fill(folder);
    // What was claimed before may still be taken.
    await assert.rejects(async () => {
      for (let time = 0; time < 50; time++) await pacer.take(REQUEST, NEVER);
    }, /No space left/);
    await lease.refresh();
    assert.equal(lease.share(false), 1);
    await Deno.remove(filling);
    assert.ok(await pacer.take(REQUEST, NEVER));
    await lease[Symbol.asyncDispose]();
  },
);

Deno.test("of two processes one is killed: the other has its share, and a day is never overspent", async () => {
  await withData(async (folder) => {
    const quotas = JSON.stringify([perDay(400), { unit: "requests", amount: 100, perMs: 1000 }]);
    const script = "../classifiers/engine/lease_script.ts";
    const children = [new Child(script, folder, quotas), new Child(script, folder, quotas)];
    for (const child of children) assert.equal(await child.line(), "ready");
    for (const child of children) await until(child, "processes", "2");
    const [killed, other] = children as [Child, Child];
    for (const child of children) await tell(child, "take 1000");
    for (let count = 0; count < 20; count++) assert.equal(await killed.line(), ".");
    const lines = (await killed.kill()).filter((line) => line === ".").length;
    const { count, end } = await taken(other);
    assert.equal(end, "used up");
    const sum = 20 + lines + count;
    assert.ok(sum <= 400, `${sum}`);
    assert.ok(sum >= 400 - 100, `${sum}: at most a second's worth is lost`);
    await until(other, "processes", "1");
    await other.kill();
  });
});

Deno.test("of two processes the older one has a strict quota, until it is killed", async () => {
  await withData(async (folder) => {
    const quotas = JSON.stringify([{ unit: "requests", amount: 1, perMs: 200 }]);
    const script = "../classifiers/engine/lease_script.ts";
    const older = new Child(script, folder, quotas, "strict");
    assert.equal(await older.line(), "ready");
    const younger = new Child(script, folder, quotas, "strict");
    assert.equal(await younger.line(), "ready");
    await tell(younger, "take 1000");
    await tell(older, "take 2");
    assert.deepEqual(await taken(younger), { count: 0, end: "older run" });
    assert.deepEqual(await taken(older), { count: 2, end: "done" });
    await older.kill();
    assert.equal(await younger.ask("one"), "true");
    await younger.kill();
  });
});
