import { channels } from "../watch/channel.ts";
import type { Examination } from "./examination.ts";
import { type Finding, note, ok, warning } from "./finding.ts";

/** Check whether a failure would reach anybody; sends nothing. */
export function notices({ study }: Examination): Finding[] {
  const wrong: string[] = [];
  const found = channels({ study, warn: (text) => wrong.push(text) });
  if (wrong.length > 0) {
    return wrong.map((text) => warning(text, "Write the whole address, with https:// before it"));
  }
  if (found.length > 0) {
    return [ok(`failures are reported by ${found.map(({ name }) => name).join(", ")}`)];
  }
  return [note(
    "nobody is told when a run fails",
    "Name a webhook or a program in notify of study.yaml, or CIVICSKY_WEBHOOK in .env",
  )];
}
