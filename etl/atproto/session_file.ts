import { z } from "zod";
import { ifThereSync } from "../run/if_there.ts";
import { replaceTextSync } from "../store/whole_file.ts";
import type { DataPaths } from "../store/paths.ts";

/** The tokens of a login, and what they are for. */
const StoredSession = z.object({
  /** The server that gave them, and the name that was logged in with there. */
  pds: z.string(),
  identifier: z.string(),
  did: z.string().startsWith("did:"),
  handle: z.string(),
  accessJwt: z.string().min(1),
  refreshJwt: z.string().min(1),
  active: z.boolean(),
});
export type StoredSession = z.infer<typeof StoredSession>;

/** Keeps the tokens of a login from one run to the next, in a file that its owner alone can read. */
export class SessionFile {
  constructor(readonly paths: DataPaths) {}

  /** Give what is kept; undefined where there is nothing, or nothing that can be read as a session. */
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

  /** Keep a session in the place of the one before; a reader sees one or the other. */
  write(session: StoredSession): void {
    replaceTextSync(this.paths.session(), JSON.stringify(session), 0o600);
  }

  /** Forget the session, where the server takes it no more. */
  remove(): void {
    ifThereSync(() => Deno.removeSync(this.paths.session()));
  }
}
