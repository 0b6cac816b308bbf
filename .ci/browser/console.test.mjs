// The console, as those who administer come into it and go about in it: against a live server, in a headless Chromium.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { authenticator, codeOf } from "./authenticator.mjs";
import { account, admin, api, at, enter, focused, logIn, open, program, refused, submit, view } from "./console.mjs";
import { addPasskey, open as openPasskeys, submit as submitPage } from "./passkeys.mjs";
import { FIRST, SECOND, browser, post, server, shots, tabTo, visit } from "./world.mjs";

describe("the console", { concurrency: 2 }, () => {
  after(() => browser.close());

  it("logs in by a password and a code, keeps the session in memory, and ends it", () => enter(async (page) => {
    const ada = await admin();
    const live = async () => (await api("GET", "/auth/sessions", ada.token)).sessions.length;
    await open(page);
    await page.locator("#log-in [name=email]:focus").waitFor();
    await view(page, "login");
    await submit(page, "#log-in");
    assert.equal(await page.locator("#log-in [aria-invalid=true]").count(), 2);
    await submit(page, "#log-in", { email: ada.email, password: SECOND });
    await refused(page, "Invalid credentials");
    await view(page, "login-wrong", 0);
    await submit(page, "#log-in", { password: FIRST });
    await page.locator("#second-code [name=code]:focus").waitFor();
    await view(page, "second-step", 1);
    await submit(page, "#second-code", { code: "nonsense" });
    await page.locator(".problem[data-code=code_invalid]:focus").waitFor();
    const code = codeOf(ada.secret, 1);
    await submit(page, "#second-code", { code: `${code.slice(0, 3)} ${code.slice(3)}` });
    await at(page, "Accounts");
    assert.equal(await page.locator("#me").innerText(), ada.email);
    assert.equal(await live(), 2);
    await page.click("#me");
    await at(page, "Your session");
    assert.match(await page.locator("main").innerText(), /pwd, otp, mfa[^]*aal2/);
    await view(page, "me", 2);
    await page.click("#log-out");
    await page.locator(".told", { hasText: "You are logged out" }).waitFor();
    assert(!(await page.locator("body").innerText()).includes(ada.email));
    await page.waitForLoadState("networkidle");
    assert.equal(await live(), 1);

    // By going elsewhere, too.
    await logIn(page, ada);
    assert.equal(await live(), 2);
    const left = page.waitForRequest(`${server}/auth/logout`);
    await page.goto(`${server}/pages/reset`);
    await (await left).response();
    assert.equal(await live(), 1);
    await page.goto(`${server}/console`);
  }));

  it("takes a passkey, for the second step and alone", () => enter(async (page) => {
    const ada = await account();
    program("users", "roles", "add", ada.email, "admin");
    await authenticator(page);
    await openPasskeys(page);
    await submitPage(page, "sign-in", { email: ada.email, password: FIRST });
    await addPasskey(page, "Key");
    await open(page);
    await submit(page, "#log-in", { email: ada.email, password: FIRST });
    await page.click("#second-passkey [type=submit]");
    await at(page, "Accounts");
    await page.click("#log-out");
    await page.click("#log-in-passkey [type=submit]");
    await at(page, "Accounts");
    assert.equal(await page.locator("#me").innerText(), ada.email);
  }));

  it("says why somebody may not, and what helps", () => enter(async (page) => {
    const ann = await account();
    await open(page);
    await submit(page, "#log-in", { email: ann.email, password: FIRST });
    await at(page, "This cannot be shown");
    assert.match(await page.locator(".problem").innerText(), new RegExp(`logged in as ${ann.email}, without the role admin`));
    await view(page, "without-role", 0);
    program("users", "roles", "add", ann.email, "admin");
    await page.click("#try-again");
    await page.locator(".problem[data-code=factor_required]", { hasText: "second factors of your account" }).waitFor();
    await view(page, "without-factor", 3);
  }));

  it("refreshes its tokens before they expire, and leads back to where a session ended", () => enter(async (page, context) => {
    const ada = await admin();
    let hasty = true;
    await context.route(`${server}/auth/login/factor`, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...await answer.json(), expires_in: hasty ? 1 : 900 } });
    });
    const refreshed = page.waitForResponse(`${server}/auth/refresh`);
    await logIn(page, ada);
    assert.equal((await refreshed).status(), 200);
    await context.route(`${server}/admin/keys`, (route) => route.fulfill({ status: 401, json: { status: 401, code: "token_expired" } }), { times: 1 });
    const again = page.waitForResponse(`${server}/auth/refresh`);
    await page.click("nav >> text=Keys");
    await at(page, "Keys");
    await again;
    hasty = false;
    await post("/auth/logout?scope=others", undefined, 204, ada.token);
    await page.click("nav >> text=Clients");
    await page.locator(".told", { hasText: "Your session has ended" }).waitFor();
    assert.match(page.url(), /#\/clients$/);
    await submit(page, "#log-in", { email: ada.email, password: FIRST });
    await submit(page, "#second-code", { code: ada.codes.pop() });
    await at(page, "Clients");
  }));

  it("needs no mouse", () => enter(async (page) => {
    const [ada, ann] = [await admin(), await account()];
    const press = async (selector, key = "Enter") => {
      await tabTo(page, selector);
      const style = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.equal(style, "solid", `${selector} shows that it has the focus`);
      await page.keyboard.press(key);
    };
    await open(page);
    await page.locator("#log-in [name=email]:focus").waitFor();
    await page.keyboard.type(ada.email);
    await tabTo(page, "[name=password]");
    await page.keyboard.type(FIRST);
    await page.keyboard.press("Enter");
    await page.locator("#second-code [name=code]:focus").waitFor();
    await page.keyboard.type(ada.codes.pop());
    await page.keyboard.press("Enter");
    await at(page, "Accounts");
    await tabTo(page, "#search [name=text]");
    await page.keyboard.type(ann.email);
    await page.keyboard.press("Enter");
    await page.locator("#results:focus", { hasText: /^1 account$/ }).waitFor();
    await press("tbody a");
    await at(page, ann.email);
    await press("#disable");
    await page.locator("dialog[open]").waitFor();
    // The focus stays within the dialog, and comes back.
    for (let steps = 0; steps < 6; steps += 1) {
      await page.keyboard.press("Tab");
      assert(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog") !== null));
    }
    await page.keyboard.press("Escape");
    assert.equal(await focused(page), "disable");
    await page.keyboard.press("Space");
    await tabTo(page, "dialog [type=submit]");
    await page.keyboard.press("Enter");
    await page.locator(".states .badge", { hasText: /^disabled$/ }).waitFor();
    assert.equal(await focused(page), "disable");
    await page.keyboard.press("Control+Home");
    await page.evaluate(() => document.activeElement.blur());
    await press(".skip");
    assert.equal(await focused(page), "main");
    await page.evaluate(() => document.querySelector(".skip").focus());
    await press("nav a[href='#/audit']");
    await at(page, "Audit trail");
    await page.evaluate(() => document.querySelector(".skip").focus());
    await press("#log-out", "Space");
    await page.locator("#log-in [name=email]:focus").waitFor();
  }));

  it("tells what is wrong on the way, and loses nothing that was typed", () => enter(async (page, context) => {
    const ada = await admin();
    await open(page);
    const path = `${server}/auth/login`;
    await context.route(path, (route) => route.fulfill({ status: 429, json: { status: 429, code: "rate_limited", title: "Too many requests" }, headers: { "retry-after": "7" } }), { times: 1 });
    await submit(page, "#log-in", { email: ada.email, password: FIRST });
    await refused(page, "Too many requests", "Try again in 7 s");
    await context.route(path, (route) => route.abort(), { times: 1 });
    await submit(page, "#log-in");
    await refused(page, "cannot be reached");
    await context.route(path, (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" }), { times: 1 });
    await submit(page, "#log-in");
    await refused(page, "answered 502");
    assert.equal(await page.inputValue("#log-in [name=password]"), FIRST);
    await submit(page, "#log-in");
    await context.route(`${server}/auth/me`, (route) => route.fulfill({ status: 503, json: { status: 503, code: "unavailable", detail: "Not now." } }), { times: 1 });
    await submit(page, "#second-code", { code: ada.codes.pop() });
    await refused(page, "Not now.");
    await page.click("text=Start over");
    await submit(page, "#log-in", { email: ada.email, password: FIRST });
    for (let wrong = 0; wrong < 5; wrong += 1) {
      await submit(page, "#second-code", { code: "nonsense" });
      await page.locator(".problem[data-code=code_invalid]:focus").waitFor();
    }
    await submit(page, "#second-code");
    await page.locator(".told", { hasText: "Begin again" }).waitFor();
    await logIn(page, ada);
    await context.route(`${server}/admin/clients`, (route) => route.fulfill({ status: 503, json: { status: 503, code: "unavailable", title: "Service unavailable", detail: "The database does not answer." }, headers: { "retry-after": "2" } }), { times: 1 });
    await page.click("nav >> text=Clients");
    await at(page, "This cannot be shown");
    await view(page, "unavailable", 2);
    await page.click("#try-again");
    await at(page, "Clients");
  }));

  it("says what it lacks without scripts", () => visit({ javaScriptEnabled: false }, async (page) => {
    await open(page);
    assert.match(await page.locator("main").innerText(), /needs JavaScript/);
    await page.screenshot({ path: `${shots}/no-script.png` });
  }));
});
