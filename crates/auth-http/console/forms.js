// Forms: fields with their labels, hints and faults, and a button that acts once at a time.
import { button, el, fresh } from "./dom.js";
import { problemBox } from "./problems.js";
import { isGivenUp } from "./session.js";

/** A field: its label, a hint, a place for its faults, and an input, a `textarea` or a `select` with options. */
export function field(name, label, { type = "text", hint, options, ...attributes } = {}) {
  const id = fresh(name);
  const [told, why] = [hint && el("p", { class: "hint", id: `${id}-hint` }, hint), el("div", { class: "why", id: `${id}-why` })];
  const described = [told && told.id, why.id].filter(Boolean).join(" ");
  const input = inputOf(type, options, { id, name, "aria-describedby": described, autocomplete: "off", spellcheck: "false", autocapitalize: "none", ...attributes });
  const named = el("label", { for: id }, label);
  return type === "checkbox"
    ? el("div", { class: "field check" }, el("div", {}, input, named), told, why)
    : el("div", { class: "field" }, named, told, why, input);
}

function inputOf(type, options, { value, ...attributes }) {
  const tag = ["textarea", "select"].includes(type) ? type : "input";
  const input = el(tag, tag === "input" ? { type, ...attributes } : attributes);
  for (const [name, text] of options ?? []) input.append(el("option", { value: name }, text));
  if (value !== undefined && type === "checkbox") input.checked = value;
  else if (value !== undefined) input.value = value;
  return input;
}

const inputsOf = (form) => [...form.querySelectorAll("input[name], textarea[name], select[name]")].filter((input) => !input.closest("[hidden]"));

/** What was typed: a tick is a boolean, and the rest is text. Several ticks of one name are a list of their values. */
export function valuesOf(form) {
  const values = {};
  for (const input of inputsOf(form)) {
    if (input.dataset.list !== undefined) (values[input.name] ??= []).push(...(input.checked ? [input.value] : []));
    else values[input.name] = input.type === "checkbox" ? input.checked : input.value;
  }
  return values;
}

/** What is wrong with values, before anybody is asked. */
export class Refused extends Error {
  constructor(names, message) {
    super(message);
    this.faults = [names].flat().map((field) => ({ field, message }));
  }
}

/** What has to be typed is there. */
function demand(form) {
  const missing = inputsOf(form).filter((input) => input.required && input.value.trim() === "");
  if (missing.length > 0) throw new Refused(missing.map(({ name }) => name), "must be given");
}

/** Where a fault belongs: a member of a body may be told with what is in it (`roles[0]`), and be typed under another name (`data-of`). */
function placeOf({ field: name }, inputs) {
  const member = String(name ?? "").split(/[.[]/)[0];
  return inputs.find(({ dataset }) => dataset.of === member) ?? inputs.find((input) => input.name === member);
}

/** Says each fault at its field, and on top what no field says. */
function tell(form, place, error) {
  const inputs = inputsOf(form);
  const [there, elsewhere] = [[], []];
  for (const fault of error.faults ?? []) {
    const input = placeOf(fault, inputs);
    (input ? there : elsewhere).push(fault);
    if (!input) continue;
    input.setAttribute("aria-invalid", "true");
    document.getElementById(`${input.id}-why`)?.append(el("p", {}, fault.message));
  }
  const first = there.length > 0 && inputs.find((input) => input.hasAttribute("aria-invalid"));
  if (first && elsewhere.length === 0) return first.focus();
  place.replaceChildren(problemBox(error, elsewhere));
  place.firstChild.focus();
}

function clear(form, place) {
  place.replaceChildren();
  for (const why of form.querySelectorAll(".why")) why.replaceChildren();
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

/**
 * A form. `act` gets what was typed, and throws what is wrong. What is typed stays, unless all went well and the form is taken away.
 * `others` are more buttons.
 */
export function form({ submit, kind = "", act, others = [], ...attributes }, ...children) {
  const place = el("div", { class: "wrong" });
  const send = el("button", { type: "submit", class: kind }, submit);
  const made = el("form", { novalidate: true, ...attributes }, place, children, el("p", { class: "actions" }, send, others));
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (made.dataset.acting) return;
    clear(made, place);
    acts(made, send, true);
    try {
      demand(made);
      await act(valuesOf(made));
    } catch (error) {
      if (!isGivenUp(error)) tell(made, place, error);
    } finally {
      acts(made, send, false);
    }
  });
  return made;
}

function acts(made, send, does) {
  if (does) made.dataset.acting = "true";
  else delete made.dataset.acting;
  send.setAttribute("aria-disabled", String(does));
  send.setAttribute("aria-busy", String(does));
}

/** Shows what is typed into a password. */
export function reveal(input) {
  const eye = button("Show", () => {
    input.type = input.type === "password" ? "text" : "password";
    eye.setAttribute("aria-pressed", String(input.type === "text"));
  }, { kind: "link small", "aria-pressed": "false", "aria-label": "Show the password" });
  return eye;
}
