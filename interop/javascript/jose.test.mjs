// jose, as a resource server has it: keys fetched when they are needed, and tokens verified with nothing else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { algorithm, audience, register, url } from "./server.mjs";
import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from "jose";

const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
const policy = { issuer: url, audience, algorithms: [algorithm], typ: "at+jwt", requiredClaims: ["sub", "sid", "jti", "exp"] };

test("jose verifies an access token", async () => {
  const { access_token, expires_in } = await register();
  const { payload, protectedHeader } = await jwtVerify(access_token, keys, policy);
  assert.deepEqual([protectedHeader.alg, protectedHeader.typ], [algorithm, "at+jwt"]);
  assert(keys.jwks().keys.some((key) => key.kid === protectedHeader.kid && key.alg === algorithm && key.use === "sig"));
  assert.equal(payload.exp - payload.iat, expires_in);
});

test("jose refuses what was not made for this service", async () => {
  const { access_token, refresh_token } = await register();
  const refused = (token, change, error) => assert.rejects(jwtVerify(token, keys, { ...policy, ...change }), error);
  await refused(access_token, { audience: "https://other.example.org" }, errors.JWTClaimValidationFailed);
  await refused(access_token, { issuer: "https://other.example.org" }, errors.JWTClaimValidationFailed);
  await refused(access_token, { algorithms: ["PS512"] }, errors.JOSEAlgNotAllowed);
  // Signed with a secret that no one else has, even where the algorithm was left open.
  assert.equal(decodeProtectedHeader(refresh_token).alg, "HS256");
  await refused(refresh_token, {}, errors.JOSEAlgNotAllowed);
  await refused(refresh_token, { algorithms: undefined }, errors.JOSENotSupported);
  const [header, , signature] = access_token.split(".");
  const [, someoneElse] = (await register()).access_token.split(".");
  await refused([header, someoneElse, signature].join("."), {}, errors.JWSSignatureVerificationFailed);
});
