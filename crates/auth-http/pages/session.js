// A session of this page's own. Its tokens stay in memory: a reload, or another page, has none of them.
"use strict";

/** The tokens; what the server last said of the account; who waits while a person authenticates again. */
let session = null;
let again = null;

const viewOf = () => $("[data-view]:not([hidden])").dataset.view;

/** Shows one view and begins at its heading, with a word of what was done. What was typed in others goes, unless they wait for this. */
function go(view, note = "") {
  clearFaults();
  for (const part of all("[data-view]")) part.hidden = part.dataset.view !== view;
  if (view !== "again") for (const form of all("[data-view][hidden] form")) form.reset();
  if (!["again", "totp", "codes"].includes(view)) shred();
  $("#progress").textContent = "";
  $("#note").textContent = note;
  $("h1").textContent = say(`title_${view}`);
  document.title = `${$("h1").textContent} – ${$(".app").textContent}`;
  $("h1").focus();
}

/** Forgets the session and what was shown of its account. */
function leave(note) {
  session = null;
  again?.giveUp();
  forget();
  go("sign_in", note);
}

/** That, and what to tell of it. */
function ended(code) {
  leave();
  return new Refusal({ text: say(code) });
}

/** What is wrong; for the codes that `words` names, in other words than usual. */
async function refusal(answer, words = {}) {
  const faults = await faultsOf(answer);
  return new Refusal(...faults.map(({ field, code, text }) => ({
    field: code === "code_invalid" ? "code" : field,
    code,
    text: code in words ? say(words[code]) : text,
  })));
}

/** Asks as the owner of the session, who is asked to authenticate again where that is due (RFC 9470). */
async function call(method, path, body, words) {
  for (;;) {
    const answer = await send(method, path, body, session.access);
    if (answer.ok) return answer.status === 204 ? null : answer.json();
    const refused = await refusal(answer, words);
    const [{ code }] = refused.faults;
    if (code === "reauthentication_required") await authenticateAgain(answer);
    else if (code === "token_expired") await refresh();
    else if (answer.status === 401) throw ended("session_ended");
    else throw refused;
  }
}

async function refresh() {
  const answer = await send("POST", "/auth/refresh", { refresh_token: session.refresh });
  if (answer.status === 401) throw ended("session_ended");
  if (!answer.ok) throw await refusal(answer);
  const { access_token: access, refresh_token } = await answer.json();
  session = { ...session, access, refresh: refresh_token };
}

const asksForSecond = (answer) => /acr_values="[^"]*\baal2\b/.test(answer.headers.get("WWW-Authenticate") ?? "");

/** Lets a person authenticate again. What waits for it goes on afterwards, or not at all. */
function authenticateAgain(answer) {
  const view = viewOf();
  offer("again", waysAgain(asksForSecond(answer)));
  $("#again-email").value = session.email;
  go("again");
  acting -= 1;
  return new Promise((resolve, reject) => {
    again = {
      done: () => { again = null; go(view); resolve(); },
      giveUp: () => { again = null; go(view); reject(new Refusal()); },
    };
  }).finally(() => { acting += 1; });
}

/** Which proofs are worth asking for: a password alone changes nothing where the account has a second factor. */
function waysAgain(needsSecond) {
  const { factors, codes } = session;
  if (!factors) return needsSecond ? ["totp", "recovery_code", "passkey"] : ["password", "passkey"];
  const ways = [...new Set(factors.map(({ type }) => type)), ...(codes > 0 ? ["recovery_code"] : [])];
  return needsSecond || factors.length > 0 ? ways : ["password"];
}

/** Shows the parts of a view by which a person can prove something, and nothing else. */
function offer(view, ways) {
  const typed = ["totp", "recovery_code"].filter((way) => ways.includes(way));
  const shown = { password: ways.includes("password"), code: typed.length > 0, passkey: hasPasskeys && ways.includes("passkey") };
  for (const part of all(`[data-view="${view}"] [data-part]`)) part.hidden = !shown[part.dataset.part];
  const label = $(`[data-view="${view}"] [data-part="code"] label`);
  label.textContent = say(typed.length === 1 ? `code_${typed[0]}` : "code_any");
}

async function proveAgain(proof, words) {
  const answer = await send("POST", "/auth/reauthenticate", proof, session.access);
  if (answer.ok) {
    session = { ...session, access: (await answer.json()).access_token };
    return again.done();
  }
  const refused = await refusal(answer, words);
  const [{ code }] = refused.faults;
  if (code === "token_expired") {
    await refresh();
    return proveAgain(proof, words);
  }
  if (code === "reauthentication_required") {
    offer("again", waysAgain(true));
    throw new Refusal({ text: say("second_needed") });
  }
  throw answer.status === 401 ? ended("session_ended") : refused;
}

wire($("#again-password"), (typed) => proveAgain(typed));
wire($("#again-code"), (typed) => proveAgain(typed));
wire($("#again-passkey"), async () => proveAgain({ passkey: await presentPasskey() }, { code_invalid: "passkey_invalid" }));
$("[data-give-up]").addEventListener("click", () => { if (acting === 0) again.giveUp(); });

// Whoever leaves the page has signed out. One that is kept to be shown again begins anew.
addEventListener("pagehide", () => {
  if (!session) return;
  const headers = { Authorization: `Bearer ${session.access}` };
  fetch("/auth/logout", { method: "POST", headers, keepalive: true }).catch(() => {});
});
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
