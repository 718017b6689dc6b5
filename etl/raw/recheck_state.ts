import { z } from "zod";
import { StateFile } from "../store/state_file.ts";
import type { DataPaths } from "../store/paths.ts";

const count = z.int().min(0);
const State = z.strictObject({
  started_at: z.iso.datetime(),
  /** Null until every post was asked for. */
  completed_at: z.iso.datetime().nullable(),
  /** Keyed hash of the last uri that was asked for. */
  after: z.string().regex(/^[0-9a-f]{0,64}$/),
  asked: count,
  posts_gone: count,
  accounts_gone: count,
  accounts_deactivated: count,
  accounts_back: count,
  /** Posts that are missing from an answer for a reason that is not theirs. */
  unknown: count,
});

/** How far a round of asking after every post has come; names no post. */
export type RecheckState = z.infer<typeof State>;

/** The state of the last round; there is none before the first. */
export function recheckFile(paths: DataPaths): StateFile<RecheckState> {
  return new StateFile(paths.recheck(), State, {
    found: "it does not hold the state of a round",
    remedy: "Remove it: the next round then begins anew",
  });
}
