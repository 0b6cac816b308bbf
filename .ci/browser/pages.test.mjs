// The pages that links in mails lead to, as a person meets them: against a live server, in a headless Chromium.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { FIRST, SECOND, THIRD, age, browser, done, enter, follow, look, mail, post, refused, scan, server, shots, signIn, someone, tabTo, visit, words } from "./world.mjs";

const NAMES = ["verify", "reset", "email", "undo"];
const LANGUAGES = ["en", "de", "fr", "es", "zh"];
const en = words("en");

/** A new account, and its access token. */
async function account() {
  const email = someone();
  return { email, token: (await post("/auth/register", { email, password: FIRST }, 201)).access_token };
}

async function forgot(email) {
  await post("/auth/password/forgot", { email }, 202);
  return mail(email, "reset");
}

async function move(token) {
  const other = someone();
  await post("/auth/email", { new_email: other }, 202, token);
  return { other, link: (await mail(other, "email")).link };
}

/** Every text on a page, shown or not. */
const texts = (page) => page.evaluate(() => [document.title, ...[document.body, document.querySelector("template").content]
  .flatMap((root) => [...root.querySelectorAll("*")]).filter(({ children, tagName }) => children.length === 0 && tagName !== "NOSCRIPT")
  .map(({ textContent }) => textContent.trim()).filter(Boolean)]);

