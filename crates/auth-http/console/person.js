// One account: what there is of it, where it is logged in, what happened to it, and what can be done.
import * as actions from "./person-actions.js";
import { query } from "./api.js";
import { events } from "./audit.js";
import * as documents from "./documents.js";
import { button, code, el, facts, link, quiet, section, since, stored, table, when } from "./dom.js";
import * as roles from "./roles.js";
import { reload, to } from "./router.js";
import { call, me } from "./session.js";
import { state } from "./users.js";

/** How many events of the trail are shown here. */
const EVENTS = 10;

export async function show({ params: [id], signal }) {
  const get = (path) => call("GET", path, { signal });
  const of = `/admin/users/${encodeURIComponent(id)}`;
  const trail = query("/admin/audit", { user: id, limit: EVENTS });
  const [{ body: user, tag }, { body: { sessions } }, { body: recent }] =
    await Promise.all([get(of), get(`${of}/sessions`), get(trail)].map(withTrail(id)));
  const account = { user, tag, sessions, self: user.id === me.id };
  return {
    title: user.email,
    heading: stored(user.email),
    class: "name",
    parts: [
      el("p", { class: "states" }, state(user), account.self && [" ", el("span", { class: "badge" }, "you")]),
      overview(account),
      el("div", { class: "columns" },
        el("div", {}, rolesOf(account), factorsOf(account), ["attributes", "profile"].map((name) => documentOf(account, name))),
        el("div", {}, sessionsOf(account), trailOf(account, recent))),
      dangers(account),
    ],
  };
}

/** Of an account that is gone, the trail still tells. */
const withTrail = (id) => (asked) => asked.catch((error) => {
  throw Object.assign(error, { more: el("p", {}, link(to("/audit", { user: id }), "What the audit trail has of this id")) });
});

function overview({ user, ...account }) {
  const { id, email_verified: verified, disabled } = user;
  const act = (what, text, id) => button(text, () => what({ user, ...account }), { id });
  return section("Account", { class: "card" },
    facts([
      ["Id", code(id), copy(id)],
      ["Created", since(user.created_at)],
      ["Changed", since(user.updated_at)],
      ["Last login", since(user.last_login_at)],
      ["Password", user.has_password ? "yes" : quiet("none")],
      user.identities.length > 0 && ["Identities", documents.shown(user.identities, "Identities")],
    ]),
    el("p", { class: "actions" },
      act(actions.changeAddress, "Change address", "change-address"),
      act(actions.verify, verified ? "Mark as not verified" : "Mark as verified", "verify"),
      document.documentElement.dataset.mail === "true" && act(actions.sendReset, "Send password reset", "send-reset"),
      act(actions.disable, disabled ? "Enable" : "Disable", "disable")));
}

function copy(text) {
  if (!navigator.clipboard) return null;
  const press = button("Copy", async () => {
    await navigator.clipboard.writeText(text);
    press.textContent = "Copied";
  }, { kind: "link small", "aria-label": "Copy the id" });
  return [" ", press];
}

function rolesOf({ user, ...account }) {
  return section("Roles", { class: "card" },
    roles.list(user.roles),
    el("p", { class: "actions" }, button("Edit roles", () => actions.changeRoles({ user, ...account }), { id: "edit-roles" })));
}

function factorsOf({ user, ...account }) {
  const { factors } = user;
  const one = ({ type, name, created_at: created, last_used_at: used }) =>
    el("li", {}, el("strong", {}, stored(name)), " ", quiet(type), el("br"), quiet("added ", when(created), ", last used ", when(used)));
  return section("Second factors", { class: "card" },
    factors.length > 0 ? el("ul", { class: "plain" }, factors.map(one)) : el("p", { class: "quiet" }, "none"),
    factors.length > 0 && el("p", { class: "actions" }, button("Reset factors", () => actions.resetFactors({ user, ...account }), { id: "reset-factors" })));
}

const DOCUMENTS = { attributes: ["Attributes", "What administrators say of it."], profile: ["Profile", "What its owner says of themselves."] };

function documentOf(account, name) {
  const [title, about] = DOCUMENTS[name];
  const value = account.user[name];
  return section(title, { class: "card", id: name },
    el("p", { class: "quiet" }, about),
    Object.keys(value).length > 0 ? documents.shown(value, title) : el("p", { class: "quiet" }, "empty"),
    el("p", { class: "actions" }, button(`Edit ${name}`, () => actions.changeDocument(account, name, title), { id: `edit-${name}` })));
}

function sessionsOf(account) {
  const { sessions } = account;
  const columns = [
    ["Began", ({ created_at }) => when(created_at)],
    ["Last used", ({ last_used_at }) => since(last_used_at)],
    ["Expires", ({ expires_at }) => when(expires_at)],
    ["From", ({ ip, user_agent: agent }) => [el("span", { class: "where" }, code(ip ?? "–")), el("br"), el("span", { class: "quiet clip" }, stored(agent ?? ""))]],
    ["Action", (one) => button("End", () => actions.endSession(account, one), { kind: "second small", id: `end-${one.id}`, "aria-label": `End the session that began ${one.created_at}` })],
  ];
  return section("Sessions", { class: "card", id: "sessions" },
    sessions.length > 0 ? table("Sessions", columns, sessions) : el("p", { class: "quiet" }, "Logged in nowhere."),
    sessions.length > 0 && el("p", { class: "actions" }, button("End all sessions", () => actions.endAll(account), { id: "end-all" })));
}

function trailOf({ user }, { events: entries, next }) {
  return section("Trail", { class: "card", id: "trail" },
    entries.length > 0 ? events(entries, "Account") : el("p", { class: "quiet" }, "Nothing is recorded yet."),
    el("p", { class: "actions" },
      button("Load again", () => reload("Loaded again."), { id: "reload", kind: "second small" }),
      link(to("/audit", { user: user.id }), next ? "The whole trail" : "In the audit trail")));
}

const dangers = (account) => section("Delete", { class: "card danger-zone" },
  el("p", {}, "The account, its sessions, factors and documents go for good. The audit trail keeps what happened."),
  el("p", { class: "actions" }, button("Delete account", () => actions.remove(account), { id: "delete", kind: "danger" })));
