// The session of whoever administers. Its tokens are in this module alone: a reload, or another page, has none of them.
import { GivenUp, Problem, ask } from "./api.js";

/** How many seconds before its end an access token is replaced. */
const EARLY = 30;

let tokens = null;
let refreshing = null;
let stepping = null;
let hooks = {};

/** Who it is, as the server says. */
export let me = null;

/** There is no session any more, and the page shows that already. */
export class Ended extends Error {}

/** `ended` shows the login, and `stepUp` lets somebody authenticate again, or throws `GivenUp`. */
export const wire = (given) => { hooks = given; };

export const isOn = () => tokens !== null;

/** Takes the tokens of a login. Whoever cannot be told who they are is not logged in. */
export async function begin(answer) {
  take(answer);
  try {
    me = (await call("GET", "/auth/me")).body;
  } catch (problem) {
    const bearer = tokens?.access;
    forget();
    if (bearer) ask("POST", "/auth/logout", { bearer }).catch(() => {});
    throw problem;
  }
}

function take({ access_token: access, refresh_token: refresh = tokens?.refresh, expires_in: seconds }) {
  tokens = { access, refresh, until: Date.now() + seconds * 1000 };
}

/** What the server says in the access token, for those who want to know. */
export function claims() {
  const [, payload] = tokens.access.split(".");
  const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Asks as the owner of the session, who is asked to authenticate again where that is due (RFC 9470). */
export async function call(method, path, options = {}) {
  for (let refreshed = 0; ;) {
    const bearer = await token();
    try {
      return await ask(method, path, { ...options, bearer });
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
      if (problem.code === "reauthentication_required") await authenticateAgain(problem);
      else if (refreshed < 2 && (problem.code === "token_expired" || tokens?.access !== bearer)) refreshed += await refresh(bearer);
      else throw end(bearer);
    }
  }
}

/** An access token that is good for the next request. */
async function token() {
  if (!tokens) throw new Ended();
  if (Date.now() > tokens.until - EARLY * 1000) await refresh(tokens.access);
  return tokens.access;
}

/** Once for all who wait for it, and only if nobody has replaced the token already. */
async function refresh(spent) {
  if (!tokens) throw new Ended();
  if (tokens.access === spent) await (refreshing ??= replace().finally(() => { refreshing = null; }));
  return 1;
}

async function replace() {
  const { access, refresh: refresh_token } = tokens;
  try {
    const { body } = await ask("POST", "/auth/refresh", { body: { refresh_token } });
    if (tokens?.access === access) take(body);
  } catch (problem) {
    throw problem.status === 401 ? end(access) : problem;
  }
}

/** Who waits for the same goes on together. */
async function authenticateAgain(problem) {
  if (!hooks.stepUp) throw problem;
  await (stepping ??= hooks.stepUp(problem).finally(() => { stepping = null; }));
}

/** Shows a proof that it is still the same person: a password, a code or a passkey. */
export async function prove(proof) {
  const bearer = await token();
  try {
    take((await ask("POST", "/auth/reauthenticate", { body: proof, bearer })).body);
  } catch (problem) {
    if (problem.status === 401 && !["reauthentication_required", "passkey_invalid"].includes(problem.code)) throw end(bearer);
    throw problem;
  }
}

/** By what one can prove it; nothing where the server lists none. */
export async function factors() {
  try {
    return (await ask("GET", "/auth/factors", { bearer: await token() })).body;
  } catch (problem) {
    if (problem.code === "not_found") return null;
    throw problem;
  }
}

function end(bearer) {
  if (tokens?.access === bearer) {
    forget();
    hooks.ended("Your session has ended. Log in again to go on.");
  }
  return new Ended();
}

function forget() {
  [tokens, me] = [null, null];
}

/** Ends the session, here in any case. */
export async function logOut() {
  const bearer = tokens.access;
  forget();
  hooks.ended("You are logged out.");
  await ask("POST", "/auth/logout", { bearer });
}

// Whoever leaves the page has logged out. One that is kept to be shown again begins anew.
addEventListener("pagehide", () => {
  if (!tokens) return;
  const headers = { Authorization: `Bearer ${tokens.access}` };
  fetch("/auth/logout", { method: "POST", headers, keepalive: true }).catch(() => {});
});
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

export const isGivenUp = (error) => error instanceof GivenUp || error instanceof Ended || error.name === "AbortError";
