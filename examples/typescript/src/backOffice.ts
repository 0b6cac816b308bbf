// What a back office does by auth-server's API for administrators: as a client of its own (RFC 6749 section 4.4), without a person.
import createClient, { type Client } from "openapi-fetch";
import { unwrap } from "./client.js";
import type { components, paths } from "./schema.js";

export type Account = components["schemas"]["Account"];
/** A merge patch (RFC 7396). The document leaves open what is in the two objects, which its generator takes for nothing. */
export type Patch = Omit<components["schemas"]["UserPatch"], "attributes" | "profile"> & {
  attributes?: Record<string, unknown> | null;
  profile?: Record<string, unknown> | null;
};
export type Search = Omit<NonNullable<paths["/admin/users"]["get"]["parameters"]["query"]>, "after">;

export interface Options {
  baseUrl: string;
  clientId: string;
  clientSecret: string;
}

export class BackOffice {
  /** Every endpoint of the document, with a token of the client's own. */
  readonly api: Client<paths>;
  readonly #open: Client<paths>;
  readonly #options: Options;
  #token = "";
  #renewAt = 0;

  constructor(options: Options) {
    this.#options = options;
    const { baseUrl } = options;
    this.#open = createClient<paths>({ baseUrl });
    this.api = createClient<paths>({ baseUrl, fetch: (request) => this.#authorized(request) });
  }

  /** Every account that the search finds. A page may be empty and yet have a next one. */
  async *accounts(search: Search = {}): AsyncGenerator<Account> {
    let after: string | undefined;
    do {
      const query = { limit: 200, ...search, ...(after !== undefined && { after }) };
      const page = unwrap(await this.api.GET("/admin/users", { params: { query } }));
      yield* page.users;
      after = page.next ?? undefined;
    } while (after !== undefined);
  }

  /** Patches an account (RFC 7396) as it is: whoever changes it at the same moment is not overwritten, `change` is asked again. */
  async change(id: string, change: (account: Account) => Patch): Promise<Account> {
    for (;;) {
      const path = { id };
      const seen = await this.api.GET("/admin/users/{id}", { params: { path } });
      const header = { "If-Match": seen.response.headers.get("ETag") ?? "*" };
      const body = change(unwrap(seen)) as components["schemas"]["UserPatch"];
      const answer = await this.api.PATCH("/admin/users/{id}", { params: { path, header }, body });
      if (answer.response.status !== 412) return unwrap(answer);
    }
  }

  /** Disables an account: its sessions end on all servers at once. `undefined` where there is no such account. */
  async offboard(email: string): Promise<Account | undefined> {
    for await (const { id } of this.accounts({ email })) return this.change(id, () => ({ disabled: true, roles: [] }));
    return undefined;
  }

  async #authorized(request: Request): Promise<Response> {
    request.headers.set("Authorization", `Bearer ${await this.#validToken()}`);
    for (;;) {
      const answer = await fetch(request.clone());
      if (answer.status !== 429) return answer;
      await new Promise((resolve) => setTimeout(resolve, Number(answer.headers.get("Retry-After")) * 1000));
    }
  }

  /** Kept until shortly before it expires. */
  async #validToken(): Promise<string> {
    if (Date.now() >= this.#renewAt) {
      const { clientId, clientSecret } = this.#options;
      // Both are of characters that need no encoding (RFC 6749 section 2.3.1).
      const headers = { Authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}`, "Content-Type": "application/x-www-form-urlencoded" };
      const body = new URLSearchParams({ grant_type: "client_credentials" });
      const answer = await this.#open.POST("/oauth/token", { headers, body: {} as never, bodySerializer: () => body });
      const { access_token, expires_in } = unwrap(answer);
      this.#token = access_token;
      this.#renewAt = Date.now() + (expires_in - 30) * 1000;
    }
    return this.#token;
  }
}
