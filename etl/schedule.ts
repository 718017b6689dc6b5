import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { now } from "./run/clock.ts";
import type { Command, Context, Outcome } from "./command/command.ts";
import { notInFile, systemVariable } from "./run/environment.ts";
import { EXIT, UserError } from "./run/error.ts";
import { CHECK_OUT_AGAIN, hasWindowsLineEnds } from "./schedule/line_ends.ts";
import { changeCrontab } from "./schedule/crontab.ts";
import { CrontabBlock, otherLines } from "./schedule/crontab_block.ts";
import { denoPath } from "./schedule/deno_path.ts";
import { machineZone } from "./schedule/machine_zone.ts";
import { type ScheduleLine, scheduleLines, type SchedulePlace } from "./schedule/schedule_lines.ts";
import { scrontabLines } from "./slurm/scrontab.ts";
import { describeTimes, type ScheduleTimes, scheduleTimes } from "./schedule/schedule_times.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url)).replace(/\/$/, "");
const ABOUT =
  "Written by deno task schedule; see docs/cron.md. It needs nothing from lines above it.";
const SECOND =
  "Its second line starts it within the hour where the first could not, as the machine was off or asleep.";
/** Where Deno keeps packages; cron knows only the HOME of the user database. */
const KEPT = ["HOME", "DENO_DIR", "XDG_CACHE_HOME"];
/** How this machine reaches others; Deno reads them before it reads `.env`. */
const NETWORK = [
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"],
  ...["http_proxy", "https_proxy", "all_proxy", "no_proxy"],
  ...["DENO_CERT", "DENO_TLS_CA_STORE"],
];
/** A login in an address, which everybody on a machine can read in a line that runs. */
const LOGIN = /\/\/[^/]*@/;
/** The folders stand in the lines, the clock is for tests, and the language of logs is nobody's loss. */
const NOT_MISSED = /^(CIVICSKY_(DATA|STUDY|CLOCK)|LC_.+|LANG)$/;

/** The task `schedule`. */
export const command: Command = {
  task: "schedule",
  description:
    "Print crontab lines that run this study: its stream every ten minutes, daily once a day,\n" +
    "status --check every hour. The section daily of study.yaml sets the stream and the time (UTC).\n\n" +
    "--install writes the lines into your crontab between two marks, or replaces those already there;\n" +
    "all other lines stay as they are. Each study has its own lines. docs/cron.md explains more.",
  options: [
    { flags: "--install", description: "write the lines into the crontab of this user" },
    { flags: "--remove", description: "remove the lines from it" },
    {
      flags: "--scrontab",
      description: "print lines for scrontab, for a Slurm cluster that allows no cron",
    },
  ],
  examples: [
    "deno task schedule",
    "deno task schedule --install",
    "deno task schedule --remove",
    "deno task -q schedule --scrontab",
  ],
  ledger: false,
  run: schedule,
};

interface Options {
  install?: boolean;
  remove?: boolean;
  scrontab?: boolean;
}

async function schedule(context: Context, options: Options): Promise<Outcome> {
  if (Object.keys(options).length > 1) {
    throw new UserError(
      "run schedule",
      `${Object.keys(options).map((name) => `--${name}`).join(" and ")} do not go together`,
      options.scrontab
        ? "Add the printed lines with scrontab -e, with the options that your cluster requires"
        : "Name one of them",
      { exitCode: EXIT.usage },
    );
  }
  const { paths, study } = context;
  const block = new CrontabBlock(paths.root, study.name);
  if (options.remove) return await remove(context, block);
  refuseLineEnds();
  const place = schedulePlace(context);
  const times = scheduleTimes(study.daily.at, machineZone(), now());
  const lines = scheduleLines(place, study.daily.stream, times);
  const comments = [ABOUT, ...describeTimes(times), SECOND].map((text) => `# ${text}`);
  const summary = {
    data: paths.root,
    time_zone: times.zone,
    utc_offset_minutes: times.offset,
    clock_changes_at: times.change?.at.toISOString() ?? null,
    lines: lines.map(({ task, fields, command }) => ({ task, fields, command })),
  };
  if (options.install) {
    return await install(context, block, [...comments, ...inCrontab(lines)], times, summary);
  }
  const printed = options.scrontab
    ? [
      ...comments,
      "# Add #SCRON lines with your partition and account: nodes of it must reach the internet.",
      ...scrontabLines(lines),
    ]
    : [...comments, ...inCrontab(lines)];
  return { summary, text: block.text(printed).trimEnd() };
}

