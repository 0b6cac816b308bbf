// The page for passkeys where the operator demands a second factor of everybody (`MFA=required`), or of nobody (`off`).
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { authenticator } from "./authenticator.mjs";
import { account, at, en, signIn, stale, submit } from "./passkeys.mjs";
import { FIRST, browser, look, post, refused, server, visit } from "./world.mjs";

const { MFA } = process.env;
assert(["required", "off"].includes(MFA), ".ci/pages sets it");

/** What the server answers a `GET`. */
async function asked(path, bearer) {
  const answer = await fetch(server + path, { headers: { authorization: `Bearer ${bearer}` } });
  return (await answer.json()).code ?? answer.status;
}

describe(`the page for passkeys with MFA=${MFA}`, { concurrency: 2 }, () => {
  after(() => browser.close());

  if (MFA === "required") it("leads to the first factor, and keeps the last", () => visit({}, async (page) => {
    const { email, token } = await account();
    assert.equal(await asked("/auth/sessions", token), "factor_required");
    await authenticator(page);
    await signIn(page, email);
    await at(page, "account");
    assert.equal(await page.locator("#none").innerText(), en.none);
    await stale(email);
    await page.click("[data-go=add_passkey]");
    await submit(page, "add-passkey");
    await submit(page, "again-password", { password: FIRST });
    await at(page, "codes", en.passkey_added);
    await submit(page, "kept");
    await at(page, "account");
    await page.click("#factors [data-action=remove]");
    await submit(page, "remove");
    await refused(page, "required-last", en.last_factor);
    await page.click("[data-view=remove] [data-go=account]");
    await submit(page, "sign-out");
    await submit(page, "passkey-sign-in");
    await at(page, "account");
  }));

  if (MFA === "off") it("takes passkeys alone, and lists none", () => visit({}, async (page) => {
    const { email } = await account();
    await authenticator(page);
    await signIn(page, email);
    await at(page, "account");
    assert.equal(await page.locator("#unlisted").innerText(), en.unlisted);
    assert(!(await page.locator("#to-totp").isVisible()));
    await look(page, "off-account");
    await stale(email);
    await page.click("[data-go=add_passkey]");
    await submit(page, "add-passkey");
    assert.deepEqual(await page.locator("[data-view=again] form:visible").evaluateAll((forms) => forms.map(({ id }) => id)), ["again-password", "again-passkey"]);
    await submit(page, "again-password", { password: FIRST });
    await at(page, "codes", en.passkey_added);
    await submit(page, "kept");
    await at(page, "account");
    await submit(page, "sign-out");
    await submit(page, "passkey-sign-in");
    await at(page, "account");
    // No login asks for it.
    await signIn(page, email);
    await at(page, "account");
    assert.equal(await asked("/auth/factors", (await post("/auth/login", { email, password: FIRST }, 200)).access_token), "not_found");
  }));
});
