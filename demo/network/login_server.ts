/** The logins of a PDS: app password in, short-lived tokens out, as `com.atproto.server.*` has them. */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";

const ACCESS_SECONDS = 2 * 3600;
const REFRESH_SECONDS = 90 * 24 * 3600;
const SCOPE = { access: "com.atproto.appPass", refresh: "com.atproto.refresh" } as const;
type Kind = keyof typeof SCOPE;

/** An account that can log in at the demo's login server. */
export interface LoginAccount {
  did: string;
  handle: string;
  /** Its app password. */
  password: string;
}

/** An error as XRPC answers it. */
export class XrpcError extends Error {
  constructor(readonly status: number, readonly error: string, message: string) {
    super(message);
  }
}

/** Gives tokens to one account, and knows which of them are valid. */
export class LoginServer {
  #key = crypto.randomUUID();
  /** Tokens say which epoch they are of; those of an earlier one are expired or revoked. */
  #epoch = { access: 0, refresh: 0 };
  /** Every token given, in order. */
  readonly tokens: string[] = [];

  constructor(readonly account: LoginAccount, readonly pds: () => string) {}

  /** Let the access tokens given so far be expired. */
  expireAccess(): void {
    this.#epoch.access++;
  }

  /** Take back the refresh tokens given so far, as when the app password is removed. */
  revokeRefresh(): void {
    this.#epoch.refresh++;
  }

  /** Answer a method of `com.atproto.server`, undefined for methods outside of logins. */
  async answer(method: string, request: Request): Promise<Record<string, unknown> | undefined> {
    if (method === "com.atproto.server.createSession") {
      requireMethod(request, "POST");
      return this.#createSession(await request.json().catch(() => undefined));
    }
    if (method === "com.atproto.server.refreshSession") {
      requireMethod(request, "POST");
      this.authorize(request, "refresh");
      return this.#session();
    }
    if (method === "com.atproto.server.getSession") {
      this.authorize(request, "access");
      return { ...this.#profile() };
    }
    return undefined;
  }

  /** Check the token of a request; throws a PDS's error for an invalid one. */
  authorize(request: Request, kind: Kind): void {
    const [, token] = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "") ?? [];
    if (token === undefined) throw new XrpcError(401, "AuthMissing", "Authentication Required");
    const [head, body, signature] = token.split(".") as [string, string?, string?];
    const expected = this.#sign(`${head}.${body}`);
    if (
      signature?.length !== expected.length ||
      !timingSafeEqual(Buffer.from(signature), Buffer.from(expected))
    ) {
      throw new XrpcError(400, "InvalidToken", "Token could not be verified");
    }
    const claims = JSON.parse(Buffer.from(body!, "base64url").toString());
    if (claims.scope !== SCOPE[kind]) throw new XrpcError(400, "InvalidToken", "Bad token scope");
    if (claims.exp * 1000 < Date.now() || claims.epoch < this.#epoch[kind]) {
      const what = kind === "refresh" ? "Token has been revoked" : "Token has expired";
      throw new XrpcError(400, "ExpiredToken", what);
    }
  }

  #createSession(body: unknown): Record<string, unknown> {
    const { identifier, password } = (body ?? {}) as Record<string, unknown>;
    if (typeof identifier !== "string" || typeof password !== "string") {
      throw new XrpcError(400, "InvalidRequest", "Input must have identifier and password");
    }
    const { did, handle } = this.account;
    if (![did, handle].includes(identifier) || password !== this.account.password) {
      throw new XrpcError(401, "AuthenticationRequired", "Invalid identifier or password");
    }
    return this.#session();
  }

  #session(): Record<string, unknown> {
    const accessJwt = this.#token("access", ACCESS_SECONDS);
    const refreshJwt = this.#token("refresh", REFRESH_SECONDS);
    return { accessJwt, refreshJwt, ...this.#profile() };
  }

  #profile() {
    const { did, handle } = this.account;
    const didDoc = {
      id: did,
      service: [{
        id: "#atproto_pds",
        type: "AtprotoPersonalDataServer",
        serviceEndpoint: this.pds(),
      }],
    };
    return {
      did,
      handle,
      didDoc,
      email: "someone@example.org",
      emailConfirmed: true,
      active: true,
    };
  }

  #token(kind: Kind, seconds: number): string {
    const iat = Math.floor(Date.now() / 1000);
    const claims = {
      scope: SCOPE[kind],
      sub: this.account.did,
      iat,
      exp: iat + seconds,
      jti: crypto.randomUUID(),
      epoch: this.#epoch[kind],
    };
    const typ = kind === "access" ? "at+jwt" : "refresh+jwt";
    const head = base64url(JSON.stringify({ typ, alg: "HS256" }));
    const unsigned = `${head}.${base64url(JSON.stringify(claims))}`;
    const token = `${unsigned}.${this.#sign(unsigned)}`;
    this.tokens.push(token);
    return token;
  }

  #sign(unsigned: string): string {
    return createHmac("sha256", this.#key).update(unsigned).digest("base64url");
  }
}

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function requireMethod(request: Request, method: string): void {
  if (request.method === method) return;
  throw new XrpcError(405, "InvalidRequest", `Incorrect HTTP method, expected ${method}`);
}
