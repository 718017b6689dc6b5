import { describeError, EXIT, UserError } from "./error.ts";
import { readText } from "./text_file.ts";
import { AsyncLocalStorage } from "node:async_hooks";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";

const ROOT = new URL("../../", import.meta.url);
/** As the name of the file: none is read. */
const NO_FILE = "none";

/** Every environment variable that civicsky reads; the README's table is checked against it. */
export const VARIABLES = [
  "CIVICSKY_DATA",
  "CIVICSKY_STUDY",
  "CIVICSKY_CLOCK",
  "CIVICSKY_ENV_FILE",
  "BLUESKY_RELAY",
  "BLUESKY_JETSTREAM",
  "BLUESKY_APPVIEW",
  "BLUESKY_PDS",
  "BLUESKY_HANDLE",
  "BLUESKY_APP_PASSWORD",
  "PERSPECTIVE_API_KEY",
  "PERSPECTIVE_ROOT_URL",
  "GROQ_API_KEY",
  "GROQ_BASE_URL",
  "CIVICSKY_WEBHOOK",
  "CIVICSKY_HEARTBEAT",
  "LC_ALL",
  "LC_CTYPE",
  "LANG",
] as const;
/** Those that are secret: tasks that ask nobody do not get them. */
export const SECRETS: readonly (typeof VARIABLES[number])[] = [
  "BLUESKY_APP_PASSWORD",
  "PERSPECTIVE_API_KEY",
  "GROQ_API_KEY",
  "CIVICSKY_WEBHOOK",
  "CIVICSKY_HEARTBEAT",
];
/** The name of an environment variable that civicsky reads. */
export type Variable = typeof VARIABLES[number];

/**
 * The variables of a run with its own environment within this process, as tests
 * give their runs. It hides the environment of the process and the file.
 */
export const ownEnvironment = new AsyncLocalStorage<Readonly<Record<string, string>>>();

let commonEnvironment: Readonly<Record<string, string>> | undefined;

/** Set the environment for everything in this process that has none of its own. */
export function setCommonEnvironment(variables: Readonly<Record<string, string>>): void {
  commonEnvironment = variables;
}

function givenEnvironment(): Readonly<Record<string, string>> | undefined {
  return ownEnvironment.getStore() ?? commonEnvironment;
}

/**
 * Give the value of an environment variable, or undefined where it is unset or empty.
 *
 * The environment beats the file `.env` beside `deno.json`, or the one that `CIVICSKY_ENV_FILE` names. A
 * variable that the task's permissions leave out is undefined, wherever it is set.
 */
export const variable = environment();

/** Make a reader of variables that looks into the environment, then into a file, read once. */
export function environment(path?: string): (name: Variable) => string | undefined {
  let fromFile: Record<string, string | undefined> | undefined;
  return (name) => {
    if (givenEnvironment()) return systemVariable(name)?.trim() || undefined;
    if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return;
    fromFile ??= readEnvFile(path);
    return Deno.env.get(name)?.trim() || fromFile[name]?.trim() || undefined;
  };
}

/** Give a variable of the system, such as `PATH`, as it is set. */
export function systemVariable(name: string): string | undefined {
  const own = givenEnvironment();
  return own ? own[name] : Deno.env.get(name);
}

/**
 * List the variables whose value in this environment differs from the file `.env`: processes started
 * from elsewhere lack them, or have other values.
 */
export function notInFile(
  path?: string,
): Variable[] {
  const fromFile = givenEnvironment() ? {} : readEnvFile(path);
  return VARIABLES.filter((name) => {
    // The file cannot name itself.
    if (name === "CIVICSKY_ENV_FILE") return false;
    const set = systemVariable(name)?.trim();
    return set && set !== fromFile[name]?.trim();
  });
}

/**
 * Give the environment of a process with these variables and no others of ours, regardless of what
 * this process has and `.env` says.
 */
export function onlyThese(variables: Partial<Record<Variable, string>>): Record<string, string> {
  const unset = Object.fromEntries(VARIABLES.map((name) => [name, ""]));
  return { ...unset, CIVICSKY_ENV_FILE: NO_FILE, ...variables };
}

/** Throws a usage error where the file that `CIVICSKY_ENV_FILE` names is not there, or none can be read. */
function readEnvFile(path?: string): Record<string, string | undefined> {
  const named = Deno.env.get("CIVICSKY_ENV_FILE")?.trim();
  const file = path ?? (named || fileURLToPath(new URL(".env", ROOT)));
  if (file === NO_FILE) return {};
  try {
    return parseEnv(readText(file));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    if (cause instanceof Deno.errors.NotFound && file !== named) return {};
    throw new UserError(
      `read the variables in ${file}`,
      cause instanceof Deno.errors.NotFound ? "there is no such file" : describeError(cause),
      file === named
        ? "Mend or unset CIVICSKY_ENV_FILE"
        : "Make it a file in UTF-8 that you can read",
      { exitCode: EXIT.usage, cause },
    );
  }
}
