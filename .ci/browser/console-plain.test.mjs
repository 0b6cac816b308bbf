// The console of a server that asks nobody for a second factor, sends no mails and takes no passkeys.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { account, at, confirm, enter, logIn, open, program, submit } from "./console.mjs";
import { browser, someone } from "./world.mjs";

describe("the console of a plain server", () => {
  after(() => browser.close());

  it("logs in by a password alone, and offers nothing that the server has not", () => enter(async (page) => {
    const [ada, ann] = [await account(), await account()];
    program("users", "roles", "add", ada.email, "admin");
    await open(page);
    await page.locator("#log-in").waitFor();
    assert.equal(await page.locator("#log-in-passkey").count(), 0);
    await logIn(page, ada, `#/users/${ann.id}`, ann.email);
    assert.equal(await page.locator("#send-reset").count(), 0);
    await confirm(page, "#disable");
    await page.locator(".states .badge", { hasText: /^disabled$/ }).waitFor();
    await page.click("nav >> text=Keys");
    await at(page, "Keys");
    await page.locator(".empty", { hasText: "shared secret" }).waitFor();
    await page.click("nav >> text=Outbox");
    await at(page, "Outbox");
    const ben = someone();
    await page.evaluate(() => { location.hash = "#/users/new"; });
    await at(page, "New account");
    await submit(page, "#new", { email: ben });
    await at(page, ben);
    assert.match(await page.locator("main").innerText(), /Password\s+none/);
  }));
});
