/**
 * Takes requests of a shared quota as it is told, a line each: `take N` answers `.` for each that it
 * took and then `done`, or `used up`, or `older run`; `processes` answers how many share; `end` gives the
 * share back.
 */
import { Pacer } from "../../../classifiers/engine/quota/pacer.ts";
import { QuotaLease } from "../../../classifiers/engine/quota/quota_lease.ts";
import { NEVER, REQUEST } from "./turned_clock.ts";

const [folder, quotas, strict] = Deno.args as [string, string, string?];
const lease = await QuotaLease.open(folder);
const pacer = new Pacer(JSON.parse(quotas), { lease, strict: strict === "strict" });

async function take(count: number): Promise<string> {
  const stop = new AbortController();
  let answer = "done";
  const watch = setInterval(() => {
    const reason = pacer.waiting?.reason.match(/used up|older run/)?.[0];
    if (reason === undefined) return;
    answer = reason;
    stop.abort();
  }, 20);
  while (count-- > 0 && await pacer.take(REQUEST, stop.signal)) console.log(".");
  clearInterval(watch);
  return answer;
}

console.log("ready");
for await (const lines of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const line of lines.trim().split("\n")) {
    const [order, count] = line.split(" ");
    if (order === "take") console.log(await take(Number(count)));
    if (order === "one") console.log(await pacer.take(REQUEST, NEVER));
    if (order === "processes") console.log(lease.processes);
    if (order === "end") {
      await lease[Symbol.asyncDispose]();
      console.log("gone");
    }
  }
}
