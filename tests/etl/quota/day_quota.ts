/** Quotas of a day, and what is left of them. */
import type { Pacer } from "../../../etl/quota/pacer.ts";
import type { Quota } from "../../../etl/quota/quota.ts";
import { REQUEST } from "../../classifiers/engine/turned_clock.ts";

export const DAY = 86_400_000;

/** Give a quota of so many requests a day. */
export function perDay(amount: number): Quota {
  return { unit: "requests", amount, perMs: DAY };
}

/** Take until a day's quota is used up; gives how many that were. */
export async function exhaust(pacer: Pacer): Promise<number> {
  const stop = new AbortController();
  const watch = setInterval(() => pacer.waiting?.reason.includes("used up") && stop.abort(), 5);
  let taken = 0;
  while (await pacer.take(REQUEST, stop.signal)) taken++;
  clearInterval(watch);
  return taken;
}
