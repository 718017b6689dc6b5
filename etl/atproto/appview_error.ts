import { XRPCError } from "@atproto/api";
import { describeError, EXIT, UserError } from "../run/error.ts";

/** A token, and an app password. */
const SECRET = /\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b[a-z0-9]{4}(-[a-z0-9]{4}){3}\b/g;

/**
 * Give the error for something that an AppView would not do, with what to do about it.
 *
 * What the server wrote is quoted, but for what looks like a secret: a server may repeat what it was sent.
 */
export function appViewError(doing: string, service: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  const loginWanted = error instanceof XRPCError && error.status === 401;
  const said = describeError(error).replace(SECRET, "…");
  return new UserError(
    doing,
    loginWanted ? `${service} wants a login (${said})` : `${service}: ${said}`,
    loginWanted
      ? "Set BLUESKY_HANDLE and BLUESKY_APP_PASSWORD in .env (see .env.example), then run it again"
      : "Check the address (BLUESKY_APPVIEW or --appview; BLUESKY_PDS with a login) and the network, " +
        "then run the task again",
    { exitCode: EXIT.failed, cause: error },
  );
}
