import { z } from "zod";
import { ifThereSync } from "../store/if_there.ts";
import { replaceTextSync } from "../store/whole_file.ts";
import type { DataPaths } from "../store/paths.ts";

/** The tokens of a login, with their server and account. */
const StoredSession = z.object({
  /** The server that gave them, and the login name there. */
  pds: z.string(),
  identifier: z.string(),
  did: z.string().startsWith("did:"),
  handle: z.string(),
  accessJwt: z.string().min(1),
  refreshJwt: z.string().min(1),
  active: z.boolean(),
});
/** A login session, as its file keeps it. */
type StoredSession = z.infer<typeof StoredSession>;

/** Keeps the tokens of a login between runs, in a file that only its owner can read. */
export class SessionFile {
  constructor(readonly paths: DataPaths) {}

  /** Give the stored session; undefined where there is none or it is unreadable. */
  read(): StoredSession | undefined {
    const text = ifThereSync(() => Deno.readTextFileSync(this.paths.session()));
    if (text === undefined) return undefined;
    try {
      return StoredSession.safeParse(JSON.parse(text)).data;
    } catch (error) {
      // A login makes a new one, so that a damaged file need not be mended.
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** Replace the stored session; a reader sees the old or the new one. */
  write(session: StoredSession): void {
    replaceTextSync(this.paths.session(), JSON.stringify(session), 0o600);
  }

  /** Remove the session after the server rejects it. */
  remove(): void {
    ifThereSync(() => Deno.removeSync(this.paths.session()));
  }
}
