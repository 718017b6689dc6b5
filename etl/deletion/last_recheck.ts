import { now } from "../run/clock.ts";
import { z } from "zod";
import { StateFile } from "../store/state_file.ts";
import type { DataPaths } from "../store/paths.ts";

/** An older recheck says little about present deletions. */
const RECENT_DAYS = 7;
const DAY_MS = 86_400_000;

/** The time of the last recheck for deleted posts. */
export interface LastRecheck {
  /** ISO time, null where no round was ever finished. */
  completed_at: string | null;
  /** For codebooks and methods. */
  sentence: string;
  /** Set where a recheck should precede any release of data. */
  warning: string | undefined;
}

/** Give when every post was last rechecked at the AppView. */
export function lastRecheck(paths: DataPaths): LastRecheck {
  const state = recheckFile(paths).read();
  const remedy = "run deno task forget --recheck before anything leaves the study";
  if (state?.completed_at == null) {
    const begun = state === undefined ? "never rechecked" : "only partly rechecked so far";
    return {
      completed_at: null,
      sentence: `The posts were ${begun}: deletions that no stream reported are unknown.`,
      warning: `deletions that no stream reported are unknown: ${remedy}`,
    };
  }
  const days = (now().getTime() - Date.parse(state.completed_at)) / DAY_MS;
  const when = `${state.completed_at.slice(0, 16).replace("T", " ")} UTC`;
  return {
    completed_at: state.completed_at,
    sentence: `All posts were last rechecked at the AppView on ${when}: of ${state.asked}, ` +
      `${state.posts_gone} were gone, and ${state.accounts_gone} accounts.`,
    warning: days <= RECENT_DAYS
      ? undefined
      : `the last recheck ended ${Math.floor(days)} days ago: ${remedy}`,
  };
}

const count = z.int().min(0);
const State = z.strictObject({
  started_at: z.iso.datetime(),
  /** Null until every post was rechecked. */
  completed_at: z.iso.datetime().nullable(),
  /** Keyed hash of the last rechecked uri. */
  after: z.string().regex(/^[0-9a-f]{0,64}$/),
  asked: count,
  posts_gone: count,
  accounts_gone: count,
  accounts_deactivated: count,
  accounts_back: count,
  /** Posts that are missing from an answer for a reason that is not theirs. */
  unknown: count,
});

/** The progress of a round of rechecks; names no post. */
export type RecheckState = z.infer<typeof State>;

/** The state of the last round; there is none before the first. */
export function recheckFile(paths: DataPaths): StateFile<RecheckState> {
  return new StateFile(paths.recheck(), State, {
    found: "it does not hold the state of a round",
    remedy: "Remove it: the next round then begins anew",
  });
}
