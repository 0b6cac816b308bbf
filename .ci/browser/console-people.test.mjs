// Accounts in the console: found, made, changed, and all that can be done to one.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { codeOf } from "./authenticator.mjs";
import { LONG, account, admin, api, at, change, confirm, enter, focused, loaded, logIn, noted, open, person, refused, rows, submit, texts, view } from "./console.mjs";
import { FIRST, browser, mail, post, server, someone } from "./world.mjs";

describe("people in the console", { concurrency: 2 }, () => {
  after(() => browser.close());

  it("finds people, page by page, and keeps its place", () => enter(async (page) => {
    const ada = await admin();
    const start = `q${process.pid}`;
    for (let number = 0; number < 52; number += 1) {
      const more = number === 51 ? { disabled: true, email_verified: true, roles: ["editor", `${start}-role`] } : { password_hash: "$2b$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW" };
      await api("POST", "/admin/users", ada.token, { email: `${start}-${String(number).padStart(2, "0")}@example.org`, ...more });
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
    const { attributes, profile } = await api("GET", `/admin/users/${ann.id}`, ada.token);
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
    await api("PATCH", `/admin/users/${ann.id}`, ada.token, { roles: ["other"] });
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

  it("leaves a dialog with what it is about, and keeps the last administrator", () => enter((page) => person(page, async (ada, ann) => {
    await page.click("#disable");
    await page.evaluate(() => { location.hash = "#/keys"; });
    await at(page, "Keys");
    assert.equal(await page.locator("dialog").count(), 0);
    await page.goBack();
    await at(page, ann.email);
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
    await page.locator(".problem[data-code=code_invalid]:focus").waitFor();
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
});
