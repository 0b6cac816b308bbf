// A rotation as verifiers live through it: whenever one of them fetched the keys, it never meets a token that it cannot verify.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { algorithm, audience, keysKept, operate, refresh, register, url } from "./server.mjs";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";

const ROUNDS = 20;
const kid = (token) => decodeProtectedHeader(token).kid;
const verifiers = [];

/** As jose is without options: keys are kept for ten minutes, and for 30 seconds nothing makes it ask again. And as we advise. */
function anotherPair() {
  for (const options of [{}, { cacheMaxAge: keysKept * 1000 }]) {
    verifiers.push(createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`), options));
  }
}

function allVerify(...tokens) {
  const policy = { issuer: url, audience, algorithms: [algorithm], typ: "at+jwt" };
  return Promise.all(verifiers.flatMap((keys) => tokens.map((token) => jwtVerify(token, keys, policy))));
}

test("no verification fails at any moment of a rotation", async () => {
  const first = await register();
  let [current, verified, newest] = [first, 0, -Infinity];
  const round = async () => {
    // A pair that fetches now, whatever now is: that each second has one is enough.
    if (performance.now() - newest > 1000) {
      anotherPair();
      newest = performance.now();
    }
    current = await refresh(current);
    verified += (await allVerify(current.access_token, first.access_token)).length;
    await pause(50);
  };
  for (let rounds = 0; rounds < ROUNDS; rounds++) await round();

  const [next] = operate("keys", "rotate");
  assert.deepEqual([next.alg, next.state], [algorithm, "pending"]);
  const deadline = performance.now() + (keysKept + 60) * 1000;
  while (kid(current.access_token) === kid(first.access_token)) {
    assert(performance.now() < deadline, "the next key does not come to sign");
    await round();
  }
  assert.equal(kid(current.access_token), next.kid);

  // Who comes afterwards finds the key before as well, for what it has signed.
  anotherPair();
  for (let rounds = 0; rounds < ROUNDS; rounds++) await round();
  assert.deepEqual(operate("keys", "list").map((key) => key.state), ["retiring", "active"]);
  assert(verifiers.length > 20 && verified > 1000, `${verifiers.length} verifiers, ${verified} verifications`);
});
