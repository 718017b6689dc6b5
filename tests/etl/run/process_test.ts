import assert from "node:assert/strict";
import { bootId, peakMegabytes, startTicks } from "../../../etl/run/process.ts";

Deno.test({
  name: "a process is told from others by boot and start, and one that ended has none",
  ignore: Deno.build.os !== "linux",
  async fn() {
    assert.match(bootId()!, /^[0-9a-f-]{36}( pid:\[\d+\])?$/);
    const read = (pid: number) => Deno.readTextFileSync(`/proc/${pid}/stat`);
    assert.equal(startTicks(Deno.pid), read(Deno.pid).replace(/.*\) /s, "").split(" ")[19]);
    const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
    assert.match(startTicks(child.pid)!, /^\d+$/);
    child.kill("SIGKILL");
    await child.status;
    assert.equal(startTicks(child.pid), undefined);
    assert.equal(startTicks(2 ** 30), undefined);
  },
});

Deno.test({
  name: "a process that ended and that nobody has asked about yet counts as ended",
  ignore: Deno.build.os !== "linux",
  async fn() {
    // The shell's child ends while the shell, now `sleep`, never asks how.
    const shell = new Deno.Command("sh", {
      args: ["-c", "sleep 0.01 & echo $!; exec sleep 60"],
      stdout: "piped",
    }).spawn();
    const { value } = await shell.stdout.getReader().read();
    const pid = Number(new TextDecoder().decode(value));
    while (!/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`))) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(startTicks(pid), undefined);
    shell.kill("SIGKILL");
    await shell.status;
  },
});

Deno.test("the peak of memory is a process's own, however much its parent has", async () => {
  const ours = new Uint8Array(400_000_000).fill(1);
  const script = `import { peakMegabytes } from "${new URL(
    "../../../etl/run/process.ts",
    import.meta.url,
  )}";
    console.log(peakMegabytes())`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    env: { NO_COLOR: "1" },
  }).output();
  const peak = Number(new TextDecoder().decode(stdout));
  assert.ok(peak > 20 && peak < 300, `${peak} MB`);
  assert.ok(peakMegabytes() > 400, `${ours.length} bytes`);
});