async function install(
  { paths, warn }: Context,
  block: CrontabBlock,
  lines: string[],
  times: ScheduleTimes,
  summary: Record<string, unknown>,
): Promise<Outcome> {
  const { before, is_changed, backup } = await changeCrontab(
    paths,
    (crontab) => block.putInto(crontab, lines),
  );
  const others = otherLines(before, ROOT);
  if (others.length > 0) {
    warn(
      `line ${others.join(", ")} of the previous crontab runs civicsky too: remove it with ` +
        "crontab -e, or tasks run twice",
    );
  }
  const text = [
    is_changed ? "Installed in the crontab of this user:" : "It is in the crontab of this user:",
    ...describeTimes(times).map((line) => `  ${line}`),
    `  logs: ${paths.logs()}`,
    ...backupLines(backup),
    "In ten minutes deno task status shows the first run.",
  ].join("\n");
  return { summary: { ...summary, is_changed, backup }, text };
}

async function remove({ paths }: Context, block: CrontabBlock): Promise<Outcome> {
  const { is_changed, backup } = await changeCrontab(
    paths,
    (crontab) => block.takeOutOf(crontab),
  );
  const text = is_changed
    ? [
      "Removed: cron starts no more tasks of this study. Running tasks finish.",
      ...backupLines(backup),
    ].join("\n")
    : "Nothing of this study is in the crontab of this user.";
  return { summary: { data: paths.root, is_changed, backup }, text };
}

function backupLines(backup: string | null): string[] {
  return backup ? [`  the crontab before: ${backup}`] : [];
}

function inCrontab(lines: ScheduleLine[]): string[] {
  return lines.map(({ fields, command }) => `${fields} ${command}`);
}

/** A checkout by Git for Windows, used in WSL: the shell would end before the log is open. */
function refuseLineEnds(): void {
  if (!hasWindowsLineEnds(ROOT)) return;
  throw new UserError(
    "schedule the study",
    "the scripts of this checkout have the line ends of Windows, which no shell can run",
    CHECK_OUT_AGAIN,
    { exitCode: EXIT.usage },
  );
}

/** Find the paths and variables of the lines, and warn of those that cron would not find. */
function schedulePlace({ paths, studyPath, warn }: Context): SchedulePlace {
  const path = systemVariable("PATH") ?? "";
  const deno = denoPath(Deno.execPath(), path);
  if (deno.isCached) {
    warn(
      `Deno lies in the cache of npx (${deno.path}): cron finds it until npm empties that. To keep it, run ` +
        `npm install --global deno@${Deno.version.deno} and deno task schedule again`,
    );
  }
  const unseen = notInFile().filter((name) => !NOT_MISSED.test(name));
  if (unseen.length > 0) {
    warn(`cron does not see ${unseen.join(", ")} of this shell: put it in .env, or do without it`);
  }
  const kept = [...KEPT, ...NETWORK].flatMap((name) => {
    const value = systemVariable(name);
    return value ? [[name, value] as const] : [];
  });
  const secret = kept.filter(([, value]) => LOGIN.test(value)).map(([name]) => name);
  if (secret.length > 0) {
    warn(
      `the lines leave out ${
        secret.join(", ")
      }, as all users of this machine could read the login in ` +
        "it: set it at the head of the crontab (crontab -e), or name a proxy that needs none",
    );
  }
  const folders = [dirname(deno.path), "/usr/local/bin", "/usr/bin", "/bin"];
  return {
    root: ROOT,
    deno: deno.path,
    data: paths.root,
    study: studyPath,
    logs: paths.logs(),
    variables: {
      ...Object.fromEntries(kept.filter(([name]) => !secret.includes(name))),
      PATH: [...new Set(folders)].join(":"),
    },
  };
}
