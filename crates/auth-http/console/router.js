// Which view is shown: the fragment of the address says it, so that links, back, forward and reload work.
import { GivenUp, query } from "./api.js";
import { closeAll } from "./dialog.js";
import { button, el, note } from "./dom.js";
import * as login from "./login.js";
import { problemBox } from "./problems.js";
import * as session from "./session.js";

const main = document.querySelector("main");
const START = "/users";

let views = [];
let under = new AbortController();
/** The path that is shown, and nothing while there is no session. */
let shown = null;
/** What is to be said of the next view. */
let arriving;

/** Where the address leads: a path, and what is asked for. */
export function here() {
  const [path, asked] = decode(location.hash).split("?", 2);
  return { path: path || START, asked: Object.fromEntries(new URLSearchParams(asked)) };
}

const decode = (hash) => (hash.startsWith("#/") ? hash.slice(1) : "");

/** The address of a view. */
export const to = (path, asked = {}) => `#${query(path, asked)}`;

/** Goes to a view, which is loaded again if it is shown already. `told` is said there. */
export function go(path, asked, told) {
  const target = to(path, asked);
  arriving = told;
  if (target === location.hash) render();
  else location.hash = target;
}

/** Loads what is shown again; the focus stays where it is. */
export const reload = (told) => render({ told, stays: true });

/** `views` are pairs of a pattern of a path and a function that makes the view. */
export function start(given) {
  views = given;
  addEventListener("hashchange", () => {
    if (location.hash !== "" && !location.hash.startsWith("#/")) return;
    // What a dialog is about is not shown any more.
    closeAll();
    render();
  });
  render();
}

/** Shows the login; whoever logs in goes on where they were. */
export function showLogin(told) {
  under.abort();
  shown = null;
  note();
  frame();
  login.start(main, render, told);
}

async function render({ told, stays = false } = {}) {
  if (!session.isOn()) return showLogin();
  under.abort();
  under = new AbortController();
  const { signal } = under;
  const place = here();
  main.setAttribute("aria-busy", "true");
  const said = told ?? arriving;
  arriving = undefined;
  note();
  const made = await make(place, signal);
  if (signal.aborted || !session.isOn()) return;
  note(said);
  frame(place.path);
  const focused = document.activeElement?.id;
  main.replaceChildren(el("h1", { tabindex: "-1", class: made.class }, made.heading ?? made.title), ...made.parts.filter(Boolean));
  document.title = `${printable(made.title)} – Console – ${document.getElementById("app").textContent}`;
  const again = (stays && focused && document.getElementById(focused)) || (shown === place.path && document.getElementById("results"));
  (again || main.querySelector("h1")).focus({ preventScroll: stays });
  shown = made.failed ? null : place.path;
}

async function make({ path, asked }, signal) {
  try {
    for (const [pattern, view] of views) {
      const found = pattern.exec(path);
      if (found) return await view({ params: found.slice(1), asked, signal });
    }
    return { title: "There is no such page", parts: [el("p", {}, "Nothing of the console is at this address.")] };
  } catch (error) {
    return failed(error, signal);
  }
}

function failed(error, signal) {
  const title = error.code === "not_found" ? "There is nothing here" : "This cannot be shown";
  if (signal.aborted || error instanceof session.Ended) return { title, parts: [], failed: true };
  const told = error instanceof GivenUp
    ? el("p", { class: "told" }, "The server asks you to authenticate again before it shows this.")
    : problemBox(error);
  const more = error.code === "not_found" && error.more;
  return { title, failed: true, parts: [told, more, el("p", {}, button("Try again", () => render(), { id: "try-again" }))] };
}

/** What is around a view. */
function frame(path) {
  main.removeAttribute("aria-busy");
  const on = session.isOn() && path !== undefined;
  for (const part of document.querySelectorAll("[data-with=session]")) part.hidden = !on;
  document.getElementById("me").replaceChildren(el("bdi", {}, session.me?.email ?? ""));
  for (const link of document.querySelectorAll("header a")) {
    if (path?.startsWith(decode(link.hash))) link.setAttribute("aria-current", path === decode(link.hash) ? "page" : "true");
    else link.removeAttribute("aria-current");
  }
}

/** Without marks that would turn round what follows. */
const printable = (text) => text.replace(/[\p{Cf}\p{Cc}]/gu, "");
