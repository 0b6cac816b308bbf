// The audit trail: what happened, to whom, by whom and from where.
import { query } from "./api.js";
import { shown } from "./documents.js";
import { badge, code, el, link, quiet, stored, table, when, zone } from "./dom.js";
import { Refused, field, form } from "./forms.js";
import { go, to } from "./router.js";
import { call, me } from "./session.js";
import { count, pages } from "./users.js";

/** That something went well is not said of each. */
const OUTCOMES = { failure: "bad", unknown: "warn" };

/** The end of an id, which tells it from others; the begin is a time. */
const short = (id) => el("span", { title: id }, `…${id.slice(-12)}`);

const what = ({ event, outcome, reason, members }) => [
  el("span", { class: "event" }, code(event), outcome !== "success" && [" ", badge(outcome, OUTCOMES[outcome])]),
  reason && quiet(el("br"), stored(reason)),
  members && quiet(el("br"), "changed ", stored(members.join(", "))),
];

function whom({ user_id: id, email }) {
  const name = email ? stored(email) : id && code(short(id));
  return (id ? link(to(`/users/${id}`), name) : name) || quiet("–");
}

function who({ actor, user_id: owner }) {
  if (!actor) return quiet("–");
  const { type, id } = actor;
  if (type === "user" && id === owner) return id === me.id ? "you" : "its owner";
  if (type === "user" && id) return id === me.id ? "you" : link(to(`/users/${id}`), "user ", code(short(id)));
  return [type, id && [" ", code(id)]];
}

const where = ({ client, user_agent: agent }) => [el("span", { class: "where" }, code(client ?? "–")), agent && [el("br"), el("span", { class: "quiet clip" }, stored(agent))]];

const DETAILS = { name: ({ event, time }) => `${event} at ${time}`, make: (event) => shown(event, "The event") };

const COLUMNS = [
  ["Time", ({ time }) => when(time)],
  ["Event", what],
  ["Account", whom],
  ["By", who],
  ["From", where],
];

/** Events as rows, without the column that says the same of each. */
export const events = (entries, without) => table("Events", COLUMNS.filter(([title]) => title !== without), entries, DETAILS);

export async function show({ asked, signal }) {
  const { body: { events: entries, next } } = await call("GET", query("/admin/audit", asked), { signal });
  return {
    title: "Audit trail",
    parts: [
      filters(asked),
      count(entries.length, "event", "events", next),
      entries.length > 0 ? events(entries) : el("p", { class: "empty" }, "Nothing is recorded that is like that."),
      entries.length > 0 && el("p", { class: "quiet small" }, `Latest first. Times are in ${zone()}.`),
      pages("/audit", asked, next),
    ],
  };
}

/** What the browser's own field for a time takes: the time where it is. */
function typed(iso) {
  const time = new Date(iso ?? "");
  if (Number.isNaN(time.getTime())) return "";
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function timeOf(name, text) {
  if (text === "") return "";
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new Refused(name, "must be a time");
  return time.toISOString();
}

function filters(asked) {
  const act = ({ user, event, since, until }) =>
    go("/audit", { user: user.trim(), event: event.trim(), since: timeOf("since", since), until: timeOf("until", until) });
  const time = (name, label) => field(name, label, { type: "datetime-local", step: "1", value: typed(asked[name]) });
  return form({ submit: "Search", act, class: "filters", id: "search", role: "search" },
    field("user", "Account: address or id", { type: "search", value: asked.user }),
    field("event", "Event", { type: "search", list: "events", value: asked.event }),
    time("since", "Since"), time("until", "Until (exclusive)"));
}
