// Accounts: found, and made.
import { query } from "./api.js";
import { badge, el, link, stored, table, when, zone } from "./dom.js";
import { Refused, field, form, reveal } from "./forms.js";
import { objectOf } from "./documents.js";
import * as roles from "./roles.js";
import { go, to } from "./router.js";
import { call } from "./session.js";

const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

export const state = ({ disabled, email_verified: verified }) => [
  badge(disabled ? "disabled" : "enabled", disabled ? "bad" : "good"), " ",
  badge(verified ? "verified" : "not verified", verified ? "good" : ""),
];

/** Where the rest of a list is, and its begin. */
export function pages(path, asked, next) {
  const { after, ...others } = asked;
  return (after || next) && el("nav", { class: "pages", "aria-label": "Pages" },
    after && link(to(path, others), "First page"),
    next && el("a", { href: to(path, { ...others, after: next }), rel: "next" }, "Next page"));
}

/** How many there are on a page, as its heading. */
export const count = (number, one, many, next) =>
  el("h2", { id: "results", tabindex: "-1" }, number === 1 ? `1 ${one}` : `${number} ${many}`, next && ", and there may be more");

export async function search({ asked, signal }) {
  const { body: { users, next } } = await call("GET", query("/admin/users", asked), { signal });
  const columns = [
    ["Address", ({ id, email }) => link(to(`/users/${id}`), stored(email))],
    ["State", state],
    ["Roles", (user) => roles.list(user.roles)],
    ["Factors", ({ factors }) => (factors.length > 0 ? factors.map(({ type }) => type).join(", ") : el("span", { class: "quiet" }, "none"))],
    ["Last login", ({ last_login_at }) => when(last_login_at)],
    ["Created", ({ created_at }) => when(created_at)],
  ];
  const empty = next ? "None on this page: the next one goes on looking." : "No account is like that.";
  return {
    title: "Accounts",
    parts: [
      el("p", { class: "beside" }, el("a", { href: "#/users/new", class: "button" }, "New account")),
      filters(asked),
      count(users.length, "account", "accounts", next),
      users.length > 0 ? table("Accounts", columns, users) : el("p", { class: "empty" }, empty),
      users.length > 0 && el("p", { class: "quiet small" }, `Times are in ${zone()}.`),
      pages("/users", asked, next),
    ],
  };
}

function filters(asked) {
  const exact = asked.email !== undefined;
  const act = ({ text, how, ...others }) => {
    const typed = text.trim();
    if (ID.test(typed)) return go(`/users/${typed.toLowerCase()}`);
    go("/users", { [how]: typed, ...others });
  };
  return form({ submit: "Search", act, class: "filters", id: "search", role: "search" },
    field("text", "Address or id", { type: "search", value: exact ? asked.email : asked.prefix }),
    field("how", "Match", { type: "select", options: [["prefix", "begins with"], ["email", "is exactly"]], value: exact ? "email" : "prefix" }),
    field("role", "Role", { value: asked.role }),
    field("status", "Status", { type: "select", options: [["", "any"], ["enabled", "enabled"], ["disabled", "disabled"]], value: asked.status ?? "" }),
    field("verified", "Verified", { type: "select", options: [["", "any"], ["true", "verified"], ["false", "not verified"]], value: asked.verified ?? "" }));
}

const FIRST = [["password", "a password that you type"], ["password_hash", "a hash of another system"]];

export async function create() {
  const mails = document.documentElement.dataset.mail === "true";
  const invited = [["", mails ? "a mail that invites its owner to choose a password" : "nothing yet"]];
  const how = field("how", "To log in with", { type: "select", options: [...invited, ...FIRST] });
  const [password, hash] = [
    field("password", "Password", { type: "password", autocomplete: "new-password" }),
    field("password_hash", "Hash", { hint: "As the other system stored it. It is verified at the next login, and replaced by one of ours.", class: "mono" }),
  ];
  password.querySelector("label").after(" ", reveal(password.querySelector("input")));
  const select = how.querySelector("select");
  const choose = () => [password, hash].forEach((part) => { part.hidden = part.querySelector("input").name !== select.value; });
  select.addEventListener("change", choose);
  choose();
  const object = (name, label) => field(name, label, { type: "textarea", rows: 4, class: "json", dir: "ltr", value: "{}" });
  return {
    title: "New account",
    parts: [form({ submit: "Create the account", act: make, id: "new", class: "card" },
      field("email", "E-mail address", { type: "email", required: true }),
      how, password, hash,
      field("roles", "Roles", { hint: "Names with blanks between." }),
      field("email_verified", "The address is verified", { type: "checkbox" }),
      field("disabled", "Disabled: it cannot log in", { type: "checkbox" }),
      el("details", {}, el("summary", {}, "Attributes and profile"), object("attributes", "Attributes, for administrators"), object("profile", "Profile, for its owner")))],
  };
}

async function make({ email, roles: names, attributes, profile, how, password, password_hash, ...ticks }) {
  if (how && !(password ?? password_hash)) throw new Refused(how, "must be given");
  const body = {
    email: email.trim(), roles: roles.named(names), attributes: objectOf("attributes", attributes), profile: objectOf("profile", profile), ...ticks,
    ...(how && { [how]: password ?? password_hash }),
  };
  const { body: made } = await call("POST", "/admin/users", { body });
  go(`/users/${made.id}`, {}, `${made.email} has an account now.`);
}
