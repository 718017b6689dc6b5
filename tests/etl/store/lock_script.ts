/**
 * Takes and gives back locks as it is told, a line each: `lock NAME` answers `got` or what the error
 * prints with its exit status, `unlock` answers `gone`.
 */
import { UserError } from "../../../etl/run/error.ts";
import { lock } from "../../../etl/store/lock.ts";

const [folder] = Deno.args as [string];
let held: AsyncDisposable | undefined;
for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const [order, name] = line.trim().split(" ");
  if (order === "unlock") {
    await held?.[Symbol.asyncDispose]();
    held = undefined;
    console.log("gone");
    continue;
  }
  try {
    held = await lock(folder, name!, "run sync:firehose");
    console.log("got");
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.log(JSON.stringify({ text: error.format(), exit: error.exitCode }));
  }
}
