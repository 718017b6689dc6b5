/** `deno task doctor`: looks for problems that would make the next runs fail, and changes nothing. */
import { type Command, type Context, type Outcome } from "./command/command.ts";
import { EXIT, UserError } from "./run/error.ts";
import { type Check, CHECKS } from "./doctor/check.ts";
import { examine } from "./doctor/examine.ts";
import { examination } from "./doctor/open_examination.ts";
import { countLevels, describeFindings } from "./doctor/report.ts";

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

function requireNetwork(): void {
  if (Deno.permissions.querySync({ name: "net" }).state === "granted") return;
  throw new UserError(
    "run doctor --online",
    "it has no permission for the network",
    "Start it as deno task doctor --online, or leave out --online",
    { exitCode: EXIT.usage },
  );
}
