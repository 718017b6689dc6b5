import { z } from "zod";
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
    try {
      return StoredSession.safeParse(JSON.parse(Deno.readTextFileSync(this.paths.session()))).data;
    } catch (error) {
      // A login makes a new one, so that a damaged file need not be mended.
      if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** Keep a session in the place of the one before; a reader sees one or the other. */
  write(session: StoredSession): void {
    const path = this.paths.session();
    const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
    Deno.mkdirSync(this.paths.root, { recursive: true });
    try {
      const options = { createNew: true, write: true, mode: 0o600 };
      using file = Deno.openSync(beside, options);
      const bytes = new TextEncoder().encode(JSON.stringify(session));
      for (let written = 0; written < bytes.length;) {
        written += file.writeSync(bytes.subarray(written));
      }
      file.syncSync();
      Deno.renameSync(beside, path);
    } catch (error) {
      remove(beside);
      throw error;
    }
  }

  /** Forget the session, where the server takes it no more. */
  remove(): void {
    remove(this.paths.session());
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
