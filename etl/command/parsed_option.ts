import { EXIT, UserError } from "../run/error.ts";

/** Give what was typed for an option, as its parser reads it; what it refuses is a usage error. */
export function parseOption(
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
