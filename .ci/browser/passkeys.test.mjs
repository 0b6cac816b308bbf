// The page for passkeys and other second factors, as a person meets it: against a live server, in a headless Chromium.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { authenticator, codeOf, scanned } from "./authenticator.mjs";
import { account, addPasskey, addTotp, at, en, keepCodes, open, saysIn, signIn, stale, submit } from "./passkeys.mjs";
import { FIRST, SECOND, browser, look, post, refused, server, shots, tabTo, visit, words } from "./world.mjs";

const names = (page) => page.locator("#factors .name").allInnerTexts();

describe("the page for passkeys", { concurrency: 2 }, () => {
  after(() => browser.close());

  it("adds a passkey, signs in by it, renames and removes it", () => visit({}, async (page) => {
    const { email } = await account();
    const device = await authenticator(page);
    await signIn(page, email);
    await at(page, "account");
    assert.equal(await page.locator("#who").innerText(), en.signed_in_as.replace("{email}", email));
    assert.equal(await page.locator("#none").innerText(), en.none);
    await look(page, "passkeys-none");
    await page.click("[data-go=add_passkey]");
    await at(page, "add_passkey");
    await look(page, "passkeys-add");
    await submit(page, "add-passkey", { name: " Ann’s phone " });
    await at(page, "codes", en.passkey_added);
    await look(page, "passkeys-codes");
    await keepCodes(page);
    await at(page, "account");
    assert.deepEqual(await names(page), ["Ann’s phone"]);
    assert.equal(await page.locator("#codes li").count(), 0);
    await look(page, "passkeys-account");

    await submit(page, "sign-out");
    await at(page, "sign_in", en.signed_out);
    await submit(page, "passkey-sign-in");
    await at(page, "account");
    assert.match(await page.locator("#factors").innerText(), new RegExp(en.used_at.split("{")[0]));

    await page.click("#factors [data-action=rename]");
    await at(page, "rename");
    await submit(page, "rename", { name: "" });
    await refused(page, "passkeys-rename-empty", en.rule_missing);
    await submit(page, "rename", { name: "Work <b>key</b>" });
    await at(page, "account", en.renamed);
    assert.deepEqual(await names(page), ["Work <b>key</b>"]);

    await page.click("#factors [data-action=remove]");
    await at(page, "remove");
    assert(await page.locator("#remove-last").isVisible());
    await look(page, "passkeys-remove");
    await page.click("[data-view=remove] [data-go=account]");
    await at(page, "account");
    await page.click("#factors [data-action=remove]");
    await submit(page, "remove");
    await at(page, "account", en.removed);
    assert.deepEqual(await names(page), []);
    await submit(page, "sign-out");
    await submit(page, "passkey-sign-in");
    await refused(page, "passkeys-removed", en.passkey_invalid);
    assert.equal((await device.credentials()).length, 1, "the authenticator still has it");
  }));

  it("adds an authenticator app whose QR code a camera can read, and asks for its code from then on", () => visit({}, async (page) => {
    const { email } = await account();
    await signIn(page, email);
    await page.click("[data-go=add_totp]");
    await at(page, "add_totp");
    await look(page, "totp-add");
    await submit(page, "add-totp", { name: "Tablet" });
    await at(page, "totp");
    const uri = new URL(await scanned(page, "#qr"));
    const secret = uri.searchParams.get("secret");
    assert.equal(uri.href, await page.getAttribute("#uri", "href"));
    assert.equal(decodeURIComponent(uri.pathname).split(":").at(-1), email);
    assert.equal((await page.locator("#secret").innerText()).replaceAll(" ", ""), secret);
    await look(page, "totp-scan");
    const wrong = codeOf(secret) === "123456" ? "123457" : "123456";
    await submit(page, "confirm-totp", { code: wrong });
    await refused(page, "totp-wrong", en.totp_code_invalid);
    const code = codeOf(secret);
    await submit(page, "confirm-totp", { code: `${code.slice(0, 3)} ${code.slice(3)}` });
    await at(page, "codes", en.totp_added);
    const codes = await keepCodes(page);
    await at(page, "account");
    assert.deepEqual(await names(page), ["Tablet"]);
    assert.equal(await page.locator("#secret").innerText() + await page.getAttribute("#qr", "src"), "null");

    await signIn(page, email);
    await at(page, "second");
    assert.equal(await page.locator("[data-view=second] label:visible").innerText(), en.code_any);
    await look(page, "second-step");
    await submit(page, "second-code", { code: wrong });
    await refused(page, "second-wrong", en.code_invalid);
    await submit(page, "second-code", { code });
    await refused(page, null, en.code_invalid);
    await submit(page, "second-code", { code: codeOf(secret, 1) });
    await at(page, "account");
    assert.equal(await page.locator("#codes-left").innerText(), en.codes_left.replace("{n}", 10));

    await signIn(page, email);
    await submit(page, "second-code", { code: codes[3].toUpperCase() });
    await at(page, "account");
    assert.equal(await page.locator("#codes-left").innerText(), en.codes_left.replace("{n}", 9));
    await signIn(page, email);
    await submit(page, "second-code", { code: codes[3] });
    await refused(page, null, en.code_invalid);
    await page.click("[data-view=second] [data-go=sign_in]");
    await at(page, "sign_in");
  }));

  it("takes a passkey for the second step", () => visit({}, async (page) => {
    const { email } = await account();
    await authenticator(page);
    await signIn(page, email);
    await addPasskey(page);
    await signIn(page, email);
    await at(page, "second");
    assert.equal(await page.locator("[data-view=second] label:visible").innerText(), en.code_recovery_code);
    await submit(page, "second-passkey");
    await at(page, "account");
    assert.deepEqual(await names(page), ["Passkey"]);
  }));

  it("asks to authenticate again where that is long ago, and then does what was asked for", () => visit({}, async (page) => {
    const { email } = await account();
    await authenticator(page);
    await signIn(page, email);
    await at(page, "account");
    await stale(email);
    await page.click("[data-go=add_passkey]");
    await submit(page, "add-passkey", { name: "Key" });
    await at(page, "again");
    assert.deepEqual(await page.locator("[data-view=again] form:visible").evaluateAll((forms) => forms.map(({ id }) => id)), ["again-password"]);
    await look(page, "again-password");
    await submit(page, "again-password", { password: SECOND });
    await refused(page, "again-wrong-password", en.password_mismatch);
    await submit(page, "again-password", { password: FIRST });
    await at(page, "codes", en.passkey_added);
    const [code] = await keepCodes(page);
    await at(page, "account");
    assert.deepEqual(await names(page), ["Key"]);

    await stale(email);
    await page.click("[data-go=replace]");
    await submit(page, "replace");
    await at(page, "again");
    assert.deepEqual(await page.locator("[data-view=again] form:visible").evaluateAll((forms) => forms.map(({ id }) => id)), ["again-code", "again-passkey"]);
    await look(page, "again-second");
    await page.click("[data-give-up]");
    await at(page, "replace");
    await submit(page, "replace");
    await submit(page, "again-code", { code: "nonsense" });
    await refused(page, null, en.code_invalid);
    await submit(page, "again-code", { code });
    await at(page, "codes", en.codes_replaced);
    assert(!(await keepCodes(page)).includes(code));

    await stale(email);
    await page.click("#factors [data-action=rename]");
    await submit(page, "rename", { name: "Other" });
    await submit(page, "again-passkey");
    await at(page, "account", en.renamed);
    assert.deepEqual(await names(page), ["Other"]);
  }));

  it("says what the browser or the authenticator did not do", () => visit({}, async (page, context) => {
    const { email } = await account();
    const device = await authenticator(page);
    await signIn(page, email);
    await device.verifies(false);
    await page.click("[data-go=add_passkey]");
    await submit(page, "add-passkey");
    await refused(page, "passkeys-not-verified", en.passkey_not_allowed);
    await device.verifies(true);
    await submit(page, "add-passkey");
    await keepCodes(page);
    await page.click("[data-go=add_passkey]");
    await submit(page, "add-passkey");
    await refused(page, "passkeys-exists", en.passkey_exists);

    await open(page);
    await device.verifies(false);
    await submit(page, "passkey-sign-in");
    await refused(page, null, en.passkey_not_allowed);
    await device.verifies(true);
    // A server elsewhere.
    await context.route(`${server}/auth/passkeys/login/options`, async (route) => {
      const answer = await route.fetch();
      const options = await answer.json();
      await route.fulfill({ json: { ...options, publicKey: { ...options.publicKey, rpId: "example.org" } } });
    }, { times: 1 });
    await submit(page, "passkey-sign-in");
    await refused(page, null, en.passkey_elsewhere);
    await submit(page, "passkey-sign-in");
    await at(page, "account");
    for (const [credential] of [await device.credentials()]) await device.forget(credential);
    await open(page);
    await submit(page, "passkey-sign-in");
    await refused(page, null, en.passkey_not_allowed);
  }));

  it("works where a browser does not know the JSON form of passkeys, and says where it knows none", () => visit({}, async (page, context) => {
    await context.addInitScript(() => {
      if (location.search === "?none") Object.defineProperty(globalThis, "PublicKeyCredential", { value: undefined });
      if (!globalThis.PublicKeyCredential) return;
      for (const name of ["parseCreationOptionsFromJSON", "parseRequestOptionsFromJSON"]) delete PublicKeyCredential[name];
      delete PublicKeyCredential.prototype.toJSON;
    });
    const { email } = await account();
    await authenticator(page);
    await signIn(page, email);
    assert.equal(await page.evaluate(() => typeof PublicKeyCredential.parseCreationOptionsFromJSON), "undefined");
    const [code] = await addPasskey(page);
    await page.click("[data-go=add_passkey]");
    await submit(page, "add-passkey");
    await refused(page, null, en.passkey_exists);
    await open(page);
    await submit(page, "passkey-sign-in");
    await at(page, "account");

    await page.goto(`${server}/pages/passkeys?none`);
    assert(!(await page.locator("#passkey-sign-in").isVisible()));
    await look(page, "passkeys-unsupported", 0);
    await submit(page, "sign-in", { email, password: FIRST });
    await submit(page, "second-code", { code });
    await at(page, "account");
    assert.deepEqual(await page.locator("[data-go=add_passkey]:visible, #second-passkey:visible").count(), 0);
    assert(await page.locator("[data-view=account] [data-without]").isVisible());
  }));

  it("needs no mouse", () => visit({}, async (page) => {
    const { email } = await account();
    const press = async (selector, key = "Enter") => {
      await tabTo(page, selector);
      await page.keyboard.press(key);
    };
    const type = async (selector, text) => {
      await tabTo(page, selector);
      await page.keyboard.type(text);
    };
    await open(page);
    await press("#sign-in [type=submit]");
    await refused(page, "sign-in-empty", `${en.email} – ${en.rule_missing}`, `${en.password} – ${en.rule_missing}`);
    await type("#email", email);
    await type("#password", SECOND);
    await page.keyboard.press("Enter");
    await refused(page, "sign-in-wrong", en.invalid_credentials);
    await tabTo(page, "#password");
    await page.keyboard.press("Control+A");
    await page.keyboard.type(FIRST);
    await page.keyboard.press("Enter");
    await at(page, "account");
    await press("[data-go=add_totp]");
    await at(page, "add_totp");
    await press("#add-totp [type=submit]");
    await at(page, "totp");
    await type("#totp-code", codeOf((await page.locator("#secret").innerText()).replaceAll(" ", "")));
    await page.keyboard.press("Enter");
    await at(page, "codes", en.totp_added);
    await press("#kept [type=submit]");
    await at(page, "account");
    await press("#factors [data-action=rename]", "Space");
    await at(page, "rename");
    await tabTo(page, "#new-name");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("Watch");
    await page.keyboard.press("Enter");
    await at(page, "account", en.renamed);
    await press("#factors [data-action=remove]");
    await press("[data-view=remove] [data-go=account]");
    await at(page, "account");
    assert.deepEqual(await names(page), ["Watch"]);
    await press("#sign-out [type=submit]");
    await at(page, "sign_in", en.signed_out);
  }));

  it("keeps a session by refreshing it, tells when it has ended, and ends it when it is left", () => visit({}, async (page, context) => {
    const { email, token } = await account();
    const live = async (count) => {
      const answer = await fetch(`${server}/auth/sessions`, { headers: { authorization: `Bearer ${token}` } });
      assert.equal((await answer.json()).sessions.length, count);
    };
    await signIn(page, email);
    await at(page, "account");
    const stored = () => page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie, location.href]);
    assert.deepEqual(await stored(), [0, 0, "", `${server}/pages/passkeys`]);
    const expired = { status: 401, json: { status: 401, code: "token_expired" } };
    const refreshed = page.waitForResponse(`${server}/auth/refresh`);
    await context.route(`${server}/auth/factors/totp`, (route) => route.fulfill(expired), { times: 1 });
    await page.click("[data-go=add_totp]");
    await submit(page, "add-totp");
    await at(page, "totp");
    assert.equal((await refreshed).status(), 200);
    await live(2);
    const left = page.waitForRequest(`${server}/auth/logout`);
    await page.goto(`${server}/pages/reset`);
    await (await left).response();
    await live(1);

    await signIn(page, email);
    await at(page, "account");
    await post("/auth/logout?scope=others", undefined, 204, token);
    await page.click("[data-go=add_totp]");
    await submit(page, "add-totp");
    await refused(page, "session-ended", en.session_ended);
    assert(await page.locator("#sign-in").isVisible());
    assert(!(await page.locator("main").evaluate((main) => main.textContent)).includes(email));
  }));

  it("says when to come again, what cannot be, and loses nothing that was typed", () => visit({ locale: "fr-FR" }, async (page, context) => {
    const says = saysIn("fr");
    const { email, token } = await account();
    await addTotp(token);
    const answer = (status, code, wait = "1") => ({ status, json: { status, code }, headers: { "retry-after": wait } });
    await open(page);
    await context.route(`${server}/auth/login`, (route) => route.fulfill(answer(403, "email_unverified")), { times: 1 });
    await submit(page, "sign-in", { email, password: FIRST });
    await refused(page, null, says.email_unverified);
    await submit(page, "sign-in");
    await at(page, "second", "", says);
    const path = `${server}/auth/login/factor`;
    await context.route(path, (route) => route.fulfill(answer(429, "too_many_attempts", "840")), { times: 1 });
    await submit(page, "second-code", { code: "000000" });
    await refused(page, "second-held-fr", says.too_many_attempts.replace("{wait}", "14 minutes"));
    await context.route(path, (route) => route.abort(), { times: 1 });
    await submit(page, "second-code");
    await refused(page, null, says.offline);
    assert.equal(await page.inputValue("#second-code-text"), "000000");
    for (let wrong = 0; wrong < 5; wrong += 1) {
      await submit(page, "second-code", { code: "nonsense" });
      await refused(page, null, says.code_invalid);
    }
    await submit(page, "second-code");
    await refused(page, "login-expired-fr", says.login_expired);
    assert(await page.locator("#sign-in").isVisible());
  }));

  it("tells of limits", () => visit({}, async (page, context) => {
    const { email } = await account();
    await signIn(page, email);
    const refuse = (path, status, code) => context.route(server + path, (route) => route.fulfill({ status, json: { status, code } }), { times: 1 });
    for (const [status, code, text] of [[409, "factor_limit", en.factor_limit], [403, "factor_required", en.factor_required], [404, "not_found", en.totp_unavailable]]) {
      await refuse("/auth/factors/totp", status, code);
      await page.click("[data-view=account] [data-go=add_totp]");
      await submit(page, "add-totp");
      await refused(page, null, text);
      await page.click("[data-view=add_totp] [data-go=account]");
    }
  }));

  for (const [place, language] of ["en", "de", "fr", "es", "zh"].entries()) {
    const says = saysIn(language);

    it(`is well made in ${language}`, () => visit({ locale: language }, async (page) => {
      await open(page);
      assert.equal(await page.getAttribute("html", "lang"), language);
      const texts = await page.evaluate(() => [document.title, ...[document.body, document.querySelector("template").content]
        .flatMap((root) => [...root.querySelectorAll("*")]).filter(({ children, tagName }) => children.length === 0 && tagName !== "NOSCRIPT")
        .map(({ textContent }) => textContent.trim()).filter(Boolean)]);
      const { common, messages, passkeys, passkeys_messages: own } = words(language);
      const known = ["{app}", `${says.title} – {app}`, ...[common, messages, passkeys, own].flatMap(Object.values)];
      assert.deepEqual(texts.filter((text) => !known.includes(text.replace("Example", "{app}"))), []);
      const views = await page.locator("[data-view]").evaluateAll((parts) => parts.map(({ dataset }) => dataset.view));
      for (const [index, view] of views.entries()) {
        await page.evaluate((wanted) => go(wanted), view);
        await look(page, `passkeys-${view}-${language}`, place + index);
      }
    }));

    it(`says in ${language} what it lacks without scripts`, () => visit({ locale: language, javaScriptEnabled: false }, async (page) => {
      await page.goto(`${server}/pages/passkeys`);
      const [, ...said] = (await page.locator("main").innerText()).split(/\n+/);
      assert.deepEqual(said, [says.title, says.noscript]);
      await page.screenshot({ path: `${shots}/passkeys-no-script-${language}.png` });
    }));
  }
});
