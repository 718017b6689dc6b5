/** Sets environment variables as it is told, a JSON object a line, and says what is read from them. */
import { now } from "../../../etl/run/clock.ts";
import { environment } from "../../../etl/run/environment.ts";
import { UserError } from "../../../etl/run/error.ts";

const [file] = Deno.args as [string];
for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const [name, value] of Object.entries<string | null>(JSON.parse(line))) {
    if (value === null) Deno.env.delete(name);
    else Deno.env.set(name, value);
  }
  console.log(JSON.stringify({ ...time(), appview: environment(file)("BLUESKY_APPVIEW") }));
}

function time(): { now?: Date; text?: string; exit?: number } {
  try {
    return { now: now() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { text: error.format(), exit: error.exitCode };
  }
}
