// Holds the client against the server in $URL, whose JWT_SECRET_KEY is known here.
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { beforeEach, test } from "node:test";
import { AuthClient, Problem, type Tokens, unwrap } from "./client.js";

const { URL: baseUrl, JWT_SECRET_KEY: secret } = process.env;
assert(baseUrl && secret, "URL and JWT_SECRET_KEY must be set");
const PASSWORD = "Correct-Horse-7-Battery";

let kept: (Tokens | undefined)[];
let seen: string[];
let email: string;

beforeEach(async () => {
  [kept, seen, email] = [[], [], `ts-${randomUUID()}@example.org`];
  await new AuthClient({ baseUrl, onTokens: (tokens) => kept.push(tokens) }).register(email, PASSWORD);
});

function client(change: (tokens: Tokens) => Tokens = (tokens) => tokens): AuthClient {
  return new AuthClient({
    baseUrl: baseUrl!,
    tokens: change(kept.at(-1)!),
    onTokens: (tokens) => kept.push(tokens),
    fetch: async (request) => {
      const answer = await fetch(request);
      seen.push(`${new URL(request.url).pathname} ${answer.status}`);
      return answer;
    },
  });
}

/** Those tokens as they will be in an hour. Only who has the server's secret can make them. */
function inAnHour(tokens: Tokens): Tokens {
  const [header, payload] = tokens.access_token.split(".");
  const claims = JSON.parse(Buffer.from(payload!, "base64url").toString()) as Record<string, number>;
  for (const name of ["iat", "nbf", "exp"]) claims[name]! -= 3600;
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  const signature = createHmac("sha256", secret!).update(signed).digest("base64url");
  return { ...tokens, access_token: `${signed}.${signature}` };
}

/** What an authenticator app shows, so many half minutes from now (RFC 6238). */
function totp(secret: string, steps = 0): string {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Uint8Array.from(bits.match(/.{8}/g)!, (byte) => parseInt(byte, 2));
  const counter = new Uint8Array(8);
  new DataView(counter.buffer).setBigUint64(0, BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19]! & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

const refusedWith = (status: number, code: string) => (error: unknown) =>
  error instanceof Problem && error.status === status && error.code === code;

test("a session from begin to end", async () => {
  const ann = client();
  await ann.login(email, PASSWORD);
  assert.equal(unwrap(await ann.api.GET("/auth/me")).email, email);
  const { sessions } = unwrap(await ann.api.GET("/auth/sessions"));
  assert.deepEqual(sessions.map((session) => session.current), [true, false]);
  const body = { current_password: PASSWORD, new_password: "Staple-Paper-8-Clip" };
  unwrap(await ann.api.POST("/auth/password", { body }));
  assert.equal(unwrap(await ann.api.GET("/auth/sessions")).sessions.length, 1);
  await ann.logout();
  assert.equal(kept.at(-1), undefined);
  await assert.rejects(async () => unwrap(await ann.api.GET("/auth/me")), refusedWith(401, "token_missing"));
});

test("many callers refresh once", async () => {
  const ann = client(inAnHour);
  const answers = await Promise.all(Array.from({ length: 8 }, () => ann.api.GET("/auth/me")));
  assert.deepEqual(new Set(answers.map((answer) => unwrap(answer).email)), new Set([email]));
  assert.equal(seen.filter((one) => one === "/auth/refresh 200").length, 1);
  assert.equal(kept.length, 2);
});

test("a body is sent again after a refresh", async () => {
  const ann = client(inAnHour);
  const body = { current_password: PASSWORD, new_password: "Staple-Paper-8-Clip" };
  unwrap(await ann.api.POST("/auth/password", { body }));
  await ann.login(email, "Staple-Paper-8-Clip");
});

test("an ended session is given up", async () => {
  const ann = client(inAnHour);
  await client().logout();
  kept.length = 0;
  await assert.rejects(ann.api.GET("/auth/me"), refusedWith(401, "token_invalid"));
  assert.deepEqual(kept, [undefined]);
});

test("a second factor at a login, and once more where it matters", async () => {
  const first = client();
  const app = unwrap(await first.api.POST("/auth/factors/totp", { body: { name: "My phone" } }));
  const path = { id: app.id };
  const added = unwrap(await first.api.POST("/auth/factors/totp/{id}/confirm", { params: { path }, body: { code: totp(app.secret) } }));
  first.takeAccess(added.access_token);
  assert.equal(added.recovery_codes.length, 10);
  await assert.rejects(first.login(email, PASSWORD), refusedWith(403, "second_factor_required"));

  // A service that believes no authentication from before it asked for one.
  let distrusted: string | null | undefined;
  const asked: unknown[] = [];
  const typed = ["000000-wrong", totp(app.secret, 1)];
  const ann = new AuthClient({
    baseUrl: baseUrl!,
    askFactor: async (factors) => (asked.push(factors), { code: typed.shift()! }),
    askAgain: async (acr) => (asked.push(acr), { code: added.recovery_codes[0]! }),
    fetch: async (request) => {
      if (new URL(request.url).hostname !== "service.example") return fetch(request);
      const token = request.headers.get("Authorization")!;
      const claims = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as { acr: string };
      distrusted ??= token;
      if (token !== distrusted && claims.acr === "aal2") return new Response("paid");
      const challenge = 'Bearer error="insufficient_user_authentication", max_age="300", acr_values="aal2"';
      const headers = { "WWW-Authenticate": challenge, "Content-Type": "application/problem+json" };
      return new Response('{"code":"reauthentication_required"}', { status: 401, headers });
    },
  });
  await ann.login(email, PASSWORD);
  const paid = await ann.send(new Request("https://service.example/payment", { method: "POST", body: "{}" }));
  assert.equal(await paid.text(), "paid");
  const factors = ["totp", "recovery_code"];
  assert.deepEqual(asked, [factors, factors, "aal2"]);
  assert.equal(unwrap(await ann.api.GET("/auth/factors")).recovery_codes_left, 9);
});

test("a refusal is told", async () => {
  await assert.rejects(client().login(email, "wrong"), refusedWith(401, "invalid_credentials"));
});

test("who is too fast waits", async () => {
  const ann = client();
  const answers = await Promise.all(Array.from({ length: 25 }, () => ann.api.GET("/auth/me")));
  assert(answers.every((answer) => unwrap(answer).email === email));
  assert(seen.includes("/auth/me 429"));
});
