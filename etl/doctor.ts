/** `deno task doctor`: looks for problems that would make the next runs fail, and changes nothing. */
import { fileURLToPath } from "node:url";
import { type Command, type Context, type Outcome } from "./command/command.ts";
import { systemVariable } from "./run/environment.ts";
import { EXIT, UserError } from "./run/error.ts";
import { urlVariable } from "./run/option.ts";
import type { PartitionFile } from "./store/paths.ts";
import { type AppViewAnswer, askAppView } from "./doctor/appview_answer.ts";
import { type Check, CHECKS } from "./doctor/check.ts";
import { denoDirOf } from "./doctor/deno_dir.ts";
import type { Examination } from "./doctor/examination.ts";
import { examine } from "./doctor/examine.ts";
import { readMounts } from "./doctor/mount.ts";
import { countLevels, describeFindings } from "./doctor/report.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Declare the task `doctor`; `more` are checks of rooms above this one. */
export function doctorCommand(more: Check[]): Command {
  const checks = [...CHECKS, ...more];
  return {
    task: "doctor",
    description:
      "Look for problems that would make tonight's run fail: versions, disk, clock, keys, files, settings.\n\n" +
      "It gives a remedy for each problem and changes nothing. Without --online it contacts no server and\n" +
      "gives up its permission for the network. With --online it asks each service once: a connection to\n" +
      "relay and Jetstream, one post of each feed, one invented sentence for Perspective, the list of models.\n" +
      "Exit status 1 if a run would fail, else 0.",
    options: [{
      flags: "--online",
      description: "also check the servers of the study: reachable, keys accepted, models served",
    }],
    examples: ["deno task doctor", "deno task doctor --online", "deno task doctor --online --json"],
    ledger: false,
    run: (context, options: { online?: boolean }) => doctor(context, checks, options),
  };
}

async function doctor(
  context: Context,
  checks: Check[],
  { online = false }: { online?: boolean },
): Promise<Outcome> {
  if (online) requireNetwork();
  const findings = await examine(checks, examination(context, online));
  const levels = countLevels(findings);
  const [first] = findings.filter(({ level }) => level === "problem");
  const more = levels.problem - 1;
  return {
    summary: { data: context.paths.root, online, levels, findings },
    text: describeFindings(checks, findings, online),
    errors: first === undefined ? [] : [
      new UserError(
        "rely on the next run",
        `${first.found}${more > 0 ? `; ${more} more ${more > 1 ? "problems" : "problem"}` : ""}`,
        first.remedy ?? "",
      ),
    ],
  };
}

/** Give the inputs of checks, for a task's context. */
export function examination(context: Context, isOnline: boolean): Examination {
  const { paths, study, studyPath, database, signal } = context;
  let files: PartitionFile[] | undefined;
  let answers: Promise<AppViewAnswer[]> | undefined;
  const { appview, feeds } = study.sources.most_liked;
  return {
    paths,
    study,
    studyPath,
    database,
    signal,
    root: ROOT,
    isOnline,
    files: () => files ??= paths.everyFile(),
    appView() {
      const service = urlVariable("BLUESKY_APPVIEW", "https:", "http:") ?? appview;
      const ask = (feed: string) => askAppView(service.replace(/\/+$/, ""), feed, signal);
      return answers ??= Promise.all(feeds.map(ask));
    },
    mounts: readMounts(),
    home: systemVariable("HOME"),
    denoDir: denoDirOf(systemVariable),
  };
}

function requireNetwork(): void {
  if (Deno.permissions.querySync({ name: "net" }).state === "granted") return;
  throw new UserError(
    "run doctor --online",
    "it has no permission for the network",
    "Start it as deno task doctor --online, or leave out --online",
    { exitCode: EXIT.usage },
  );
}
