// A client of auth-server: keeps the tokens, refreshes them once for many callers, and waits when it is told to.
// Paths, bodies and answers are typed by schema.d.ts, which is generated from the server's own OpenAPI document.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type Tokens = Pick<components["schemas"]["Tokens"], "access_token" | "refresh_token">;

/** A code of an authenticator app, a recovery code, or a browser's passkey: exactly one. */
export type Factor = Omit<components["schemas"]["LoginFactorBody"], "mfa_token">;

export interface Options {
  baseUrl: string;
  /** A session that was stored. */
  tokens?: Tokens;
  /** Told of each new pair, to store it, and of `undefined` when there is no session any more. */
  onTokens?: (tokens: Tokens | undefined) => void;
  /** Asks the person for one of `factors` (`totp`, `passkey`, `recovery_code`) at a login, again after a wrong one; throws to give up. */
  askFactor?: (factors: string[]) => Promise<Factor>;
  /** Asks the person to authenticate again, since what they want needs it (RFC 9470): by a factor where `acr` is `aal2`, else by one or the password. */
  askAgain?: (acr: string | undefined) => Promise<components["schemas"]["ReauthenticateBody"]>;
  /** How many seconds one request may wait, all in all, because the server says so. */
  patience?: number;
  fetch?: (request: Request) => Promise<Response>;
}

/** The server did nothing yet: every request can be sent again. */
const NOTHING_DONE = ["rate_limited", "too_many_attempts", "overloaded"];

/** What the server answered instead (RFC 9457). */
export class Problem extends Error {
  constructor(readonly status: number, readonly code: string | undefined) {
    super(`${status} ${code ?? "(no problem object)"}`);
  }
}

export class AuthClient {
  /** Every endpoint of the document; the access token is put in, and refreshed when it has expired. */
  readonly api: Client<paths>;
  /** The same without tokens, for what gets them. */
  readonly #open: Client<paths>;
  readonly #options: Options;
  #tokens: Tokens | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#tokens = options.tokens;
    const { baseUrl } = options;
    this.api = createClient<paths>({ baseUrl, fetch: (request) => this.#authorized(request) });
    this.#open = createClient<paths>({ baseUrl, fetch: (request) => this.#patient(request) });
  }

  /** `false` where the server asks for a proof of the address first: a mail says how. */
  async register(email: string, password: string): Promise<boolean> {
    const answer = unwrap(await this.#open.POST("/auth/register", { body: { email, password } }));
    const isSignedIn = "access_token" in answer;
    if (isSignedIn) this.#keep(answer);
    return isSignedIn;
  }

  async login(email: string, password: string): Promise<void> {
    const answer = await this.#open.POST("/auth/login", { body: { email, password } });
    const { code, mfa_token, factors } = problemOf(answer.error);
    const isAsked = code === "second_factor_required" && mfa_token !== undefined && this.#options.askFactor !== undefined;
    this.#keep(isAsked ? await this.#secondStep(mfa_token, factors ?? []) : unwrap(answer));
  }

  /** Any request to a service that takes these access tokens. It may ask for a better authentication, as auth-server does. */
  send(request: Request): Promise<Response> {
    return this.#authorized(request);
  }

  /** The access token that an answer brought, such as that of a new factor: the refresh token stays. */
  takeAccess(access_token: string): void {
    if (this.#tokens !== undefined) this.#keep({ ...this.#tokens, access_token });
  }

  async logout(): Promise<void> {
    unwrap(await this.api.POST("/auth/logout"));
    this.#keep(undefined);
  }

  /** The five wrong answers that a login may have are counted by the server. */
  async #secondStep(mfa_token: string, factors: string[]): Promise<Tokens> {
    for (;;) {
      const shown = await this.#options.askFactor!(factors);
      const answer = await this.#open.POST("/auth/login/factor", { body: { mfa_token, ...shown } });
      if (problemOf(answer.error).code !== "code_invalid") return unwrap(answer);
    }
  }

  async #authorized(request: Request): Promise<Response> {
    const used = this.#tokens;
    if (used === undefined) return this.#patient(request);
    let answer = await this.#patient(withBearer(request.clone(), used));
    if ((await codeOf(answer)) === "token_expired") {
      await this.#refreshed(used);
      // Once: what is refused with a fresh token is refused.
      if (this.#tokens === undefined) return answer;
      answer = await this.#patient(withBearer(request.clone(), this.#tokens));
    }
    if ((await codeOf(answer)) !== "reauthentication_required" || this.#options.askAgain === undefined) return answer;
    await this.#reauthenticate(answer.headers.get("WWW-Authenticate"));
    return this.#patient(withBearer(request, this.#tokens!));
  }

  /** The session is fresh afterwards, and the newer access token says so. */
  async #reauthenticate(challenge: string | null): Promise<void> {
    const body = await this.#options.askAgain!(challenge?.match(/acr_values="([^"]*)"/)?.[1]);
    const headers = { Authorization: `Bearer ${this.#tokens?.access_token}` };
    this.takeAccess(unwrap(await this.#open.POST("/auth/reauthenticate", { body, headers })).access_token);
  }

  /** Resolves when there is a newer pair than `used`. The first caller asks for it, the others wait for the same answer. */
  async #refreshed(used: Tokens): Promise<void> {
    if (this.#tokens !== used) return;
    this.#refreshing ??= this.#refresh(used).finally(() => (this.#refreshing = undefined));
    await this.#refreshing;
  }

  async #refresh(used: Tokens): Promise<void> {
    const answer = await this.#open.POST("/auth/refresh", { body: { refresh_token: used.refresh_token } });
    // Who logged out or in again meanwhile does not get the old session back.
    if (this.#tokens !== used) return;
    if (answer.response.status === 401) this.#keep(undefined);
    this.#keep(unwrap(answer));
  }

  #keep(tokens: Tokens | undefined): void {
    this.#tokens = tokens;
    this.#options.onTokens?.(tokens);
  }

  async #patient(request: Request): Promise<Response> {
    const send = this.#options.fetch ?? fetch;
    for (let patience = this.#options.patience ?? 30; ; ) {
      const answer = await send(request.clone());
      const wait = Number(answer.headers.get("Retry-After"));
      if (!(wait > 0 && wait <= patience) || !NOTHING_DONE.includes((await codeOf(answer)) ?? "")) return answer;
      patience -= wait;
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }
}

/** The data of an answer; a refusal is thrown as a `Problem`. */
export function unwrap<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.response.ok) return answer.data as T;
  throw new Problem(answer.response.status, problemOf(answer.error).code);
}

/** What is read of a problem object. Something between here and the server may answer in other forms. */
function problemOf(error: unknown): { code?: string; mfa_token?: string; factors?: string[] } {
  return typeof error === "object" && error !== null ? error : {};
}

function withBearer(request: Request, tokens: Tokens): Request {
  request.headers.set("Authorization", `Bearer ${tokens.access_token}`);
  return request;
}

/** The `code` of a problem. Something between here and the server may answer in other forms. */
async function codeOf(answer: Response): Promise<string | undefined> {
  if (!answer.headers.get("Content-Type")?.startsWith("application/problem+json")) return undefined;
  const problem = (await answer.clone().json()) as { code?: string };
  return problem.code;
}
