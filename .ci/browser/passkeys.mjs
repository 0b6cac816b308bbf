// What tests of the page for passkeys and other second factors do again and again.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { codeOf } from "./authenticator.mjs";
import { FIRST, mails, post, server, someone, words } from "./world.mjs";

/** What the page says in a language: its texts and its messages. */
export const saysIn = (language) => {
  const { common, messages, passkeys, passkeys_messages } = words(language);
  return { ...common, ...messages, ...passkeys_messages, ...passkeys, title_sign_in: passkeys.title };
};
export const en = saysIn("en");

/** A new account, and its access token. */
export async function account() {
  const email = someone();
  return { email, token: (await post("/auth/register", { email, password: FIRST }, 201)).access_token };
}

export async function open(page) {
  await page.goto(`${server}/pages/passkeys`);
  await page.locator("[data-view=sign_in]:visible").waitFor();
}

/** The page shows this view, and a screen reader begins at its heading. */
export async function at(page, view, note, says = en) {
  await page.locator("h1:focus", { hasText: says[`title_${view}`] }).waitFor();
  await page.locator(`[data-view=${view}]:visible`).waitFor();
  assert.equal(await page.locator("[data-view]:visible").count(), 1);
  assert.equal(await page.locator("#note").innerText(), note ?? "");
}

/** Fills the fields of a form by their names, and sends it. */
export async function submit(page, form, values = {}) {
  for (const [name, value] of Object.entries(values)) await page.fill(`#${form} [name=${name}]`, value);
  await page.click(`#${form} [type=submit]`);
}

export async function signIn(page, email, password = FIRST) {
  await open(page);
  await submit(page, "sign-in", { email, password });
}

/** Keeps the recovery codes that the page shows. */
export async function keepCodes(page) {
  await page.locator("#codes li").nth(9).waitFor();
  const codes = await page.locator("#codes li").allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  await submit(page, "kept");
  return codes;
}

/** Adds an authenticator app as an application does: its secret, and the recovery codes. */
export async function addTotp(token) {
  const { id, secret } = await post("/auth/factors/totp", {}, 201, token);
  const made = await post(`/auth/factors/totp/${id}/confirm`, { code: codeOf(secret) }, 200, token);
  return { id, secret, codes: made.recovery_codes, token: made.access_token };
}

/** Adds a passkey on the page, as the first factor of an account that is shown. */
export async function addPasskey(page, name = "") {
  await page.click("[data-go=add_passkey]");
  await submit(page, "add-passkey", { name });
  await at(page, "codes", en.passkey_added);
  const codes = await keepCodes(page);
  await at(page, "account");
  return codes;
}

const CHANGE = `import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=20) as db:
    assert db.execute(sys.argv[2], sys.argv[3:]).rowcount`;
const change = (statement, email) => execFileSync("python3", ["-c", CHANGE, join(dirname(mails), "auth.db"), statement, email]);

/** Makes it long ago that somebody was authenticated. */
export function stale(email) {
  change("UPDATE sessions SET authenticated_at = '2020-01-01 00:00:00' WHERE user_id = (SELECT id FROM users WHERE email = ?)", email);
}
