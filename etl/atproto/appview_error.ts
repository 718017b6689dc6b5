import { XRPCError } from "@atproto/api";
import type { AppView } from "./appview.ts";
import { describeError, EXIT, UserError } from "../run/error.ts";

/** A token, and an app password. */
const SECRET = /\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b[a-z0-9]{4}(-[a-z0-9]{4}){3}\b/g;

/**
 * Give the error for a refusal of an AppView, with its remedy.
 *
 * It quotes the server's text without anything like a secret, as a server may repeat the request.
 */
export function appViewError(
  doing: string,
  { service, options: { session } }: Pick<AppView, "service" | "options">,
  error: unknown,
): UserError {
  if (error instanceof UserError) return error;
  const loginWanted = error instanceof XRPCError && error.status === 401;
  const said = describeError(error).replace(SECRET, "…");
  if (session && !(error instanceof XRPCError && error.status >= 100)) {
    return new UserError(
      doing,
      `the PDS ${session.pds}: ${said}`,
      "Check the address of the PDS (BLUESKY_PDS) and the network, then run the task again",
      { exitCode: EXIT.failed, cause: error },
    );
  }
  const asked = session ? `${service}, asked through the PDS ${session.pds}` : service;
  return new UserError(
    doing,
    loginWanted ? `${service} requires a login (${said})` : `${asked}: ${said}`,
    loginWanted
      ? "Set BLUESKY_HANDLE and BLUESKY_APP_PASSWORD in .env (see .env.example), then run it again"
      : `Check the address (BLUESKY_APPVIEW or --appview${
        session ? "; BLUESKY_PDS" : ""
      }) and the network, then run the task again`,
    { exitCode: EXIT.failed, cause: error },
  );
}
