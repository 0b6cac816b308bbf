// The server that the tests are held against: .ci/live-server says where it is, and lends its commands.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID, webcrypto } from "node:crypto";

// Node 18 has it, and not as a global, where both libraries look for it.
globalThis.crypto ??= webcrypto;

const { URL: url, AUTH_SERVER: program, JWT_ALGORITHM: algorithm, JWT_AUDIENCE: audience, JWKS_MAX_AGE: maxAge } = process.env;
assert(url && program && algorithm && audience && maxAge, "see README.md: .ci/interop sets what is needed");

export { url, algorithm, audience };
export const keysKept = Number(maxAge);

/** What a command of the server answers. */
export const operate = (...words) => JSON.parse(execFileSync(program, [...words, "--json"], { encoding: "utf8" }));

/** The tokens of a new account. */
export async function register() {
  const body = JSON.stringify({ email: `js-${randomUUID()}@example.org`, password: "Correct-Horse-7-Battery" });
  return answer(await fetch(`${url}/auth/register`, { method: "POST", headers: { "Content-Type": "application/json" }, body }));
}

/** The tokens after those. */
export async function refresh({ refresh_token }) {
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token });
  return answer(await fetch(`${url}/oauth/token`, { method: "POST", body }));
}

async function answer(response) {
  assert(response.ok, `${response.status} ${await response.clone().text()}`);
  return response.json();
}
