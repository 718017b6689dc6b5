/** Takes requests of a day's quota until it is used up: prints `.` for each, and `used up` at the end. */
import { DayUse } from "../../../etl/quota/day_use.ts";
import { Pacer } from "../../../etl/quota/pacer.ts";
import { REQUEST } from "./turned_clock.ts";

const [folder, quotas] = Deno.args as [string, string];
await using dayUse = await DayUse.open(folder);
const pacer = new Pacer(JSON.parse(quotas), { dayUse });
const stop = new AbortController();
const watch = setInterval(
  () => pacer.waiting?.reason.includes("used up") && stop.abort(),
  20,
);
console.log("ready");
while (await pacer.take(REQUEST, stop.signal)) console.log(".");
clearInterval(watch);
console.log("used up");
