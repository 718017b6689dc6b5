import { AtpAgent, CredentialSession, XRPCError } from "@atproto/api";
import { variable } from "../run/environment.ts";
import { EXIT, UserError } from "../run/error.ts";
import { urlVariable } from "../run/option.ts";
import type { DataPaths } from "../store/paths.ts";
import { SessionFile } from "./session_file.ts";

/** The login server of accounts that Bluesky hosts; it passes requests on to the PDS of each. */
const ENTRYWAY = "https://bsky.social";

/** An account and its app password. */
export interface Login {
  /** Handle or did. */
  identifier: string;
  password: string;
  /** Base URL of the PDS. */
  pds: string;
}

/**
 * A login with an app password: its tokens are kept between runs, renewed, and replaced when the
 * server rejects them.
 */
export class Session {
  readonly #login: Login;
  readonly #file: SessionFile;
  #credentials: CredentialSession | undefined;
  #hasResumed = false;

  constructor(login: Login, file: SessionFile) {
    this.#login = login;
    this.#file = file;
  }

  /**
   * Give the session that `BLUESKY_HANDLE` and `BLUESKY_APP_PASSWORD` name, undefined without them.
   *
   * An AppView on this machine needs a PDS on this machine: no other could reach it.
   * Throws a usage error where one is set and the other is not.
   */
  static fromEnvironment(paths: DataPaths, appView: string): Session | undefined {
    const identifier = variable("BLUESKY_HANDLE")?.replace(/^@/, "");
    const password = variable("BLUESKY_APP_PASSWORD");
    const pds = urlVariable("BLUESKY_PDS", "https:", "http:") ?? ENTRYWAY;
    if ((identifier === undefined) !== (password === undefined)) {
      const missing = identifier === undefined ? "BLUESKY_HANDLE" : "BLUESKY_APP_PASSWORD";
      throw new UserError(
        "log in",
        `${missing} is not set`,
        "Set BLUESKY_HANDLE and BLUESKY_APP_PASSWORD in .env (see .env.example), or neither",
        { exitCode: EXIT.usage },
      );
    }
    if (identifier === undefined || password === undefined) return undefined;
    if (isHere(appView) && !isHere(pds)) return undefined;
    return new Session({ identifier, password, pds }, new SessionFile(paths));
  }

  /** Base URL of the PDS, which every request goes to. */
  get pds(): string {
    return this.#login.pds;
  }

  /** Give an agent whose requests go to the PDS, which passes them on to an AppView. */
  agent(appView: string, fetch: typeof globalThis.fetch): AtpAgent {
    const { pds, identifier } = this.#login;
    this.#credentials = new CredentialSession(new URL(pds), fetch, (event, session) => {
      if (event === "expired") this.#file.remove();
      if (event !== "create" && event !== "update" || session === undefined) return;
      const { did, handle, accessJwt, refreshJwt, active } = session;
      this.#file.write({ pds, identifier, did, handle, accessJwt, refreshJwt, active });
    });
    const agent = new AtpAgent(this.#credentials);
    agent.configureProxy(`${appViewDid(appView)}#bsky_appview`);
    return agent;
  }

  /** Whether there is a session that the server has not ended. */
  get isOpen(): boolean {
    return this.#credentials?.hasSession ?? false;
  }

  /**
   * Ensure a session: the stored one, renewed, else a new one.
   *
   * Throws a `UserError` where the login is refused, and an `XRPCError` for a temporary failure.
   */
  async open(): Promise<void> {
    const credentials = this.#credentials;
    if (credentials === undefined || this.isOpen) return;
    const { identifier, password, pds } = this.#login;
    const kept = this.#hasResumed ? undefined : this.#file.read();
    this.#hasResumed = true;
    if (kept?.pds === pds && kept.identifier === identifier) {
      try {
        await credentials.resumeSession(kept);
        return;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        credentials.session = undefined;
      }
    }
    try {
      await credentials.login({ identifier, password });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw new UserError(
        `log in at ${new URL(pds).host}`,
        `it refuses the handle or the app password (${nameOf(error)})`,
        "Check BLUESKY_HANDLE and BLUESKY_APP_PASSWORD (an app password, from the app's settings), " +
          "or unset both to ask without login",
        // The server's own message is left out: it may repeat the request.
        { exitCode: EXIT.usage },
      );
    }
  }
}

function isRefusal(error: unknown): error is XRPCError {
  return error instanceof XRPCError && error.status >= 400 && error.status < 500 &&
    error.status !== 429;
}

function nameOf({ error, status }: XRPCError): string {
  return /^[A-Za-z]{1,40}$/.test(error) ? error : `HTTP ${status}`;
}

/** Give the did of an AppView; the public address belongs to the same AppView. */
function appViewDid(service: string): `did:web:${string}` {
  const host = new URL(service).host.replace(/^public\.api\.bsky\.app$/, "api.bsky.app");
  return `did:web:${host.replace(":", "%3A")}`;
}

function isHere(service: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(new URL(service).hostname);
}
