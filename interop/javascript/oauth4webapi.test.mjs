// oauth4webapi, as an app that keeps a session (a public client) and as a resource server that asks about tokens have it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { algorithm, audience, operate, register, url } from "./server.mjs";
import * as oauth from "oauth4webapi";

// The test server speaks HTTP, on this machine alone; otherwise the library insists on HTTPS.
const options = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(url);
const app = { client_id: "an-app" };
const service = operate("clients", "add", "Orders");
const server = await discovered("oauth2");

async function discovered(way) {
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...options, algorithm: way }));
}

async function refreshed(token) {
  const response = await oauth.refreshTokenGrantRequest(server, app, oauth.None(), token, options);
  return oauth.processRefreshTokenResponse(server, app, response);
}

async function revoked(token) {
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, app, oauth.None(), token, options));
}

async function introspected(token, authentication = oauth.ClientSecretBasic(service.client_secret)) {
  const response = await oauth.introspectionRequest(server, service, authentication, token, options);
  return oauth.processIntrospectionResponse(server, service, response);
}

test("both ways of discovery lead to the same", async () => {
  assert.deepEqual(await discovered("oidc"), server);
  assert.equal(server.jwks_uri, `${url}/.well-known/jwks.json`);
});

test("a public client refreshes, and hears that a token which was used long ago is not valid", async () => {
  const tokens = await register();
  const next = await refreshed(tokens.refresh_token);
  assert.deepEqual([next.token_type, next.expires_in], ["bearer", tokens.expires_in]);
  const last = await refreshed(next.refresh_token);
  assert.equal(new Set([tokens, next, last].map((one) => one.refresh_token)).size, 3);
  await assert.rejects(refreshed(tokens.refresh_token), (refusal) => {
    assert(refusal instanceof oauth.ResponseBodyError);
    assert.deepEqual([refusal.status, refusal.error], [400, "invalid_grant"]);
    return true;
  });
});

test("a resource server hears what a token is worth, until it is revoked", async () => {
  for (const authentication of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
    const { access_token, refresh_token } = await register();
    const ask = (token) => introspected(token, authentication(service.client_secret));
    const told = await ask(access_token);
    assert.deepEqual([told.active, told.token_type, told.iss, told.aud], [true, "Bearer", url, audience]);
    assert.match(told.sub, /^[0-9a-f-]{36}$/);
    await revoked(refresh_token);
    assert.deepEqual(await ask(access_token), { active: false });
    assert.deepEqual(await ask(refresh_token), { active: false });
    await assert.rejects(refreshed(refresh_token), { error: "invalid_grant" });
  }
});

test("an access token revokes its session as well", async () => {
  const { access_token, refresh_token } = await register();
  await revoked(access_token);
  assert.deepEqual(await introspected(refresh_token), { active: false });
});

test("a wrong secret is refused in the way that the library understands", async () => {
  const { access_token } = await register();
  await assert.rejects(introspected(access_token, oauth.ClientSecretBasic("wrong")), (refusal) => {
    assert(refusal instanceof oauth.WWWAuthenticateChallengeError, String(refusal));
    assert.deepEqual([refusal.status, refusal.cause[0].scheme], [401, "basic"]);
    return true;
  });
});

async function checked(access_token, expected = audience) {
  const request = new Request("https://api.example.org/orders", { headers: { Authorization: `Bearer ${access_token}` } });
  return oauth.validateJwtAccessToken(server, request, expected, { ...options, signingAlgorithms: [algorithm] });
}

test("the RFC 9068 check of this library refuses people's tokens: they have no client_id", async () => {
  const { access_token } = await register();
  await assert.rejects(checked(access_token), { message: /"client_id" .* claim missing/ });
});

test("a client gets a token of its own, which the RFC 9068 check takes", async () => {
  assert(server.grant_types_supported.includes("client_credentials"));
  const office = operate("clients", "add", "Back office", "--scope", "admin:read,admin:write");
  for (const authentication of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
    const granted = async (scope) => {
      const asked = new URLSearchParams(scope && { scope });
      const ways = authentication(office.client_secret);
      const response = await oauth.clientCredentialsGrantRequest(server, office, ways, asked, options);
      return oauth.processClientCredentialsResponse(server, office, response);
    };
    const all = await granted();
    assert.deepEqual([all.token_type, all.scope, all.refresh_token], ["bearer", "admin:read admin:write", undefined]);
    const some = await granted("admin:read");
    const told = await introspected(some.access_token);
    assert.deepEqual([told.active, told.client_id, told.sub, told.scope], [true, office.client_id, office.client_id, "admin:read"]);
    const claims = await checked(some.access_token);
    assert.deepEqual([claims.client_id, claims.scope, claims.jti], [office.client_id, "admin:read", told.jti]);
    await assert.rejects(checked(some.access_token, "https://other.example.org"), { message: /"aud"/ });
    await assert.rejects(granted("admin:export"), { error: "invalid_scope" });
    // It is not revoked, and the library hears so.
    await assert.rejects(revoked(some.access_token), { error: "unsupported_token_type" });
    operate("clients", "set-scope", office.client_id, "admin:write");
    assert.deepEqual(await introspected(some.access_token), { active: false });
    operate("clients", "set-scope", office.client_id, "admin:read,admin:write");
  }
  const response = await oauth.clientCredentialsGrantRequest(server, app, oauth.None(), new URLSearchParams(), options);
  await assert.rejects(oauth.processClientCredentialsResponse(server, app, response), oauth.WWWAuthenticateChallengeError);
});
