// Clients, signing keys, and mails that wait or are dead. They are changed on the command line.
import { query } from "./api.js";
import { shown } from "./documents.js";
import { badge, code, el, quiet, stored, table, when } from "./dom.js";
import { to } from "./router.js";
import { call } from "./session.js";
import { count, pages } from "./users.js";

const list = (rows, caption, columns, empty, details) => (rows.length > 0 ? table(caption, columns, rows, details) : el("p", { class: "empty" }, empty));

const byCommand = (command) => el("p", { class: "quiet" }, "To change something: ", code(command), ".");

export async function clients({ asked, signal }) {
  const { body: { clients: rows, next } } = await call("GET", query("/admin/clients", asked), { signal });
  const columns = [
    ["Name", ({ name }) => stored(name)],
    ["Id", ({ client_id: id }) => code(id)],
    ["Scopes", ({ scopes }) => (scopes.length > 0 ? el("ul", { class: "badges" }, scopes.map((scope) => el("li", {}, badge(scope)))) : quiet("none"))],
    ["Created", ({ created_at }) => when(created_at)],
    ["Secret", ({ rotated_at: rotated, former_secret_until: until }) => [when(rotated, "the first"), until && quiet(el("br"), "the former until ", when(until))]],
  ];
  return {
    title: "Clients",
    parts: [
      byCommand("auth-server clients"),
      count(rows.length, "client", "clients", next),
      list(rows, "Clients", columns, "There are none."),
      pages("/clients", asked, next),
    ],
  };
}

const STATES = { pending: "", active: "good", retiring: "warn", revoked: "bad", gone: "" };

export async function keys({ signal }) {
  const { body: { keys: rows } } = await call("GET", "/admin/keys", { signal });
  const columns = [
    ["Key", ({ kid }) => code(kid)],
    ["State", ({ state }) => badge(state, STATES[state])],
    ["Algorithm", ({ alg }) => alg],
    ["Created", ({ created_at }) => when(created_at)],
    ["Signs from", ({ signs_from }) => when(signs_from)],
    ["Until", ({ signs_until }) => when(signs_until, "open")],
  ];
  return {
    title: "Keys",
    parts: [
      byCommand("auth-server keys"),
      count(rows.length, "key", "keys"),
      list(rows, "Keys", columns, "The shared secret signs: there are no keys that others could verify with."),
    ],
  };
}

const WHICH = [[undefined, "All"], ["waiting", "Waiting"], ["dead", "Dead"]];

export async function outbox({ asked, signal }) {
  const { body: { mails: rows, next } } = await call("GET", query("/admin/outbox", asked), { signal });
  const columns = [
    ["To", ({ to }) => stored(to)],
    ["Why", ({ occasion, language }) => [el("span", { class: "event" }, code(occasion)), language && quiet(` ${language}`)]],
    ["State", ({ state, attempts }) => [badge(state, state === "dead" ? "bad" : ""), quiet(attempts === 1 ? " 1 attempt" : ` ${attempts} attempts`)]],
    ["Written", ({ created_at }) => when(created_at)],
    ["Next attempt", ({ next_attempt_at: next, done_at: done }) => (next ? when(next) : [quiet("given up "), when(done, "")])],
    ["Mail server", ({ last_error: error }) => (error ? el("span", { class: "clip" }, stored(error)) : quiet("nothing yet"))],
  ];
  const details = { name: ({ occasion, to }) => `the mail ${occasion} to ${to}`, make: (mail) => shown(mail, "The mail") };
  const one = ([state, text]) => el("a", { href: to("/outbox", { state }), "aria-current": asked.state === state && "page" }, text);
  return {
    title: "Outbox",
    parts: [
      byCommand("auth-server mail"),
      el("nav", { class: "tabs", "aria-label": "State" }, WHICH.map(one)),
      count(rows.length, "mail", "mails", next),
      list(rows, "Mails", columns, "No mail waits, and none is dead.", details),
      pages("/outbox", asked, next),
    ],
  };
}
