import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command as Commander, CommanderError, Option } from "commander";
import { damageBehind } from "../store/damage.ts";
import { type Database, openDatabase } from "../store/duckdb.ts";
import { DataPaths } from "../store/paths.ts";
import { holdFiles } from "../store/reading.ts";
import { variable } from "../run/environment.ts";
import { describeError, EXIT, type ExitStatus, explained, UserError } from "../run/error.ts";
import { LedgerRow, type RunStatus } from "./ledger.ts";
import { checkDays, DAYS } from "../run/option.ts";
import { Progress } from "../run/progress.ts";
import { readStudy, type Study } from "../study/study.ts";

/** An option of a task, as `--help` shows it. */
export interface CommandOption {
  /** Such as `--for <time>`. */
  flags: string;
  description: string;
  /**
   * Give the typed value; throws a `RangeError` that explains the error in the text. An option that
   * may be repeated adds to its earlier value.
   */
  // deno-lint-ignore no-explicit-any
  parse?: (text: string, before?: any) => unknown;
  /**
   * Only on an option of earlier versions, which crontabs keep for years: accepted, not shown, and
   * refused beside the options that are named here without their dashes.
   */
  old?: { notWith: string[] };
}

/** The inputs of a task; effects are passed in, so that tests can run it in their own process. */
export interface Context {
  paths: DataPaths;
  study: Study;
  /** Path of the study file, for error messages. */
  studyPath: string;
  database: Database;
  progress: Progress;
  /** Aborted by SIGINT, SIGTERM and SIGHUP: make everything durable, then give `stopped`. */
  signal: AbortSignal;
  runId: string;
  /** Say something that does not stop the run, at once and again in its ledger row. */
  warn(text: string): void;
}

/** The outcome of a task. */
export interface Outcome {
  /** The counts, for `--json` and the ledger. */
  summary: Record<string, unknown>;
  /** The same for people, printed to stdout. */
  text: string;
  /** True where another run has work left to do (exit status 4). */
  stopped?: boolean;
  /** Errors of a run that did the rest (exit status 1). */
  errors?: UserError[];
}

/** A task, declared as data. */
export interface Command {
  task: string;
  description: string;
  /** Positional arguments, such as `<file>`. */
  arguments?: { name: string; description: string }[];
  /** True where arguments name posts or accounts, which must not stand in the ledger. */
  hasPrivateArguments?: boolean;
  options: CommandOption[];
  examples: string[];
  /** False for read-only tasks: they leave no row in the ledger, and do not clean up after others. */
  ledger?: boolean;
  /**
   * False for tasks that may run for hours: they hold files only while they read them (`reading.ts`), so
   * that `compact` need not wait for them.
   */
  holdsFiles?: boolean;
  /** A data folder under the root instead of the study's; overrides the environment. */
  data?: string;
  /** A study file under the root, for a task that takes no other: it has no `--study`. */
  study?: string;
  /** Called where the study file cannot be read; the task then ends with that error. */
  unreadable?(
    context: Pick<Context, "paths" | "studyPath" | "signal" | "warn">,
    error: UserError,
    // deno-lint-ignore no-explicit-any
    options: any,
  ): Promise<void>;
  // deno-lint-ignore no-explicit-any
  run(context: Context, options: any, ...args: string[]): Promise<Outcome>;
}

/** Columns of the help; descriptions are broken by hand before. */
const HELP_WIDTH = 110;

const ROOT = new URL("../../", import.meta.url);

/** Run a task with arguments and give its exit status; prints as the command line does. */
export async function runCommand(command: Command, args: string[]): Promise<ExitStatus> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    // A closed session sends a hang-up; its tasks end as at SIGTERM.
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  try {
    return await parseAndRun(command, args, stop.signal);
  } catch (error) {
    return printError(error);
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  }
}

async function parseAndRun(
  command: Command,
  args: string[],
  signal: AbortSignal,
): Promise<ExitStatus> {
  const parsed = parseArguments(command, args);
  if (parsed === undefined) return EXIT.done;
  const { program, given } = parsed;
  const { json, data, study: studyPath = rootPath(command.study!), ...options } = program.opts();
  const paths = new DataPaths(resolve(dataFolder(data, command.task)));
  const progress = new Progress();
  const warnings: string[] = [];
  const warn = (text: string) => {
    warnings.push(text);
    progress.say(`warning: ${text}`);
  };
  let study: Study;
  try {
    if (studyPath.trim() === "") throw noStudy(command.task);
    study = readStudy(resolve(studyPath));
  } catch (error) {
    if (error instanceof UserError) {
      const context = { paths, studyPath: resolve(studyPath), signal, warn };
      await command.unreadable?.(context, error, options);
    }
    throw error;
  }
  using database = await openDatabase(paths.root, command.ledger === false);
  const studyHash = createHash("sha256").update(JSON.stringify(study)).digest("hex").slice(0, 16);
  const ledger = command.ledger === false ? undefined : new LedgerRow(
    paths,
    command.task,
    command.hasPrivateArguments
      ? given.map((text) => program.args.includes(text) ? "…" : text)
      : given,
    studyHash,
  );
  await ledger?.write(database);
  const end = async (status: RunStatus, exit: ExitStatus, summary: unknown, error?: unknown) => {
    progress.clear();
    await ledger?.write(database, {
      status,
      exit_status: exit,
      summary,
      warnings,
      error: error === undefined ? undefined : describeError(error),
    });
    return exit;
  };
  await using held = new AsyncDisposableStack();
  let outcome: Outcome;
  try {
    if (command.holdsFiles !== false) held.use(await holdFiles(paths));
    outcome = await command.run(
      {
        paths,
        study: withDataNotice(study, paths),
        studyPath: resolve(studyPath),
        database,
        progress,
        signal,
        runId: ledger?.runId ?? "",
        warn,
      },
      options,
      ...program.args,
    );
  } catch (thrown) {
    const error = await damageBehind(thrown, database, paths.root, `run ${command.task}`);
    const exit = error instanceof UserError ? error.exitCode : EXIT.failed;
    try {
      await end(exit === EXIT.busy ? "busy" : "failed", exit, null, error);
    } catch (ledgerError) {
      // A full disk stops both; the run's own error must be shown.
      printError(ledgerError);
    }
    throw error;
  }
  const errors = outcome.errors ?? [];
  const exit = errors.length > 0 ? EXIT.failed : outcome.stopped ? EXIT.stopped : EXIT.done;
  const status = errors.length > 0 ? "failed" : outcome.stopped ? "stopped" : "done";
  await end(status, exit, outcome.summary, errors[0]);
  console.log(json ? JSON.stringify({ ...outcome.summary, warnings, status }) : outcome.text);
  for (const error of errors) printError(error);
  return exit;
}

