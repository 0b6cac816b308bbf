// The console, as those who administer meet it: against a live server, in a headless Chromium.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { authenticator, codeOf } from "./authenticator.mjs";
import { account, admin, api, at, change, confirm, enter, logIn, noted, open, program, refused, submit, view } from "./console.mjs";
import { addPasskey, open as openPasskeys, submit as submitPage } from "./passkeys.mjs";
import { FIRST, SECOND, browser, mail, post, server, shots, someone, tabTo, visit } from "./world.mjs";

const rows = (page) => page.locator("main tbody tr");
const texts = async (page, selector) => (await page.locator(selector).allInnerTexts()).map((text) => text.trim());
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);
const RLO = "\u202e", LONG = "x".repeat(3900), MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>";

/** A console that shows an account of somebody else's. */
async function person(page, act, title) {
  const [ada, ann] = [await admin(), await account()];
  await logIn(page, ada, `#/users/${ann.id}`, title ?? ann.email);
  await act(ada, ann);
}

describe("the console", { concurrency: 3 }, () => {
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
    await refused(page, "");
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

  it("finds people, page by page, and keeps its place", () => enter(async (page) => {
    const ada = await admin();
    const start = `q${process.pid}`;
    for (let number = 0; number < 52; number += 1) {
      const more = number === 51 ? { disabled: true, email_verified: true, roles: ["editor", `${start}-role`] } : { password_hash: "$2b$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW" };
      await api("POST", "/admin/users", await elevated(ada), { email: `${start}-${String(number).padStart(2, "0")}@example.org`, ...more });
    }
    await logIn(page, ada);
    await submit(page, "#search", { text: `${start}-`, how: "prefix" });
    await page.locator("#results:focus", { hasText: "50 accounts, and there may be more" }).waitFor();
    await view(page, "accounts");
    await page.click("[rel=next]");
    await page.locator("#results", { hasText: /^2 accounts$/ }).waitFor();
    const second = page.url();
    await page.goBack();
    await page.locator("#results", { hasText: "50 accounts" }).waitFor();
    await page.goForward();
    await page.locator("#results", { hasText: /^2 accounts$/ }).waitFor();
    assert.equal(page.url(), second);
    // Whoever comes by the address has to log in, and is there.
    await page.reload();
    await submit(page, "#log-in", { email: ada.email, password: FIRST });
    await submit(page, "#second-code", { code: ada.codes.pop() });
    await page.locator("#results", { hasText: /^2 accounts$/ }).waitFor();
    await page.click("text=First page");
    await page.locator("#results", { hasText: "50 accounts" }).waitFor();

    for (const [asked, found] of [
      [{ status: "disabled" }, 1], [{ status: "enabled", verified: "true" }, 0], [{ status: "", verified: "true", role: `${start}-role` }, 1],
      [{ verified: "", role: "", how: "email", text: `${start}-07@example.org` }, 1], [{ how: "email", text: `${start}-99@example.org` }, 0],
    ]) {
      await submit(page, "#search", asked);
      await page.locator("#results", { hasText: found === 1 ? /^1 account$/ : `${found} accounts` }).waitFor();
      assert.equal(await rows(page).count(), found, JSON.stringify(asked));
    }
    assert.equal(await page.inputValue("#search [name=text]"), `${start}-99@example.org`);
    await view(page, "accounts-none", 1);
    await submit(page, "#search", { text: "not an address" });
    await at(page, "This cannot be shown");
    assert.match(await page.locator(".problem").innerText(), /email/);
    await page.goBack();
    await submit(page, "#search", { text: ` ${ada.id.toUpperCase()} ` });
    await at(page, ada.email);
    assert(await page.locator(".badge", { hasText: /^you$/ }).isVisible());
    await open(page, "#/nowhere");
    await at(page, "There is no such page");
    await page.evaluate(() => { location.hash = "#/users/01890a5d-ac96-774b-bcce-b302099a8057"; });
    await at(page, "There is nothing here");
    assert(await page.locator("main a", { hasText: "What the audit trail has of this id" }).isVisible());
  }));

  it("makes accounts, and says what is wrong with them", () => enter(async (page) => {
    const [ada, ann, ben] = [await admin(), await account(), someone()];
    await logIn(page, ada);
    await page.click("text=New account");
    await at(page, "New account");
    await view(page, "new-account", 2);
    await submit(page, "#new", { email: ann.email });
    await refused(page, "address");
    await submit(page, "#new", { email: ben, how: "password", password: "short" });
    await page.locator("#new .why p").nth(2).waitFor();
    await submit(page, "#new", { how: "password_hash", password_hash: "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA" });
    await page.locator("#new .why p", { hasText: "must be a hash" }).waitFor();
    await page.click("#new summary");
    await submit(page, "#new", { how: "", roles: "editor Bad", attributes: "{", });
    await page.locator("#new .why p", { hasText: "This is not JSON" }).waitFor();
    await submit(page, "#new", { attributes: '{"plan":"gold"}' });
    await page.locator("#new .why p", { hasText: "must" }).first().waitFor();
    await view(page, "new-account-wrong", 1);
    await submit(page, "#new", { roles: "editor, staff", email_verified: true });
    await at(page, ben);
    await noted(page, "has an account now");
    assert.deepEqual(await texts(page, "main section .badges li"), ["editor", "staff"]);
    assert.match(await page.locator("#attributes pre").innerText(), /"plan": "gold"/);
    await mail(ben, "reset");
  }));

  it("changes roles, documents, address and verification, and shows what happened", () => enter((page) => person(page, async (ada, ann) => {
    await view(page, "person-plain", 0);
    await confirm(page, "#edit-roles", { more: "editor not/a-role" });
    await page.locator("dialog .why p").first().waitFor();
    await submit(page, "dialog", { more: "" });
    await page.locator("dialog").waitFor({ state: "detached" });
    await noted(page, "The roles are changed");
    assert.equal(await focused(page), "edit-roles");
    await page.click("#edit-roles");
    await page.fill("dialog [name=more]", "editor, staff");
    await page.press("dialog [name=more]", "Enter");
    await page.uncheck("dialog input[value=editor]");
    await view(page, "roles", 3);
    await submit(page, "dialog");
    await page.locator("main .badges li", { hasText: "staff" }).waitFor();
    assert.deepEqual(await texts(page, "main .badges li"), ["staff"]);

    await page.click("#edit-attributes");
    await submit(page, "dialog", { attributes: '{"a":{"b":null}}' });
    await page.locator("dialog .why p", { hasText: "null" }).waitFor();
    await submit(page, "dialog", { attributes: '[1]' });
    await page.locator("dialog .why p", { hasText: "must be an object" }).waitFor();
    await submit(page, "dialog", { attributes: '{"plan":"gold","n":12345678901234567,"nested":{"keep":1,"go":2},"__proto__":{"x":1}}' });
    await noted(page, "Attributes changed");
    await confirm(page, "#edit-attributes", { attributes: '{"plan":"gold","n":12345678901234567,"nested":{"keep":1},"more":[null]}' });
    await noted(page, "Attributes changed");
    await page.locator("#attributes pre", { hasText: "more" }).waitFor();
    await confirm(page, "#edit-profile", { profile: '{"name":"Ann"}' });
    await noted(page, "Profile changed");
    const { attributes, profile } = await api("GET", `/admin/users/${ann.id}`, await elevated(ada));
    assert.deepEqual([Object.keys(attributes).sort(), attributes.nested, attributes.more, profile], [["more", "n", "nested", "plan"], { keep: 1 }, [null], { name: "Ann" }]);
    await page.click("#edit-attributes");
    assert.match(await page.inputValue("dialog textarea"), /12345678901234567\b/);
    await view(page, "document", 2);
    await submit(page, "dialog", { attributes: LONG });
    await page.locator("dialog .why p", { hasText: "not JSON" }).waitFor();
    await submit(page, "dialog", { attributes: JSON.stringify({ long: LONG + LONG }) });
    await page.locator("dialog .why p", { hasText: "4096" }).waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await focused(page), "edit-attributes");

    await confirm(page, "#verify");
    await noted(page, "The address is verified");
    await page.locator(".states .badge", { hasText: /^verified$/ }).waitFor();
    const other = someone();
    await confirm(page, "#change-address", { email: ada.email });
    await refused(page, "address");
    await submit(page, "dialog", { email: other, email_verified: true });
    await page.locator("h1", { hasText: other }).waitFor();

    await loaded(page, 5, "user_updated");
    await page.click("#trail [aria-expanded]");
    await page.locator("#trail pre", { hasText: "user_updated" }).waitFor();
    await view(page, "person");
  })));

  it("never overwrites what somebody else has done meanwhile", () => enter((page) => person(page, async (ada, ann) => {
    await api("PATCH", `/admin/users/${ann.id}`, await elevated(ada), { roles: ["other"] });
    for (const [opener, values] of [["#edit-roles", { more: "mine" }], ["#disable", {}], ["#edit-profile", { profile: '{"a":1}' }], ["#delete", { typed: ann.email }]]) {
      await confirm(page, opener, values);
      await refused(page, "Somebody else has changed this account");
      if (opener === "#edit-roles") await view(page, "changed-meanwhile", 0);
      if (opener !== "#delete") await page.click("dialog >> text=Cancel");
    }
    await page.click("dialog >> text=Load the account again");
    await page.locator("main .badges li", { hasText: "other" }).waitFor();
    assert.equal(await page.locator("dialog").count(), 0);
    await confirm(page, "#edit-roles", { more: "mine" });
    await noted(page, "The roles are changed");
    assert.deepEqual(await texts(page, "main .badges li"), ["mine", "other"]);
  })));

  it("ends sessions, disables, resets and deletes, and asks first", () => enter((page) => person(page, async (ada, ann) => {
    for (let more = 0; more < 2; more += 1) await post("/auth/login", { email: ann.email, password: FIRST }, 200);
    const { secret, id } = await post("/auth/factors/totp", { name: "Phone" }, 201, ann.token);
    await page.click("#reload");
    await page.locator("#sessions tbody tr").nth(2).waitFor();
    const end = "#sessions tbody tr:first-child button";
    await page.click(end);
    await view(page, "end-session", 0);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#sessions tbody tr").count(), 3);
    await confirm(page, end);
    await noted(page, "The session has ended");
    assert.equal(await page.locator("#sessions tbody tr").count(), 2);

    await post(`/auth/factors/totp/${id}/confirm`, { code: codeOf(secret) }, 200, ann.token);
    await page.click("#reload");
    await page.locator("main", { hasText: "Phone" }).locator("#reset-factors").waitFor();
    await confirm(page, "#reset-factors");
    await noted(page, "The factors are removed");
    assert.equal(await page.locator("#reset-factors").count(), 0);
    assert.equal(await focused(page), "H1");
    await page.locator("#sessions", { hasText: "Logged in nowhere" }).waitFor();
    await post("/auth/login", { email: ann.email, password: FIRST }, 200);
    await page.click("#reload");
    await confirm(page, "#end-all");
    await page.locator("#sessions", { hasText: "Logged in nowhere" }).waitFor();

    await confirm(page, "#send-reset");
    await noted(page, "it is on its way");
    await mail(ann.email, "reset");
    await confirm(page, "#disable");
    await page.locator(".states .badge", { hasText: /^disabled$/ }).waitFor();
    await post("/auth/login", { email: ann.email, password: FIRST }, 401);
    await confirm(page, "#disable");
    await page.locator(".states .badge", { hasText: /^enabled$/ }).waitFor();
    await post("/auth/login", { email: ann.email, password: FIRST }, 200);

    await confirm(page, "#delete", { typed: "somebody@example.org" });
    await page.locator("dialog .why p", { hasText: "not the address" }).waitFor();
    await view(page, "delete");
    await submit(page, "dialog", { typed: ann.email });
    await at(page, "Accounts");
    await noted(page, `${ann.email} is deleted`);
    await page.goBack();
    await at(page, "There is nothing here");
    await page.click("main a");
    await loaded(page, 1, "user_deleted", "main");
  })));

  it("keeps the last administrator", () => enter((page) => person(page, async () => {
    // There are others here, so the server would not say it.
    await page.context().route(`${server}/admin/users/*`, (route) => (route.request().method() === "PATCH"
      ? route.fulfill({ status: 409, json: { status: 409, code: "last_administrator", title: "Conflict", detail: "No" } }) : route.continue()));
    await confirm(page, "#disable");
    await refused(page, "last account that can administer the others");
  })));

  it("asks to authenticate again where the server does, and then does what was asked for", () => enter((page) => person(page, async (ada, ann) => {
    const weaken = () => change("UPDATE sessions SET methods = 'pwd' WHERE user_id = ?", ada.id);
    weaken();
    await confirm(page, "#edit-roles", { more: "editor" });
    await page.locator("dialog", { hasText: "Confirm that it is you" }).waitFor();
    await view(page, "step-up", 3);
    await submit(page, "#second-code", { code: "nonsense" });
    await refused(page, "");
    await page.click("dialog:last-of-type >> text=Cancel");
    await page.locator("dialog").nth(1).waitFor({ state: "detached" });
    assert.equal(await page.inputValue("dialog [name=more]"), "editor");
    await submit(page, "dialog");
    await submit(page, "#second-code", { code: ada.codes.pop() });
    await noted(page, "The roles are changed");

    weaken();
    await page.click("nav >> text=Audit trail");
    await page.locator("dialog", { hasText: "Confirm that it is you" }).waitFor();
    await page.keyboard.press("Escape");
    await at(page, "This cannot be shown");
    await page.click("#try-again");
    await submit(page, "#second-code", { code: codeOf(ada.secret, 1) });
    await at(page, "Audit trail");
    await page.evaluate((id) => { location.hash = `#/users/${id}`; }, ann.id);
    await at(page, ann.email);
  })));

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

  it("looks into the audit trail", () => enter(async (page) => {
    const [ada, ann] = [await admin(), await account()];
    await post("/auth/login", { email: ann.email, password: SECOND }, 401);
    await logIn(page, ada, "#/audit", "Audit trail");
    await submit(page, "#search", { user: ann.email });
    await loaded(page, 1, "login_failed", "main");
    assert.equal(await page.locator("main td.nothing").count(), 0);
    await submit(page, "#search", { event: "login_failed" });
    await page.locator("#results", { hasText: /^1 event$/ }).waitFor();
    await page.click("main [aria-expanded]");
    await page.locator("main pre", { hasText: ann.email }).waitFor();
    await view(page, "audit");
    await submit(page, "#search", { event: "no_such_event" });
    await at(page, "This cannot be shown");
    await page.goBack();
    await submit(page, "#search", { event: "", until: "2020-01-01T00:00" });
    await page.locator("#results", { hasText: "0 events" }).waitFor();
    assert.equal(await page.inputValue("#search [name=until]"), "2020-01-01T00:00");
    await submit(page, "#search", { until: "", since: "2020-01-01T00:00", user: ann.id });
    await page.locator("#results", { hasText: /events$/ }).waitFor();
    await page.evaluate(() => { location.hash = "#/audit?limit=1"; });
    await page.locator("#results", { hasText: "1 event, and there may be more" }).waitFor();
    const first = await rows(page).innerText();
    await page.click("[rel=next]");
    await page.locator("main a", { hasText: "First page" }).waitFor();
    assert.notEqual(await rows(page).innerText(), first);
  }));

  it("lists clients, keys and mails", () => enter(async (page) => {
    const ada = await admin();
    program("clients", "add", `Office <b>${process.pid}</b> ${RLO}`.slice(0, 60).replace(RLO, ""), "--scope", "admin:read,admin:write");
    await logIn(page, ada, "#/clients", "Clients");
    await rows(page).filter({ hasText: "<b>" }).filter({ hasText: "admin:write" }).waitFor();
    await view(page, "clients", 0);
    await page.click("nav >> text=Keys");
    await at(page, "Keys");
    await rows(page).filter({ hasText: "active" }).filter({ hasText: "ES256" }).waitFor();
    await view(page, "keys", 1);
    const to = someone();
    await post("/auth/register", { email: to, password: FIRST }, 201);
    await mail(to, "verify");
    await eventually(() => change("UPDATE mail_outbox SET state = 'dead', last_error = ? WHERE recipient = ? AND state = 'sent'", `550 ${MARKUP} ${RLO}${LONG}`, to));
    await page.click("nav >> text=Outbox");
    await at(page, "Outbox");
    await page.click("text=Dead");
    await rows(page).filter({ hasText: MARKUP }).waitFor();
    await view(page, "outbox");
  }));

  it("shows whatever is stored as text, and breaks at nothing", () => enter((page) => person(page, async (ada, ann) => {
    const evil = { [MARKUP]: MARKUP, [`${RLO}${LONG.slice(0, 1500)}`]: `${RLO}${LONG.slice(0, 1500)}` };
    await api("PATCH", `/admin/users/${ann.id}`, await elevated(ada), { attributes: evil, profile: { "</script>": "\u2066{{7*7}}\u2028" }, roles: Array.from({ length: 32 }, (_, at) => `${"r".repeat(60)}${at}`) });
    const agent = `${MARKUP} ${LONG}`.slice(0, 2000);
    const answer = await fetch(`${server}/auth/login`, { method: "POST", headers: { "content-type": "application/json", "user-agent": agent }, body: JSON.stringify({ email: ann.email, password: FIRST }) });
    const { access_token: token } = await answer.json();
    const { id, secret } = await post("/auth/factors/totp", { name: `${MARKUP.slice(0, 62)}${RLO}`.slice(0, 60) }, 201, token);
    await post(`/auth/factors/totp/${id}/confirm`, { code: codeOf(secret) }, 200, token);
    await page.click("#reload");
    await page.locator("main", { hasText: "onerror" }).locator("#reset-factors").waitFor();
    assert.equal(await page.locator("main img, main script").count(), 0);
    const shown = await page.locator("#attributes pre").innerText();
    assert(shown.includes("\\u202e") && !shown.includes(RLO) && shown.includes(MARKUP));
    assert((await page.locator("#profile pre").innerText()).includes("\\u2066{{7*7}}\\u2028"));
    await view(page, "hostile");
    await page.click("#edit-attributes");
    await view(page, "hostile-document", 0);
    await submit(page, "dialog");
    await page.locator("dialog .why p", { hasText: "Nothing is changed" }).waitFor();
    await page.keyboard.press("Escape");
    await page.click("#edit-roles");
    await view(page, "hostile-roles", 1);
    await page.keyboard.press("Escape");
    await page.evaluate(() => { location.hash = "#/users?prefix=%3Cscript%3E%E2%80%AE&role=r"; });
    await page.locator("#results").waitFor();
    assert.equal(await page.inputValue("#search [name=text]"), `<script>${RLO}`);
    await post("/auth/login", { email: `${"x".repeat(60)}@${"y".repeat(60)}.example`, password: "x" }, 401);
    await page.evaluate(() => { location.hash = "#/audit"; });
    await at(page, "Audit trail");
    await view(page, "hostile-audit", 0);
  })));

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
      await refused(page, "");
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

/** A token of somebody who administers, with a second factor: that of the session that added it. */
const elevated = async ({ token }) => token;

/** Loads again until the trail has so many of an event: it is written behind the answer. */
async function loaded(page, count, event, place = "#trail") {
  const found = page.locator(`${place} .event code`, { hasText: event });
  const deadline = Date.now() + 20_000;
  while (await found.count() < count) {
    assert(Date.now() < deadline, `${event} is not in the trail`);
    const answer = page.waitForResponse((response) => response.url().includes("/admin/audit"));
    if (place === "#trail") await page.click("#reload");
    else await page.click("#search [type=submit]");
    await answer;
    await page.locator("main:not([aria-busy])").waitFor();
  }
}

/** Tries until it does not throw: what a mail's row says is written after the mail. */
async function eventually(act) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
  }
}
