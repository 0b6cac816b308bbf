// Asks the server: JSON goes out and comes in, and what is wrong comes as a `Problem`.

/** What the server says is wrong (RFC 9457), or that it cannot be reached. */
export class Problem extends Error {
  constructor(status, said = {}, headers = new Headers()) {
    super(said.detail || said.title || `The server answered ${status}.`);
    this.status = status;
    this.said = said;
    this.code = said.code ?? "";
    this.faults = Array.isArray(said.errors) ? said.errors : [];
    this.request = said.request_id ?? headers.get("X-Request-Id");
    this.wait = Number(headers.get("Retry-After")) || 0;
    this.challenge = headers.get("WWW-Authenticate") ?? "";
  }
}

/** Whoever was asked for something gave up: nothing is wrong. */
export class GivenUp extends Error {}

/** Numbers that JavaScript cannot hold stay as they are written, where the browser can keep them so. */
const exact = (key, value, context) =>
  typeof value === "number" && JSON.rawJSON && context?.source && String(value) !== context.source ? JSON.rawJSON(context.source) : value;

/** JSON that loses nothing. */
export const parse = (text) => JSON.parse(text, exact);

/** What the server answers: `body`, and the `tag` of what it shows. */
export async function ask(method, path, { body, bearer, tag, signal } = {}) {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const headers = new Headers(body === undefined ? {} : { "Content-Type": type });
  if (bearer) headers.set("Authorization", `Bearer ${bearer}`);
  if (tag) headers.set("If-Match", tag);
  const answer = await send(path, { method, headers, body: body && JSON.stringify(body), signal });
  const text = await answer.text();
  if (!answer.ok) throw new Problem(answer.status, read(text), answer.headers);
  return { body: text === "" ? null : parse(text), tag: answer.headers.get("ETag") };
}

/** Without `mode`: in another mode than the usual, browsers would send `Origin: null`. */
async function send(path, options) {
  try {
    return await fetch(path, { ...options, cache: "no-store", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { title: "The server cannot be reached", detail: "The server cannot be reached. Nothing is known of what was asked for." });
  }
}

/** A proxy between here and there may answer with something else. */
function read(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** A path with what is asked for of it. Of what is empty nothing is said. */
export function query(path, values) {
  const asked = String(new URLSearchParams(Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "")));
  return asked === "" ? path : `${path}?${asked}`;
}
