/** `deno task test:cron`: what `schedule --install` writes, under Debian's own cron. */
import assert from "node:assert/strict";
import { SampleNetwork } from "../etl/daily/daily_run.ts";
import { query, withData } from "../rows.ts";
import { ROOT } from "../task.ts";
import { CronMachine, until } from "./cron_machine.ts";

/** No clock of the tasks' own servers is of today: the sample is of June. */
const [START, CLOCK] = ["2026-06-01T09:00:00Z", "2026-06-02T00:00:00Z"];
const ZONE = "Asia/Kathmandu";
const KATHMANDU_MS = (5 * 60 + 45) * 60_000;
const MINUTE_MS = 60_000;

Deno.test("cron runs the lines of a study, at hours of its zone, and other lines stay as they are", () =>
  withData(async (folder) => {
    const data = `${folder}/it's 100% "odd" $HOME`;
    for (const name of ["etc", "home of ada"]) await Deno.mkdir(`${folder}/${name}`);
    await Deno.mkdir(data);
    await using machine = await CronMachine.start(`${folder}/etc`, ZONE);
    const network = await SampleNetwork.start(data);
    try {
      const began = await network.run(START, ["sync:jetstream"]);
      assert.equal(began.code, 0, began.stderr);
      // Lines of cron begin with the minute; one whose minute is over would wait a day.
      const due = new Date(Math.ceil((Date.now() + 20_000) / MINUTE_MS) * MINUTE_MS);
      if (due.getUTCMinutes() % 10 === 0) due.setTime(due.getTime() + MINUTE_MS);
      const at = due.toISOString().slice(11, 16);
      await network.writeStudy((text) => `${text}\ndaily: { at: "${at}" }\n`);
      const others = [
        "# 100% of other people's lines \r",
        'MAILTO=""',
        ...Object.entries(environment(network)).map(([name, value]) => `${name}=${value}`),
        `* * * * * env | sort > ${folder}/above`,
        "",
        "",
      ].join("\n");
      await machine.install(others);
      const schedule = (option: string) =>
        machine.run(
          [
            Deno.execPath(),
            "task",
            "-q",
            "schedule",
            option,
            "--data",
            data,
            "--study",
            network.studyPath,
          ],
          { HOME: `${folder}/home of ada`, DENO_DIR: denoDir() },
        );

      const installed = await schedule("--install");
      assert.equal(installed.code, 0, installed.stderr);
      const crontab = await machine.crontab();
      assert.ok(crontab.startsWith(`${others}# BEGIN civicsky`), crontab);
      const local = new Date(due.getTime() + KATHMANDU_MS).toISOString().slice(11, 16).split(":");
      assert.match(
        crontab,
        new RegExp(`^${Number(local[1])} ${Number(local[0])} \\* \\* \\* `, "m"),
      );

      await until(() => hasEnded(data, "daily", 1), () => log(data, "daily"));
      assert.match(await log(data, "daily"), /: ended with exit status 0\n$/);
      const start = /^(\S+) daily: begins/.exec(await log(data, "daily"))![1]!;
      assert.equal(start.slice(11, 16), at);
      assert.deepEqual(network.webhook.beats, ["/beat"]);
      console.log(
        `daily: due ${at} UTC (${local.join(":")} ${ZONE}), began ${start}, exit status 0`,
      );

      // The other lines would take an hour; what cron runs of them is the same.
      const everyMinute = crontab
        .replace(/^\*\/10 \* \* \* \*/m, "* * * * *")
        .replace(/^\d+ \*( \* \* \* .*(missed=|--check))/gm, "* *$1");
      await machine.install(`${everyMinute}* * * * * env | sort > ${folder}/below\n`);
      const both = ["sync-jetstream", "status"];
      for (const name of both) {
        await until(() => hasEnded(data, name, 2), () => log(data, name));
        const text = await log(data, name);
        assert.doesNotMatch(text, /exit status [^0]/, text);
      }
      assert.equal(
        (await log(data, "daily")).match(/begins/g)!.length,
        1,
        "daily is done for today",
      );
      const environments = ["above", "below"].map((name) =>
        Deno.readTextFileSync(`${folder}/${name}`)
      );
      assert.equal(
        environments[0],
        environments[1],
        "lines behind the block run as those before it",
      );
      const runs = await query(
        data,
        "SELECT task, status, count(*)::INTEGER AS runs FROM read_parquet('{data}/runs/*/*.parquet') GROUP BY ALL ORDER BY ALL"
          .replaceAll("{data}", data.replaceAll("'", "''")),
      );
      console.log(runs.map(({ task, status, runs }) => `${task}: ${status} ${runs}`).join("\n"));
      for (const task of ["daily", "sync:jetstream", "preprocess", "render"]) {
        assert.ok(runs.some((run) => run.task === task && run.status === "done"), task);
      }
      assert.ok(runs.every(({ status }) => status === "done"), "no run failed");

      assert.equal((await schedule("--install")).code, 0);
      const below = `* * * * * env | sort > ${folder}/below\n`;
      assert.equal(await machine.crontab(), crontab + below, "put in again, in its place");
      const removed = await schedule("--remove");
      assert.equal(removed.code, 0, removed.stderr);
      assert.equal(await machine.crontab(), others + below);
      await machine.install(others);
      assert.equal((await schedule("--remove")).code, 0);
      assert.equal(await machine.crontab(), others);
    } finally {
      await network.close();
    }
  }));

function environment({ jetstream, appview, webhook }: SampleNetwork): Record<string, string> {
  return {
    CIVICSKY_CLOCK: CLOCK,
    BLUESKY_JETSTREAM: jetstream.url,
    BLUESKY_APPVIEW: appview.url,
    CIVICSKY_WEBHOOK: webhook.url,
    CIVICSKY_HEARTBEAT: `${new URL(webhook.url).origin}/beat`,
  };
}

/** Give where Deno keeps packages; another folder would have to be filled first. */
function denoDir(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"], cwd: ROOT })
    .outputSync();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

async function log(data: string, name: string): Promise<string> {
  const month = new Date().toISOString().slice(0, 7);
  return await Deno.readTextFile(`${data}/logs/${name}-${month}.log`).catch(() => "");
}

async function hasEnded(data: string, name: string, times: number): Promise<boolean> {
  return ((await log(data, name)).match(/ended with exit status/g) ?? []).length >= times;
}
