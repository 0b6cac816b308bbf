// A client of auth-server: keeps the tokens, refreshes them once for many callers, and waits when it is told to.
// Paths, bodies and answers are typed by schema.d.ts, which is generated from the server's own OpenAPI document.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type Tokens = Pick<components["schemas"]["Tokens"], "access_token" | "refresh_token">;

export interface Options {
  baseUrl: string;
  /** A session that was stored. */
  tokens?: Tokens;
  /** Told of each new pair, to store it, and of `undefined` when there is no session any more. */
  onTokens?: (tokens: Tokens | undefined) => void;
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
    this.#keep(unwrap(await this.#open.POST("/auth/login", { body: { email, password } })));
  }

  async logout(): Promise<void> {
    unwrap(await this.api.POST("/auth/logout"));
    this.#keep(undefined);
  }

  async #authorized(request: Request): Promise<Response> {
    const used = this.#tokens;
    if (used === undefined) return this.#patient(request);
    const answer = await this.#patient(withBearer(request.clone(), used));
    if ((await codeOf(answer)) !== "token_expired") return answer;
    await this.#refreshed(used);
    // Once: what is refused with a fresh token is refused.
    return this.#tokens === undefined ? answer : this.#patient(withBearer(request, this.#tokens));
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
  const { error } = answer;
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
  throw new Problem(answer.response.status, code);
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
