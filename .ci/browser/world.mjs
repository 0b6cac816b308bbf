// What tests of pages stand on: the server of .ci/live-server, the mails that it wrote, and a browser that bears no breach of a promise.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, watch } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { chromium } from "playwright-core";

export const { URL: server, MAILS: mails, SHOTS: shots } = process.env;
assert(server && mails && shots, ".ci/pages and .ci/console set what is needed");
for (const folder of [mails, shots]) mkdirSync(folder, { recursive: true });

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const programs = process.env.PATH.split(":").flatMap((place) => ["chromium", "google-chrome"].map((name) => join(place, name)));

/** Without a sandbox, since CI runs as root. */
export const browser = await chromium.launch({ executablePath: programs.find(existsSync), args: ["--no-sandbox"] });

/** What pages say in a language. */
export const words = (language) =>
  JSON.parse(readFileSync(new URL(`../../crates/auth-http/pages/words/${language}.json`, import.meta.url), "utf8"));

/**
 * Runs what a person does in a browser of theirs, then fails if a page went elsewhere, told of a token, or broke its policy. It changes
 * something at these paths alone, where refusals are meant.
 */
export async function visit(options, act, paths = ["/auth/"]) {
  const isTold = (path) => paths.some((start) => path.startsWith(start));
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 390, height: 844 }, ...options });
  context.setDefaultTimeout(20_000);
  const breaches = [];
  context.on("request", (request) => {
    const { origin, pathname } = new URL(request.url());
    if (!request.url().startsWith("data:") && origin !== server) breaches.push(`a request to ${request.url()}`);
    if (request.method() !== "GET" && !isTold(pathname)) breaches.push(`${request.method()} ${pathname}`);
    if (request.headers().referer?.includes("token")) breaches.push("a token in Referer");
  });
  // That a post was refused is told here as well, and tests mean it.
  context.on("console", (message) => {
    const { url } = message.location();
    if (!url.startsWith(server) || !isTold(url.slice(server.length))) breaches.push(message.text());
  });
  context.on("weberror", (error) => breaches.push(String(error.error())));
  try {
    await act(await context.newPage(), context);
    assert.deepEqual(breaches, []);
  } finally {
    await context.close();
  }
}

/** Follows a link. Its token must leave the address bar. */
export async function follow(page, link) {
  await page.goto(link);
  await page.waitForURL(link.split("#")[0]);
  await page.locator("#form:visible, [data-when=none]:visible").first().waitFor();
}

/** Opens a link as scanners of mails do: with GET, HEAD, and in a browser where nobody presses anything. */
export async function scan(context, link) {
  for (const method of ["GET", "HEAD"]) assert.equal((await fetch(link, { method })).status, 200);
  const page = await context.newPage();
  await follow(page, link);
  await page.waitForLoadState("networkidle");
  await page.close();
}

/** Fills fields by their ids, and presses the page's own button. */
export async function enter(page, values = {}) {
  for (const [id, value] of Object.entries(values)) await page.fill(`#${id}`, value);
  await page.click("#form [type=submit]");
}

/** The page says that something is wrong, in these words and where a screen reader goes on. */
export async function refused(page, picture, ...texts) {
  for (const text of texts) await page.locator("#faults:visible", { hasText: text }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "faults");
  if (picture) await look(page, picture);
}

/** The page says that all went well, and has nothing left of what was typed. */
export async function done(page, picture, own) {
  await page.locator("h1:focus", { hasText: own.done_title }).waitFor();
  assert.equal(await page.locator("#done p:visible").first().innerText(), own.done);
  assert.equal(await page.locator("#form, input:visible").count(), 0);
  if (picture) await look(page, picture);
}

const kinds = ["light", "dark"].flatMap((colorScheme) => [390, 1280].map((width) => ({ colorScheme, width })));

/** Lets axe look at a page, and takes a picture; `only` is one way to look at it instead of all. */
export async function look(page, name, only) {
  await page.evaluate(axe);
  for (const { colorScheme, width } of only === undefined ? kinds : [kinds[only % kinds.length]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 844 });
    const found = await page.evaluate(async () => (await globalThis.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`));
    assert.deepEqual(found, [], `${name}, ${colorScheme}, ${width}`);
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than ${width}`);
    await page.screenshot({ path: join(shots, `${name}-${colorScheme}-${width}.png`), fullPage: true });
  }
}

/** Goes to an element as who has no mouse does. */
export async function tabTo(page, selector) {
  for (let steps = 0; steps < 20; steps += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
  }
  assert.fail(`no way to ${selector} by Tab`);
}

export const [FIRST, SECOND, THIRD] = ["Correct-Horse-7-Battery", "Staple-Battery-8-Horse", "Purple-Monkey-77!-Dish"];
export const signIn = (email, password, status = 200) => post("/auth/login", { email, password }, status);

let people = 0;
/** A mailbox that nobody used before: mails to one are few. */
export const someone = () => `p${process.pid}-${(people += 1)}@example.org`;

/** Posts as an application does. */
export async function post(path, body, status, bearer) {
  const headers = { "content-type": "application/json", ...(bearer && { authorization: `Bearer ${bearer}` }) };
  const answer = await fetch(server + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.status, status, `${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

const read = new Set();
/** The next mail to somebody that leads to this page: its link and its code. */
export async function mail(to, page) {
  const watcher = watch(mails);
  try {
    for (;;) {
      for (const name of readdirSync(mails).filter((name) => name.endsWith(".eml") && !read.has(name)).sort()) {
        // Parts are quoted-printable, and nothing that is looked for has more than `=` in it.
        const text = readFileSync(join(mails, name), "utf8").replace(/=\r?\n/g, "").replaceAll("=3D", "=");
        const link = text.match(new RegExp(`${server}/pages/${page}#token=[\\w-]+`))?.[0];
        if (!link || text.match(/^To: (\S+)/m)?.[1] !== to) continue;
        read.add(name);
        return { link, code: text.match(/^(\d{8})\r?$/m)?.[1] };
      }
      await once(watcher, "change", { signal: AbortSignal.timeout(20_000) });
    }
  } finally {
    watcher.close();
  }
}

const AGE = `import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=20) as db:
    assert db.execute("UPDATE mailbox_proofs SET expires_at = '2020-01-01 00:00:00' WHERE address = ?", sys.argv[2:]).rowcount`;
/** Makes the proofs of an address too old. */
export const age = (address) => execFileSync("python3", ["-c", AGE, join(dirname(mails), "auth.db"), address]);
