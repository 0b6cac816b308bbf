// Takes the token of a mail's link, asks for what is needed, posts it when a button is pressed, and says what came of it.
"use strict";

const main = $("#form");

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

/** Whoever chooses a password for an account that has one is asked for that. */
const own = ({ field, code }) => (field === "password" && code !== "too_long" ? "needs_password" : undefined);

/** Posts what a form has. `succeed` gets its turn when all went well, `fail` when not, before the faults are told. */
function poster(form, proof, succeed, fail = (faults) => faults) {
  wire(form, async (values) => {
    const answer = await send("POST", form.dataset.post, { ...proof, ...values });
    if (!answer.ok) throw new Refusal(...fail(await faultsOf(answer, own)));
    succeed();
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

poster(main, token ? { token } : {}, finish, fail);
for (const form of all("form.again")) {
  const sent = form.parentElement.querySelector(".sent");
  poster(form, {}, () => { form.hidden = true; sent.hidden = false; sent.focus(); });
}
for (const button of all("[data-swap]")) {
  button.addEventListener("click", () => {
    clearFaults();
    for (const choice of all("[data-choice]")) choice.hidden = !choice.hidden;
    fieldsOf(main).find(({ name }) => name.endsWith("password"))?.focus();
  });
}
