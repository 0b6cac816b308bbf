// What all pages do: say things in their language, let a form act once at a time, tell what is wrong at its place.
"use strict";

const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const language = document.documentElement.lang;

/** The text for a code, in the page's language. */
function say(code, values = {}) {
  const text = $("#messages").content.querySelector(`[data-code="${CSS.escape(code)}"]`)?.textContent;
  return text?.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** What is wrong, ready to be told: of which field, if of one, in the page's words. Nothing, if a person gave up. */
class Refusal extends Error {
  constructor(...faults) {
    super(faults[0]?.code ?? "refused");
    this.faults = faults;
  }
}

const isShown = (input) => !input.closest("[hidden]");
const fieldsOf = (form) => [...form.querySelectorAll("input[name]")].filter(isShown);

function clearFaults() {
  $("#faults").hidden = true;
  $("#faults").replaceChildren();
  for (const why of all(".why")) why.replaceChildren();
  for (const input of all("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

const paragraph = (text) => Object.assign(document.createElement("p"), { textContent: text });

/** Says each fault at its field, and all of them on top, with a way to each field: by its name where there are several. */
function tell(form, faults) {
  const several = new Set(faults.map(({ field }) => field)).size > 1;
  const list = document.createElement("ul");
  for (const { field, text } of faults) {
    const input = fieldsOf(form).find((input) => input.name === field);
    if (input) {
      input.setAttribute("aria-invalid", "true");
      document.getElementById(`${input.id}-fault`).append(paragraph(text));
      const textContent = several ? `${input.labels[0].textContent} – ${text}` : text;
      const link = Object.assign(document.createElement("a"), { href: `#${input.id}`, textContent });
      link.addEventListener("click", (event) => { event.preventDefault(); input.focus(); });
      list.append(document.createElement("li"));
      list.lastChild.append(link);
    } else {
      $("#faults").append(paragraph(text));
    }
  }
  if (list.firstChild) $("#faults").append(paragraph(say("check")), list);
  $("#faults").hidden = false;
  $("#faults").focus();
}

/** What an answer says is wrong; `own` names the words for a rule that a page has words of its own for. */
async function faultsOf(answer, own = () => undefined) {
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 422 && problem.errors?.length > 0) return problem.errors.map((error) => fieldFault(error, own));
  const text = say(problem.code ?? "", { wait: inWords(Number(answer.headers.get("Retry-After")) || 1) });
  const field = { password_mismatch: "password" }[problem.code];
  return [{ field, code: problem.code, text: text ?? say("failed", { id: problem.request_id }) }];
}

/** A rule that this page does not know is told as the server says it. */
function fieldFault({ field, code, message }, own) {
  const text = say(own({ field, code }) ?? `rule_${code}`, { n: message?.match(/\d+/)?.[0] });
  return { field, code, text: text ?? message };
}

function inWords(seconds) {
  const [count, unit] = seconds < 90 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** Asks the server, as JSON. Without `mode`: in another mode than the usual, browsers would send `Origin: null`. */
async function send(method, path, body, bearer) {
  const headers = { ...(body && { "Content-Type": "application/json" }), ...(bearer && { Authorization: `Bearer ${bearer}` }) };
  try {
    return await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store", redirect: "error" });
  } catch {
    throw new Refusal({ text: say("offline") });
  }
}

/** What was typed. In a password every blank counts, and in a name those within. */
function valuesOf(form) {
  const plain = ({ name, value }) => {
    if (name.endsWith("password")) return value;
    return name === "name" ? value.trim() : value.replace(/\s/g, "");
  };
  return Object.fromEntries(fieldsOf(form).map((input) => [input.name, plain(input)]));
}

/** How many forms act. While one does, none begins. */
let acting = 0;

/** Lets a form act once at a time. `act` gets what was typed, and throws a `Refusal` of what is wrong. */
function wire(form, act) {
  const button = form.querySelector("[type=submit]");
  const wait = (waits) => {
    acting += waits ? 1 : -1;
    button.setAttribute("aria-disabled", String(waits));
    $("#progress").textContent = waits ? say("sending") : "";
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (acting > 0) return;
    clearFaults();
    const empty = fieldsOf(form).filter((input) => input.value === "" && !("optional" in input.dataset));
    if (empty.length > 0) return tell(form, empty.map((input) => ({ field: input.name, text: say("rule_missing") })));
    wait(true);
    try {
      await act(valuesOf(form));
    } catch (error) {
      const faults = error.faults ?? [{ text: say("failed") }];
      if (faults.length > 0) tell(form, faults);
      if (!(error instanceof Refusal)) throw error;
    } finally {
      wait(false);
    }
  });
}

for (const box of all("#show")) {
  const reveal = (shows) => {
    for (const input of box.form.querySelectorAll("[name$=password]")) input.type = shows ? "text" : "password";
  };
  box.addEventListener("change", () => reveal(box.checked));
  box.form.addEventListener("reset", () => reveal(false));
}
