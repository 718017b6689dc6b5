import assert from "node:assert/strict";
import { withData } from "../rows.ts";
import { ROOT, runTask } from "../task.ts";
import { FakeCrontab } from "./schedule/fake_crontab.ts";
import { SHIPPED_STUDY } from "../shipped_study.ts";

const CLOCK = "2026-11-22T15:30:00Z";
const STUDY = SHIPPED_STUDY;

interface Machine {
  data: string;
  crontab: FakeCrontab;
  run(args: string[], env?: Record<string, string>): ReturnType<typeof runTask>;
}

/** Give where Deno keeps packages; another folder would have to be filled first. */
async function packageFolder(): Promise<string> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(info.stdout)).denoDir;
}

function withMachine(test: (machine: Machine) => Promise<void>): Promise<void> {
  return withData(async (folder) => {
    const data = `${folder}/it's 100% "odd"`;
    const crontab = await FakeCrontab.install(`${folder}/bin`);
    // Wherever this Deno lies, in the cache of npx too, a link leads to it that stays.
    await Deno.symlink(Deno.execPath(), `${folder}/bin/deno`);
    const run = (args: string[], env: Record<string, string> = {}) =>
      runTask(["schedule", ...args, "--data", data, "--study", STUDY], {
        CIVICSKY_CLOCK: CLOCK,
        ...crontab.env,
        ...env,
      });
    await test({ data, crontab, run });
  });
}