/** Throws the usage error with which a task would refuse its arguments, and runs nothing. */
export function checkArguments(command: Command, args: string[]): void {
  parseArguments(command, args);
}

/** Read the arguments of a task; undefined where its help was asked for and is printed. */
function parseArguments(
  command: Command,
  args: string[],
): { program: Commander; given: string[] } | undefined {
  const program = declare(command);
  // `deno task x -- --flag` passes the dashes on.
  const given = args[0] === "--" ? args.slice(1) : args;
  try {
    program.parse(given, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new UserError(
      `run ${command.task}`,
      error.message.replace(/^error: /, "").replace(/\n/g, " "),
      `See deno task ${command.task} --help`,
      { exitCode: EXIT.usage, cause: error },
    );
  }
  if (DAYS.every((option) => command.options.includes(option))) {
    checkDays(command.task, program.opts());
  }
  return { program, given };
}

function declare(command: Command): Commander {
  const program = new Commander(`deno task ${command.task}`)
    .description(command.description)
    .exitOverride()
    .configureHelp({ helpWidth: HELP_WIDTH })
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .allowExcessArguments(false);
  for (const { name, description } of command.arguments ?? []) program.argument(name, description);
  for (const { flags, description, parse, old } of command.options) {
    const option = new Option(flags, description);
    if (old) option.hideHelp().conflicts(old.notWith);
    if (parse) {
      option.argParser((text: string, before: unknown) =>
        parseOption((text) => parse(text, before), text, flags, command.task)
      );
    }
    program.addOption(option);
  }
  program.option(
    "--data <dir>",
    "data folder",
    command.data ? rootPath(command.data) : variable("CIVICSKY_DATA") ?? rootPath("data"),
  );
  if (command.study === undefined) {
    const study = variable("CIVICSKY_STUDY") ?? rootPath("study.yaml");
    program.option("--study <file>", "study file", study);
  }
  program
    .option("--json", "print the summary as JSON")
    .addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  ${line}`).join("\n")}`);
  return program;
}

function rootPath(name: string): string {
  return fileURLToPath(new URL(name, ROOT));
}

function printError(thrown: unknown): ExitStatus {
  const error = explained(thrown);
  if (error instanceof UserError) {
    console.error(error.format());
    return error.exitCode;
  }
  console.error(error);
  return EXIT.failed;
}

/** Parse the value of an option; an invalid value is a usage error. */
function parseOption(
  parse: (text: string) => unknown,
  text: string,
  flags: string,
  task: string,
): unknown {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new UserError(
      `run ${task}`,
      `${flags.split(" ")[0]} ${JSON.stringify(text)} ${cause.message}`,
      `See deno task ${task} --help`,
      { exitCode: EXIT.usage, cause },
    );
  }
}

/** An empty variable in a script must not make the working folder the study. */
function noStudy(task: string): UserError {
  return new UserError(
    `run ${task}`,
    "--study names no file",
    "Name the study file with --study FILE or CIVICSKY_STUDY",
    { exitCode: EXIT.usage },
  );
}

/**
 * Give the data folder of a task; throws a usage error for an impossible one.
 *
 * An empty variable in a crontab must not make the root of the checkout the data folder.
 */
function dataFolder(folder: string, task: string): string {
  const wrong = (found: string) =>
    new UserError(`run ${task}`, found, "Name a folder with --data or CIVICSKY_DATA", {
      exitCode: EXIT.usage,
    });
  if (folder.trim() === "") throw wrong("--data names no folder");
  try {
    if (!Deno.statSync(folder).isDirectory) throw wrong(`${folder} is not a folder`);
  } catch (error) {
    if (error instanceof Deno.errors.NotADirectory) throw wrong(`${folder} is not a folder`);
    if (error instanceof Deno.errors.NotCapable) {
      throw wrong(`${folder} belongs to the operating system, and tasks may not use it`);
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return folder;
}

/**
 * Give a study with the notice of a data folder, such as "demo data", before its own.
 *
 * The notice of a folder holds for every study file. Throws where the
 * folder's notice cannot be read.
 */
function withDataNotice(study: Study, paths: DataPaths): Study {
  const notices = new Set([readNotice(paths.notice()), study.notice ?? ""]);
  notices.delete("");
  return notices.size === 0 ? study : { ...study, notice: [...notices].join(" ") };
}

function readNotice(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim().replace(/\s+/g, " ");
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return "";
    throw new UserError(
      "read the notice of the data",
      describeError(cause),
      `Give the user that runs this the right to read ${path}`,
      { cause },
    );
  }
}
