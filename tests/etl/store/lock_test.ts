import assert from "node:assert/strict";
import { join } from "node:path";
import { bootId, bootTime, startTicks } from "../../../etl/run/process.ts";
import { lock } from "../../../etl/store/lock.ts";
import { withData } from "../../rows.ts";
import { Child } from "./child.ts";
import { dead, isFree, leave, LINUX, MINUTE, names, race } from "./left_lock.ts";

// Invariant 10
Deno.test("of two processes one gets the lock; the other is told who has it and to exit with 3", async () => {
  await withData(async (data) => {
    const children = [
      new Child("store/lock_script.ts", data),
      new Child("store/lock_script.ts", data),
    ];
    const answers = await race(children, "sync-firehose");
    const winner = answers.indexOf("got");
    const { text, exit } = JSON.parse(answers[1 - winner]!);
    const { pid } = children[winner]!.process;
    assert.equal(
      text,
      `Cannot run sync:firehose: the same work is already running (process ${pid} on ` +
        `${Deno.hostname()})\n  Wait until it is done, or end that process`,
    );
    assert.equal(exit, 3);
    assert.equal(await children[winner]!.ask("unlock"), "gone");
    assert.deepEqual(names(data), []);
    assert.equal(await children[1 - winner]!.ask("lock sync-firehose"), "got");
    for (const child of children) await child.kill();
  });
});

Deno.test("locks of other names do not stand in the way, and a name cannot leave the folder", async () => {
  await withData(async (data) => {
    await using _a = await lock(data, "a", "do it");
    await using _b = await lock(data, "../labels of b/2026-06-01", "do it");
    assert.deepEqual(names(data), [".._labels_of_b_2026-06-01.lock", "a.lock"]);
  });
});

Deno.test({
  name: "on this host a lock stands as long as its process, whatever its heartbeat",
  ignore: !LINUX,
  async fn() {
    await withData(async (data) => {
      const path = join(data, "a.lock");
      const alive = dead({ pid: Deno.pid, start_ticks: startTicks(Deno.pid)! });
      await leave(path, alive, 60);
      assert.equal(await isFree(data), false, "a process slept with the machine");
      await leave(path, dead());
      assert.equal(await isFree(data), true, "no such process");
      await leave(path, { ...alive, start_ticks: "1" });
      assert.equal(await isFree(data), true, "another process has the pid now");
      await leave(path, { ...alive, boot_id: "another" });
      assert.equal(
        await isFree(data),
        false,
        "another machine of this name, which gives signs of life",
      );
      await leave(path, { ...alive, boot_id: "another" }, 6);
      assert.equal(await isFree(data), true, "that one is silent");
      const uptime = (Date.now() - bootTime()!) / 60_000;
      await leave(path, { ...alive, boot_id: "another" }, uptime + 2);
      assert.equal(await isFree(data), true, "the machine was started again");
      const [boot] = bootId()!.split(" ");
      const other = { ...dead(), boot_id: `${boot} pid:[1]` };
      await leave(path, other);
      assert.equal(await isFree(data), false, "pids of another container");
      await leave(path, other, 6);
      assert.equal(await isFree(data), true, "that container is silent");
    });
  },
});

Deno.test({
  name: "a container with the name of its machine steals no lock, and none is stolen from it",
  ignore: !LINUX || !await canUnshare(),
  async fn() {
    await withData(async (data) => {
      const script = `import { lock } from "${new URL(
        "../../../etl/store/lock.ts",
        import.meta.url,
      )}";
        try {
          await lock("${data}", Deno.args[0], "run it");
          console.log("got");
        } catch (error) {
          console.log(error.exitCode);
        }
        await new Response(Deno.stdin.readable).text();
        Deno.exit();`;
      const inContainer = (name: string) =>
        new Deno.Command("unshare", {
          args: ["--pid", "--fork", "--mount-proc", Deno.execPath(), "eval", script, name],
          cwd: new URL("../../../", import.meta.url),
          stdin: "piped",
          stdout: "piped",
          stderr: "inherit",
        }).spawn();
      await using _ours = await lock(data, "ours", "run it");
      const [other, theirs] = [inContainer("ours"), inContainer("theirs")];
      const said = async ({ stdout }: Deno.ChildProcess) => {
        const { value } = await stdout.getReader().read();
        return new TextDecoder().decode(value).trim();
      };
      assert.deepEqual(await Promise.all([said(other), said(theirs)]), ["3", "got"]);
      await assert.rejects(lock(data, "theirs", "run it"), { exitCode: 3 });
      for (const child of [other, theirs]) {
        await child.stdin.close();
        await child.status;
      }
    });
  },
});

