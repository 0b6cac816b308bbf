// Takes the token of a mail's link, asks for what is needed, posts it when a button is pressed, and says what came of it.
"use strict";

const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const main = $("#form");
const language = document.documentElement.lang;

/** The text for a code, in the page's language. */
function say(code, values = {}) {
  const text = $("#messages").content.querySelector(`[data-code="${CSS.escape(code)}"]`)?.textContent;
  return text?.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The token of the link. It leaves the address bar and the history, so that nobody finds it there. */
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return found;
}

/** Shows what is for a page in these states, and nothing else. */
function show(...states) {
  for (const part of all("[data-when]")) part.hidden = !states.includes(part.dataset.when);
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

/** What an answer says is wrong. */
async function faultsOf(answer) {
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 422 && problem.errors?.length > 0) return problem.errors.map(fieldFault);
  const text = say(problem.code ?? "", { wait: inWords(Number(answer.headers.get("Retry-After")) || 1) });
  const field = { password_mismatch: "password" }[problem.code];
  return [{ field, code: problem.code, text: text ?? say("failed", { id: problem.request_id }) }];
}

/** A rule that this page does not know is told as the server says it. */
function fieldFault({ field, code, message }) {
  const needsOwn = field === "password" && code !== "too_long";
  const text = needsOwn ? say("needs_password") : say(`rule_${code}`, { n: message?.match(/\d+/)?.[0] });
  return { field, code, text: text ?? message };
}

function inWords(seconds) {
  const [count, unit] = seconds < 90 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** Posts what a form has. Without `mode`: in another mode than the usual, browsers would send `Origin: null`. */
function post(form, proof) {
  // In a password every blank counts.
  const members = fieldsOf(form).map(({ name, value }) => [name, name.endsWith("password") ? value : value.replace(/\s/g, "")]);
  return fetch(form.dataset.post, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...proof, ...Object.fromEntries(members) }),
    cache: "no-store",
    redirect: "error",
  });
}

/** Lets a form post once at a time. `succeed` gets its turn when all went well, `fail` when not, before the faults are told. */
function wire(form, proof, succeed, fail = (faults) => faults) {
  const button = form.querySelector("[type=submit]");
  const wait = (waits) => {
    button.toggleAttribute("data-waits", waits);
    button.setAttribute("aria-disabled", String(waits));
    $("#progress").textContent = waits ? say("sending") : "";
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.hasAttribute("data-waits")) return;
    clearFaults();
    const empty = fieldsOf(form).filter((input) => input.value === "");
    if (empty.length > 0) return tell(form, empty.map((input) => ({ field: input.name, text: say("rule_missing") })));
    wait(true);
    try {
      const answer = await post(form, proof);
      if (answer.ok) succeed();
      else tell(form, fail(await faultsOf(answer)));
    } catch {
      tell(form, [{ text: say("offline") }]);
    } finally {
      wait(false);
    }
  });
}

function finish() {
  // With what was typed.
  main.remove();
  show();
  $("#done").hidden = false;
  $("h1").textContent = say("done_title");
  document.title = `${say("done_title")} – ${$(".app").textContent}`;
  $("h1").focus();
}

/** A link that is no good stays so, a code can be typed again, and whoever has an account already needs its password. */
function fail(faults) {
  const isProof = faults.some(({ code }) => code === "proof_invalid");
  if (isProof && token) {
    show("code");
    main.remove();
  } else if (isProof) {
    return [{ field: "code", text: say("code_invalid") }];
  }
  const choices = all("[data-choice]");
  if (choices.length > 0 && faults.some(({ field }) => field === "password")) {
    choices.forEach((choice, at) => { choice.hidden = at !== 0; });
  }
  return faults;
}

const token = takeToken();
if (token) show("always", "token");
else show("always", "code", "none");

// A second link that is opened in the same tab only changes the fragment.
addEventListener("hashchange", () => { if (location.hash.startsWith("#token=")) location.reload(); });

wire(main, token ? { token } : {}, finish, fail);
for (const form of all("form.again")) {
  const sent = form.parentElement.querySelector(".sent");
  wire(form, {}, () => { form.hidden = true; sent.hidden = false; sent.focus(); });
}
for (const button of all("[data-swap]")) {
  button.addEventListener("click", () => {
    clearFaults();
    for (const choice of all("[data-choice]")) choice.hidden = !choice.hidden;
    fieldsOf(main).find(({ name }) => name.endsWith("password"))?.focus();
  });
}
$("#show")?.addEventListener("change", ({ target }) => {
  for (const input of main.querySelectorAll("[name$=password]")) input.type = target.checked ? "text" : "password";
});
