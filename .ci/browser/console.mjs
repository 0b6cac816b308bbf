// What tests of the console do again and again.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { codeOf } from "./authenticator.mjs";
import { FIRST, look, mails, post, server, someone, visit } from "./world.mjs";

const { AUTH_SERVER } = process.env;
assert(AUTH_SERVER, ".ci/live-server sets it");

/** Runs the program on the server's database. */
export const program = (...words) => execFileSync(AUTH_SERVER, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

const CHANGE = `import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=20) as db:
    assert db.execute(sys.argv[2], sys.argv[3:]).rowcount`;
/** Changes a row behind the server's back. */
export const change = (statement, ...values) => execFileSync("python3", ["-c", CHANGE, join(dirname(mails), "auth.db"), statement, ...values]);

/** A new account: its id, address, and access token. */
export async function account(email = someone()) {
  const token = (await post("/auth/register", { email, password: FIRST }, 201)).access_token;
  const { id } = await (await fetch(`${server}/auth/me`, { headers: { authorization: `Bearer ${token}` } })).json();
  return { id, email, token };
}

/** Somebody who administers, with an authenticator app whose next code is good, and recovery codes. */
export async function admin() {
  const made = await account();
  program("users", "roles", "add", made.email, "admin");
  const { id, secret } = await post("/auth/factors/totp", {}, 201, made.token);
  const { recovery_codes: codes, access_token: token } = await post(`/auth/factors/totp/${id}/confirm`, { code: codeOf(secret) }, 200, made.token);
  return { ...made, token, secret, codes };
}

/** Asks as an application does, with whatever method. */
export async function api(method, path, bearer, body) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${bearer}` };
  const answer = await fetch(server + path, { method, headers, body: body && JSON.stringify(body) });
  assert(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

/** In a browser of its own, with every breach of a policy told, and nothing kept where it would outlive the page. */
export const enter = (act, options = {}) =>
  visit(options, async (page, context) => {
    const breaches = [];
    await context.exposeFunction("breach", (told) => breaches.push(told));
    await context.addInitScript(() => document.addEventListener("securitypolicyviolation",
      (event) => globalThis.breach(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`)));
    await act(page, context);
    assert.deepEqual(breaches, []);
    assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]), [0, 0, ""]);
  }, ["/auth/", "/admin/"]);

export const open = (page, hash = "") => page.goto(`${server}/console${hash}`);

/** The view has this heading, where a screen reader begins. */
export async function at(page, title) {
  await page.locator("h1:focus", { hasText: title }).waitFor();
  await page.locator("main:not([aria-busy])").waitFor();
}

/** Types what a form asks for, by the names of its fields, and sends it. */
export async function submit(page, form, values = {}) {
  for (const [name, value] of Object.entries(values)) {
    const field = page.locator(`${form} [name="${name}"]:visible`);
    if (typeof value === "boolean") await field.setChecked(value);
    else if (await field.evaluate(({ tagName }) => tagName === "SELECT")) await field.selectOption(value);
    else await field.fill(value);
  }
  await page.click(`${form} [type=submit]`);
}

/** Logs in with the password, and where a second step comes, with a recovery code. Each is good once. */
export async function logIn(page, { email, codes }, hash, title = "Accounts") {
  await open(page, hash);
  await submit(page, "#log-in", { email, password: FIRST });
  if (codes) await submit(page, "#second-code", { code: codes.pop() });
  await at(page, title);
}

/** The console says what was done. */
export const noted = (page, text) => page.locator("#note [role=status]", { hasText: text }).waitFor();

/** Presses what opens a dialog, and what does it. */
export async function confirm(page, opener, values = {}) {
  await page.click(opener);
  await page.locator("dialog[open]").waitFor();
  await submit(page, "dialog", values);
}

/** The dialog, or the page, says what is wrong, where a screen reader goes on. */
export async function refused(page, ...texts) {
  for (const text of texts) await page.locator(".problem:focus", { hasText: text }).waitFor();
}

/** As `look`, on the narrowest phone as well. */
export async function view(page, name, only) {
  await look(page, name, only);
  await page.setViewportSize({ width: 320, height: 640 });
  const wide = await page.evaluate(() => [...document.querySelectorAll("body *")].filter((part) => part.getBoundingClientRect().right > innerWidth + 1 && !part.closest("pre, textarea, .unseen, thead"))
    .map((part) => part.outerHTML.slice(0, 120)));
  assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than 320: ${wide.join("\n")}`);
  await page.setViewportSize({ width: 1280, height: 844 });
  await page.emulateMedia({ colorScheme: "light" });
}

/** A console that shows an account of somebody else's. */
export async function person(page, act) {
  const [ada, ann] = [await admin(), await account()];
  await logIn(page, ada, `#/users/${ann.id}`, ann.email);
  await act(ada, ann);
}

export const rows = (page) => page.locator("main tbody tr");
export const texts = async (page, selector) => (await page.locator(selector).allInnerTexts()).map((text) => text.trim());
export const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);

/** What somebody may have stored: markup, a mark that turns round what follows, and nothing to break a line at. */
export const [MARKUP, RLO, LONG] = ["<img src=x onerror=alert(1)><script>alert(2)</script>", "\u202e", "x".repeat(3900)];

/** Loads again until the trail has so many of an event: it is written behind the answer. */
export async function loaded(page, count, event, place = "#trail") {
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
export async function eventually(act) {
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
