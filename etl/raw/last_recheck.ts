import { now } from "../run/clock.ts";
import { recheckFile } from "./recheck_state.ts";
import type { DataPaths } from "../store/paths.ts";

/** A recheck that ended longer ago says little of what is deleted today. */
const RECENT_DAYS = 7;
const DAY_MS = 86_400_000;

/** When it was last asked which posts are gone. */
export interface LastRecheck {
  /** ISO time, null where no round was ever finished. */
  completed_at: string | null;
  /** For codebooks and methods. */
  sentence: string;
  /** Set where posts should be asked for again before anything leaves the study. */
  warning: string | undefined;
}

/** Say when every post was last asked for at the AppView. */
export function lastRecheck(paths: DataPaths): LastRecheck {
  const state = recheckFile(paths).read();
  const remedy = "run deno task forget --recheck before anything leaves the study";
  if (state?.completed_at == null) {
    const begun = state === undefined
      ? "never asked for again"
      : "being asked for again, not all yet";
    return {
      completed_at: null,
      sentence: `The posts were ${begun}: deletions that no stream told of are not known.`,
      warning: `it is not known which posts were deleted unseen: ${remedy}`,
    };
  }
  const days = (now().getTime() - Date.parse(state.completed_at)) / DAY_MS;
  const when = `${state.completed_at.slice(0, 16).replace("T", " ")} UTC`;
  return {
    completed_at: state.completed_at,
    sentence: `All posts were last asked for at the AppView on ${when}: of ${state.asked}, ` +
      `${state.posts_gone} were gone, and ${state.accounts_gone} accounts.`,
    warning: days <= RECENT_DAYS
      ? undefined
      : `the last recheck ended ${Math.floor(days)} days ago: ${remedy}`,
  };
}
