// Makes elements. What comes from the server goes into text alone, and stands apart from what is around it whatever its direction.

/** An element with attributes and children. Texts are text, `null` and `false` are nothing. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

let made = 0;
/** An id that no other element has. */
export const fresh = (name) => `${name}-${(made += 1)}`;

/** A stored text, in whichever direction it is written. */
export const stored = (text, attributes) => el("bdi", attributes, text);

export const quiet = (...children) => el("span", { class: "quiet" }, children);
export const code = (text) => el("code", { dir: "auto" }, text);
export const link = (href, ...children) => el("a", { href }, children);

/** What is said in a word, with a colour of its own. */
export const badge = (text, kind = "") => el("span", { class: `badge ${kind}`.trim() }, text);

const two = (number) => String(number).padStart(2, "0");

/** A time where the browser is: sortable, and the same length in every row. */
export function local(time) {
  const [date, clock] = [[time.getFullYear(), time.getMonth() + 1, time.getDate()], [time.getHours(), time.getMinutes(), time.getSeconds()]];
  return `${date.map(two).join("-")} ${clock.map(two).join(":")}`;
}

const STEPS = [[60, "second"], [60, "minute"], [24, "hour"], [30, "day"], [12, "month"], [Infinity, "year"]];

/** How long ago, or from now, in words. */
function apart(time) {
  let distance = (time - Date.now()) / 1000;
  for (const [size, unit] of STEPS) {
    if (Math.abs(distance) < size) return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(distance), unit);
    distance /= size;
  }
}

/** A time of the server; `none` where there is none. */
export function when(iso, none = "never") {
  if (!iso) return quiet(none);
  return el("time", { datetime: iso, title: iso }, local(new Date(iso)));
}

/** The same, and how long ago that is. */
export const since = (iso, none) => iso ? [when(iso), " ", quiet(apart(new Date(iso)))] : when(iso, none);

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Facts by their names. */
export const facts = (pairs) =>
  el("dl", {}, pairs.filter(Boolean).map(([name, ...values]) => el("div", {}, el("dt", {}, name), el("dd", {}, values))));

/**
 * A table, which is a list of cards where there is little room. A column is its title and what it has of a row; the first one names the
 * row. `details` has a name for a row and makes what is shown of it on demand. Roles are told, since styles that make cards of rows take
 * them away.
 */
export function table(caption, given, rows, details) {
  const columns = details ? [...given, ["Details", (row) => disclosure(row, details, given.length + 1)]] : given;
  const cell = ([title, of], row, at) =>
    el(at === 0 ? "th" : "td", { role: at === 0 ? "rowheader" : "cell", scope: at === 0 && "row", "data-label": title }, el("div", { class: "cell" }, of(row)));
  const heads = columns.map(([title]) => el("th", { role: "columnheader", scope: "col" }, title));
  return el("table", { role: "table" },
    el("caption", { class: "unseen" }, caption),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads)),
    el("tbody", { role: "rowgroup" }, rows.map((row) => el("tr", { role: "row" }, columns.map((column, at) => cell(column, row, at))))));
}

/** A button. `id` gives it the focus again when what it stands in is made anew. */
export const button = (text, act, { id, kind = "second", ...attributes } = {}) =>
  el("button", { type: "button", class: kind, id, click: act, ...attributes }, text);

/** A button that shows all of a row below it, and takes it away again. */
function disclosure(row, { name, make }, width) {
  const press = button("Show", () => {
    const line = press.closest("tr");
    const shown = press.getAttribute("aria-expanded") === "true";
    if (shown) line.nextElementSibling.remove();
    else line.after(el("tr", { role: "row", class: "more" }, el("td", { role: "cell", colspan: width }, make(row))));
    press.setAttribute("aria-expanded", String(!shown));
  }, { kind: "link", "aria-expanded": "false", "aria-label": `Show all of ${name(row)}` });
  return press;
}

/** A part of a page with a heading. */
export const section = (title, attributes, ...children) => {
  const id = fresh("part");
  return el("section", { "aria-labelledby": id, ...attributes }, el("h2", { id }, title), children);
};

/** Says what was done, until the next view. */
export function note(text = "") {
  const [said, dismiss] = [document.querySelector("#note [role=status]"), document.querySelector("#note button")];
  said.textContent = text;
  dismiss.hidden = text === "";
  dismiss.onclick = () => {
    note();
    document.querySelector("main").focus();
  };
}