Deno.test("schedule prints lines that a shell reads as the tasks of the study, and changes nothing", () =>
  withMachine(async ({ data, crontab, run }) => {
    const denoDir = await packageFolder();
    const { code, stdout, stderr } = await run([], { HOME: "/home/ada b", DENO_DIR: denoDir });
    assert.deepEqual([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines[0], `# BEGIN civicsky ${JSON.stringify(data)}: My study`);
    assert.equal(lines.at(-1), `# END civicsky ${JSON.stringify(data)}`);
    const jobs = lines.filter((line) => !line.startsWith("#"));
    const words: string[][] = [];
    for (const job of jobs) {
      const [, command] = /^(?:\S+ ){5}(.*)$/.exec(job)!;
      const read = command!.replaceAll("\\%", "%");
      const shell = new Deno.Command("/bin/sh", { args: ["-c", `printf '%s\\n' ${read}`] });
      words.push(new TextDecoder().decode((await shell.output()).stdout).trimEnd().split("\n"));
    }
    for (const command of words) {
      assert.equal(command[0], "/usr/bin/env");
      assert.deepEqual(command.slice(1, 3), ["HOME=/home/ada b", `DENO_DIR=${denoDir}`]);
      assert.match(command[3]!, /^PATH=\/.*:\/bin$/);
      assert.deepEqual(command.slice(4, 6), ["/bin/sh", `${ROOT}etl/schedule/cron_run.sh`]);
      assert.deepEqual(command.slice(-4), ["--data", data, "--study", STUDY]);
    }
    assert.deepEqual(words.map((command) => command.slice(6, 9)), [
      ["sync-jetstream", `${data}/logs`, "now"],
      ["daily", `${data}/logs`, "at=00:30"],
      ["daily", `${data}/logs`, "missed=00:30"],
      ["status", `${data}/logs`, "now"],
    ]);
    assert.deepEqual(words.map((command) => command.slice(10, -4).join(" ")), [
      "task -q sync:jetstream",
      "task -q daily",
      "task -q daily",
      "task -q status --check",
    ]);
    const deno = await Deno.realPath(words[0]![9]!);
    assert.equal(deno, await Deno.realPath(Deno.execPath()));
    assert.equal(await crontab.text(), undefined);
    await assert.rejects(Deno.stat(data), Deno.errors.NotFound);
  }));

Deno.test("lines have the proxies and certificates of the shell, but no login that others could read", () =>
  withMachine(async ({ run }) => {
    const { code, stdout, stderr } = await run([], {
      HTTPS_PROXY: "http://proxy.example:3128",
      no_proxy: "localhost,.example",
      DENO_CERT: "/etc/ssl/our ca.pem",
      HTTP_PROXY: "http://ada:secret@proxy.example:3128",
    });
    assert.equal(code, 0, stderr);
    const jobs = stdout.trimEnd().split("\n").filter((line) => !line.startsWith("#"));
    for (const job of jobs) {
      assert.match(job, / HTTPS_PROXY=http:\/\/proxy\.example:3128 /);
      assert.match(job, / no_proxy=localhost,\.example 'DENO_CERT=\/etc\/ssl\/our ca\.pem' /);
    }
    assert.doesNotMatch(stdout + stderr, /secret/);
    assert.match(stderr, /leave out HTTP_PROXY, .* login .* head of the crontab/);
  }));

Deno.test("schedule warns where Deno lies in the cache of npx and no link that stays leads to it", () =>
  withMachine(async ({ run }) => {
    const { execPath } = Deno;
    const cached = "/home/ada/.npm/_npx/1f2e/node_modules/deno/deno";
    Deno.execPath = () => cached;
    try {
      const { code, stdout, stderr } = await run([]);
      assert.equal(code, 0);
      assert.equal(
        stderr,
        `warning: Deno lies in the cache of npx (${cached}): cron finds it until npm empties that. ` +
          `To keep it, run npm install --global deno@${Deno.version.deno} and deno task schedule again\n`,
      );
      assert.ok(stdout.includes(` ${cached} task -q daily `));
    } finally {
      Deno.execPath = execPath;
    }
  }));

Deno.test("schedule --install and --remove leave all other lines as they were, and say what is amiss", () =>
  withMachine(async ({ data, crontab, run }) => {
    const others = `# x\r\n5 * * * * cd ${ROOT} && deno task -q daily # %\n\n`;
    await crontab.write(others);
    const first = await run(["--install", "--json"], { GROQ_API_KEY: "a secret", BLUESKY_PDS: "" });
    assert.equal(first.code, 0);
    assert.match(
      first.stderr,
      /^warning: cron does not see GROQ_API_KEY of this shell: put it in \.env/,
    );
    assert.match(first.stderr, /^warning: line 2 of the previous crontab runs civicsky too/m);
    const { is_changed, backup, lines } = JSON.parse(first.stdout);
    assert.deepEqual([is_changed, lines.length], [true, 4]);
    assert.equal(await Deno.readTextFile(backup), others);
    const installed = await crontab.text();
    assert.ok(
      installed!.startsWith(`${others}# BEGIN civicsky ${JSON.stringify(data)}: My study\n`),
    );
    assert.doesNotMatch(`${first.stderr}${installed}`, /secret/);
    const removed = await run(["--remove"]);
    assert.match(removed.stdout, /^Removed: /);
    assert.equal(await crontab.text(), others);
  }));

Deno.test("schedule --scrontab prints each line with its options for Slurm, and is only printed", () =>
  withMachine(async ({ crontab, run }) => {
    const { code, stdout } = await run(["--scrontab"]);
    assert.equal(code, 0);
    const lines = stdout.split("\n").filter((line) => !/^#(?!SCRON)/.test(line));
    assert.deepEqual(lines.map((line) => line.slice(0, 7)).filter((_, index) => index % 3 === 2), [
      "*/10 * ",
      "30 0 * ",
      "50 * * ",
      "55 * * ",
    ]);
    assert.match(lines[0]!, /^#SCRON --job-name=civicsky-sync-jetstream .*--output=\/dev\/null$/);
    assert.match(lines[1]!, /^#SCRON --time=\S+ --mem=\S+$/);
    const both = await run(["--scrontab", "--install"]);
    assert.deepEqual([both.code, await crontab.text()], [2, undefined]);
    assert.match(
      both.stderr,
      /--scrontab and --install do not go together\n {2}Add .* scrontab -e/,
    );
  }));

Deno.test("a folder whose path no crontab can hold, or is too long for one, is a usage error", async () => {
  const cases: [string, RegExp][] = [
    ["/nowhere/a\nb", /"\/nowhere\/a\\nb\/logs" holds a line break/],
    [`/nowhere/${"long/".repeat(80)}`, /longer than the 998 bytes that cron reads/],
  ];
  for (const [data, expected] of cases) {
    const { code, stderr } = await runTask(["schedule", "--data", data]);
    assert.equal(code, 2);
    assert.match(stderr, expected);
  }
});
