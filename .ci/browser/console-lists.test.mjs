// What the console lists, and whatever is stored as it shows it.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { codeOf } from "./authenticator.mjs";
import { LONG, MARKUP, RLO, account, admin, api, at, change, confirm, enter, eventually, loaded, logIn, person, program, rows, submit, view } from "./console.mjs";
import { FIRST, SECOND, browser, mail, post, server, someone } from "./world.mjs";

describe("lists in the console", { concurrency: 2 }, () => {
  after(() => browser.close());

  it("looks into the audit trail", () => enter(async (page) => {
    const [ada, ann] = [await admin(), await account()];
    await post("/auth/login", { email: ann.email, password: SECOND }, 401);
    await logIn(page, ada, "#/audit", "Audit trail");
    await submit(page, "#search", { user: ann.email });
    await loaded(page, 1, "login_failed", "main");
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
    program("clients", "add", `Office <b>${process.pid}</b>`, "--scope", "admin:read,admin:write");
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
    await api("PATCH", `/admin/users/${ann.id}`, ada.token, { attributes: evil, profile: { "</script>": "\u2066{{7*7}}\u2028" }, roles: Array.from({ length: 32 }, (_, at) => `${"r".repeat(60)}${at}`) });
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
});
