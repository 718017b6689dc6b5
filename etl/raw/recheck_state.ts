import { z } from "zod";
import { UserError } from "../run/error.ts";
import { sync } from "../store/parquet.ts";
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

/** Read the state of the last round, undefined where there was none. Throws where it is damaged. */
export async function readRecheck(paths: DataPaths): Promise<RecheckState | undefined> {
  const path = paths.recheck();
  try {
    return State.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    throw new UserError(
      `read ${path}`,
      "it does not hold the state of a round",
      "Remove it: the next round then begins anew",
      { cause },
    );
  }
}

/** Write the state of a round; it is durable when this returns. */
export async function writeRecheck(paths: DataPaths, state: RecheckState): Promise<void> {
  const path = paths.recheck();
  const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  await Deno.writeTextFile(beside, `${JSON.stringify(state, undefined, 2)}\n`);
  await sync(beside);
  await Deno.rename(beside, path);
  await sync(paths.root);
}