describe("pages", { concurrency: 3 }, () => {
  after(() => browser.close());

  it("verify an address with the account's password", () => visit({}, async (page) => {
    const { email } = await account();
    const { link } = await mail(email, "verify");
    await follow(page, link);
    await enter(page, { password: "nonsense" });
    await refused(page, "verify-wrong-password", en.messages.password_mismatch);
    await page.click("[data-swap]:visible");
    assert.equal(await page.evaluate(() => document.activeElement.id), "new_password");
    assert(!(await page.locator("main").innerText()).includes(en.verify.with_token));
    await enter(page, { new_password: SECOND });
    await refused(page, "verify-needs-password", en.messages.needs_password);
    await enter(page, { password: FIRST });
    await done(page, "verify-done", en.verify);
    await signIn(email, FIRST);
  }));

  it("use a link when a button is pressed, not before, and not again", () => visit({ locale: "de-DE" }, async (page, context) => {
    const { email } = await account();
    const { link } = await forgot(email);
    const { messages, reset } = words("de");
    await scan(context, link);
    await page.goto(`${server}/pages/undo`);
    await follow(page, link);
    await enter(page, { new_password: "short" });
    await refused(page, "reset-policy-de", messages.rule_too_short.replace("{n}", "12"), messages.rule_no_uppercase, messages.rule_no_digit);
    await enter(page, { new_password: SECOND });
    await done(page, "reset-done-de", reset);
    await signIn(email, FIRST, 401);
    await signIn(email, SECOND);
    // Neither token nor password is where `back` leads, nor where `forward` does.
    await page.goBack();
    assert.equal(page.url(), `${server}/pages/undo`);
    await page.goForward();
    assert.equal(page.url(), `${server}/pages/reset`);
    assert.deepEqual(await page.$$eval("input[name]", (inputs) => inputs.map(({ value }) => value).join("")), "");

    // In the same tab, where only the fragment is another.
    await follow(page, link);
    await enter(page, { new_password: THIRD });
    await refused(page, "reset-used-de", reset.invalid);
    assert.equal(await page.locator("#form").count(), 0);
    await signIn(email, SECOND);
  }));

  it("lead from a link that is too old to a new mail", () => visit({}, async (page) => {
    const { email } = await account();
    const { link } = await forgot(email);
    age(email);
    await follow(page, link);
    await enter(page, { new_password: SECOND });
    await refused(page, "reset-expired", en.reset.invalid);
    // By another page: to an address goes one mail a minute for each.
    const { email: other } = await account();
    await mail(other, "verify");
    await page.fill("#again-email", other);
    await page.click(".again button");
    await page.locator(".sent:focus", { hasText: en.reset.again_done }).waitFor();
    await follow(page, (await mail(other, "reset")).link);
  }));

  it("take a code without a mouse, and tell of a wrong one", () => visit({}, async (page) => {
    const { email } = await account();
    const { code } = await forgot(email);
    const type = async (selector, text) => {
      if (selector) await tabTo(page, selector);
      await page.keyboard.press("Control+A");
      await page.keyboard.type(text);
    };
    await page.goto(`${server}/pages/reset`);
    await tabTo(page, "#form [type=submit]");
    await page.keyboard.press("Enter");
    await refused(page, "reset-empty", ...["email", "code", "new_password"].map((name) => `${en.common[name]} – ${en.messages.rule_missing}`));
    await type("#email", email);
    await type("#code", code === "12345678" ? "12345679" : "12345678");
    await type("#new_password", SECOND);
    await page.keyboard.press("Enter");
    await refused(page, "reset-wrong-code", en.messages.code_invalid);
    await tabTo(page, "#faults a");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "code");
    await type(null, `${code.slice(0, 4)} ${code.slice(4)}`);
    await tabTo(page, "#show");
    await page.keyboard.press("Space");
    assert.equal(await page.getAttribute("#new_password", "type"), "text");
    await tabTo(page, "#form [type=submit]");
    await page.keyboard.press("Enter");
    await done(page, "reset-done", en.reset);
    await signIn(email, SECOND);
  }));

  it("change an address, and give it back to its former owner", () => visit({}, async (page, context) => {
    const { email, token } = await account();
    const { other, link: confirm } = await move(token);
    await scan(context, confirm);
    await follow(page, confirm);
    await enter(page);
    await done(page, "email-done", en.email);
    await signIn(other, FIRST);

    const { link } = await mail(email, "undo");
    await scan(context, link);
    await follow(page, link);
    await tabTo(page, "#form [type=submit]");
    await page.keyboard.press("Enter");
    await done(page, "undo-done", en.undo);
    for (const address of [email, other]) await signIn(address, FIRST, 401);
    await follow(page, (await mail(email, "reset")).link);
    await enter(page, { new_password: SECOND });
    await done(page, "reset-done", en.reset);
    await signIn(email, SECOND);

    await follow(page, link);
    await enter(page);
    await refused(page, "undo-used", en.undo.invalid);
    await page.click("a[href='/pages/reset']");
    await page.locator("#code:visible").waitFor();
  }));

  it("give nobody an address that somebody else took meanwhile", () => visit({}, async (page) => {
    const { other, link } = await move((await account()).token);
    await post("/auth/register", { email: other, password: SECOND }, 201);
    await follow(page, link);
    await enter(page);
    await refused(page, "email-taken", en.messages.email_taken);
  }));

  it("say when to come again, and lose nothing that was typed", () => visit({ locale: "fr-FR" }, async (page, context) => {
    const { messages } = words("fr");
    const answer = (status, code, wait) => ({ status, json: { status, code }, headers: { "retry-after": wait } });
    await follow(page, `${server}/pages/reset#token=x`);
    const path = `${server}/auth/password/reset`;
    await context.route(path, (route) => route.fulfill(answer(503, "overloaded", "2")), { times: 1 });
    await enter(page, { new_password: SECOND });
    await refused(page, null, messages.overloaded.replace("{wait}", "2 secondes"));
    await context.route(path, (route) => route.fulfill(answer(429, "too_many_attempts", "840")), { times: 1 });
    await enter(page);
    await refused(page, "reset-limited-fr", messages.too_many_attempts.replace("{wait}", "14 minutes"));
    await context.route(path, (route) => route.abort(), { times: 1 });
    await enter(page);
    await refused(page, null, messages.offline);
    assert.equal(await page.inputValue("#new_password"), SECOND);
  }));

  it("can be read and used without their style", () => visit({}, async (page, context) => {
    await context.route("**/style.css*", (route) => route.fulfill({ contentType: "text/css", body: "" }));
    const { email } = await account();
    await follow(page, (await forgot(email)).link);
    assert(!(await page.locator("main").innerText()).includes(en.reset.again_title));
    await enter(page, { new_password: "short" });
    await refused(page, null, en.messages.rule_no_digit);
    // In the light alone: axe does not know the dark ground that browsers then choose.
    await look(page, "plain-policy", 0);
    await enter(page, { new_password: SECOND });
    await done(page, null, en.reset);
  }));

  for (const [at, language] of LANGUAGES.entries()) {
    const { common, messages, ...rooms } = words(language);

    it(`are well made in ${language}, with and without a token`, () => visit({ locale: language }, async (page) => {
      for (const [index, [name, fragment]] of NAMES.flatMap((name) => [[name, ""], [name, "#token=x"]]).entries()) {
        await follow(page, `${server}/pages/${name}${fragment}`);
        const own = rooms[name];
        assert.equal(await page.getAttribute("html", "lang"), language);
        assert.equal(await page.locator("h1").innerText(), own.title);
        const known = ["{app}", `${own.title} – {app}`, ...Object.values({ ...common, ...messages, ...own })];
        const foreign = (await texts(page)).filter((text) => !known.includes(text.replace("Example", "{app}")));
        assert.deepEqual(foreign, [], `${name} in ${language}`);
        await look(page, `${name}${fragment && "-link"}-${language}`, language === "en" ? undefined : at + index);
      }
    }));

    it(`say in ${language} what they lack without scripts`, () => visit({ locale: language, javaScriptEnabled: false }, async (page) => {
      for (const name of NAMES) {
        await page.goto(`${server}/pages/${name}#token=x`);
        const [, ...said] = (await page.locator("main").innerText()).split(/\n+/);
        assert.deepEqual(said, [rooms[name].title, common.noscript]);
      }
      await page.screenshot({ path: `${shots}/no-script-${language}.png` });
    }));
  }
});