async function canUnshare(): Promise<boolean> {
  try {
    const args = ["--pid", "--fork", "--mount-proc", "true"];
    return (await new Deno.Command("unshare", { args, stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("another host's lock stands for five minutes without a heartbeat and then falls", async () => {
  await withData(async (data) => {
    const path = join(data, "a.lock");
    const far = dead({ host: `not-${Deno.hostname()}`, pid: Deno.pid });
    await leave(path, far, 4.9);
    assert.equal(await isFree(data), false);
    await leave(path, far, 5.1);
    assert.equal(await isFree(data), true);
    assert.deepEqual(names(data), []);
  });
});

Deno.test("a lock file that is half written stands for five minutes and then falls", async () => {
  await withData(async (data) => {
    const path = join(data, "a.lock");
    for (const text of ["", '{"token":"4f']) {
      await leave(path, text, 4.9);
      await assert.rejects(lock(data, "a", "do it"), /: the same work is already running$/);
      await leave(path, text, 5.1);
      assert.equal(await isFree(data), true);
    }
  });
});

Deno.test("a lock that is being written is refused with the name of its process", async () => {
  await withData(async (data) => {
    const path = join(data, "a.lock");
    const owner = dead({ pid: Deno.pid, start_ticks: startTicks(Deno.pid)! });
    await leave(path, "");
    const refused = assert.rejects(
      lock(data, "a", "do it"),
      new RegExp(`already running \\(process ${Deno.pid} on `),
    );
    await new Promise((resolve) => setTimeout(resolve, 60));
    await leave(path, owner);
    await refused;
  });
});

Deno.test("giving a lock back removes one's own and nobody else's", async () => {
  await withData(async (data) => {
    const path = join(data, "a.lock");
    const own = await lock(data, "a", "do it");
    const others = dead({ host: "far" });
    await leave(path, others);
    await own[Symbol.asyncDispose]();
    assert.equal(JSON.parse(await Deno.readTextFile(path)).token, others.token);
    await Deno.remove(path);
    await own[Symbol.asyncDispose]();
    assert.deepEqual(names(data), []);
  });
});

Deno.test("a lock is given back when the work throws", async () => {
  await withData(async (data) => {
    await assert.rejects(async () => {
      await using _lock = await lock(data, "a", "do it");
      throw new Error("no");
    }, /no/);
    assert.deepEqual(names(data), []);
  });
});

Deno.test("a heartbeat keeps one's own lock fresh, touches no other and brings none back", async () => {
  await withData(async (data) => {
    const path = join(data, "a.lock");
    const { setInterval } = globalThis;
    let beat = (): Promise<void> => assert.fail("no heartbeat was set up");
    globalThis.setInterval = ((work: typeof beat) => {
      beat = work;
      return setInterval(() => {}, 1e6);
    }) as typeof setInterval;
    const own = await lock(data, "a", "do it").finally(() => globalThis.setInterval = setInterval);
    const old = new Date(Date.now() - 4 * MINUTE);
    await Deno.utime(path, old, old);
    await beat();
    assert.ok((await Deno.stat(path)).mtime!.getTime() > old.getTime() + 3 * MINUTE);
    const mine = await Deno.readTextFile(path);
    await leave(path, dead({ host: "far" }), 4);
    await beat();
    assert.ok((await Deno.stat(path)).mtime!.getTime() < old.getTime() + MINUTE);
    await Deno.writeTextFile(path, mine);
    await own[Symbol.asyncDispose]();
    await beat();
    assert.deepEqual(names(data), []);
  });
});
