// What a server must not take for a passkey, though the browser or the device says so.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { assertion, authenticator, keyOf } from "./authenticator.mjs";
import { account, addPasskey, at, en, open, signIn, submit } from "./passkeys.mjs";
import { FIRST, browser, post, refused, server, visit } from "./world.mjs";

/** Signs in by what was made for a challenge of the server's. */
async function present(credential, how, status) {
  const { challenge_id, publicKey } = await post("/auth/passkeys/login/options", undefined, 200);
  const body = { challenge_id, credential: assertion(credential, publicKey.challenge, { origin: server, ...how }) };
  const answer = await post("/auth/passkeys/login", body, status);
  if (status !== 200) assert.equal(answer.code, "passkey_invalid");
  return body;
}

describe("a passkey", { concurrency: 2 }, () => {
  after(() => browser.close());

  it("is refused with another origin, relying party, type or owner, and unless its owner was verified", () => visit({}, async (page) => {
    const device = await authenticator(page);
    await signIn(page, (await account()).email);
    await addPasskey(page);
    const [credential] = await device.credentials();
    const wrong = [
      { origin: "http://localhost:1" },
      { origin: "https://example.org" },
      { rpId: "example.org" },
      { flags: 0x01 },
      { flags: 0x04 },
      { type: "webauthn.create" },
      { handle: Buffer.alloc(16).toString("base64") },
    ];
    for (const how of wrong) await present(credential, { counter: 10, ...how }, 401);
    const used = await present(credential, { counter: 10 }, 200);
    const again = await post("/auth/passkeys/login", used, 401);
    assert.equal(again.code, "passkey_invalid", "a challenge is good for once");
  }));

  it("is refused once its counter goes back, and is good again when it has grown", () => visit({}, async (page) => {
    const device = await authenticator(page);
    await signIn(page, (await account()).email);
    await addPasskey(page);
    for (const _ of [1, 2]) {
      await open(page);
      await submit(page, "passkey-sign-in");
      await at(page, "account");
    }
    const [credential] = await device.credentials();
    assert(credential.signCount >= 2);
    await device.count(credential, 1);
    await open(page);
    await submit(page, "passkey-sign-in");
    await refused(page, "passkey-cloned", en.passkey_invalid);
    await device.count(credential, credential.signCount + 5);
    await submit(page, "passkey-sign-in");
    await at(page, "account");
  }));

  it("of another account is no second factor of this one", () => visit({}, async (page) => {
    const device = await authenticator(page);
    const [ann, eve] = [await account(), await account()];
    await signIn(page, ann.email);
    await addPasskey(page);
    const [ofAnn] = await device.credentials();
    await device.forget(ofAnn);
    await signIn(page, eve.email);
    await addPasskey(page);
    await signIn(page, ann.email, FIRST);
    await at(page, "second");
    await submit(page, "second-passkey");
    await refused(page, "passkey-of-another", en.passkey_invalid);
    const [ofEve] = await device.credentials();
    await device.forget(ofEve);
    await device.keep(ofAnn);
    await submit(page, "second-passkey");
    await at(page, "account");
  }));

  for (const [name, alg, kind] of [["ES256", -7, "ec"], ["EdDSA", -8, "ed25519"], ["RS256", -257, "rsa"]]) {
    it(`may sign by ${name}`, () => visit({}, async (page, context) => {
      const device = await authenticator(page);
      // An authenticator takes the first that it knows.
      await context.route(`${server}/auth/passkeys/options`, async (route) => {
        const { publicKey, ...rest } = await (await route.fetch()).json();
        const [wanted, others] = [true, false].map((is) => publicKey.pubKeyCredParams.filter((known) => (known.alg === alg) === is));
        await route.fulfill({ json: { ...rest, publicKey: { ...publicKey, pubKeyCredParams: [...wanted, ...others] } } });
      });
      await signIn(page, (await account()).email);
      await addPasskey(page);
      await open(page);
      await submit(page, "passkey-sign-in");
      await at(page, "account");
      const [{ privateKey }] = await device.credentials();
      assert.equal(keyOf(privateKey).asymmetricKeyType, kind);
    }));
  }
});
