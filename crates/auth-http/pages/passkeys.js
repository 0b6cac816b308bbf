// The page for passkeys and other second factors: sign in, see what there is, add, rename, remove.
"use strict";

/** The second step of a login that waits for it. */
let step = null;
/** The factor that a person wants to rename or remove, or enrols. */
let chosen = null;

const sentence = (text) => Object.assign(document.createElement("span"), { textContent: text });
const when = (time) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));

/** Leaves nothing of what is shown only once. */
function shred() {
  for (const part of all("#codes, #secret")) part.replaceChildren();
  $("#qr").removeAttribute("src");
  $("#uri").removeAttribute("href");
}

/** Leaves nothing of an account. */
function forget() {
  [step, chosen] = [null, null];
  for (const part of all("#who, #factors, #codes-left, #remove-text")) part.replaceChildren();
}

async function signedIn({ access_token: access, refresh_token: refresh }, note) {
  session = { access, refresh, factors: null, codes: 0 };
  session.email = (await call("GET", "/auth/me")).email;
  await account(note);
}

/** Shows the account as it is now. Where the server asks for no second factors it lists none (404). */
async function account(note) {
  const known = await call("GET", "/auth/factors").catch((refused) => {
    if (refused.faults?.[0]?.code === "not_found") return { factors: null, recovery_codes_left: 0 };
    throw refused;
  });
  const { email } = session;
  forget();
  session = { ...session, factors: known.factors, codes: known.recovery_codes_left };
  const { factors } = session;
  $("#who").textContent = say("signed_in_as", { email });
  $("#none").hidden = factors?.length !== 0;
  $("#unlisted").hidden = factors !== null;
  $("#to-totp").hidden = factors === null;
  $("#recovery").hidden = !factors?.length;
  $("#codes-left").textContent = say("codes_left", { n: session.codes });
  $("#factors").replaceChildren(...(factors ?? []).map(item));
  go("account", note);
}

/** A factor with what can be done to it. Its name is a person's text, in whichever direction that is written. */
function item(factor, at) {
  const name = Object.assign(document.createElement("bdi"), { id: `factor-${at}`, className: "name", textContent: factor.name });
  const used = factor.last_used_at ? say("used_at", { date: when(factor.last_used_at) }) : say("never_used");
  const about = Object.assign(document.createElement("p"), { className: "quiet" });
  about.append(sentence(say(`kind_${factor.type}`)), sentence(say("added_at", { date: when(factor.created_at) })), sentence(used));
  const actions = Object.assign(document.createElement("p"), { className: "actions" });
  actions.append(action("rename", factor, name), action("remove", factor, name));
  const found = document.createElement("li");
  found.append(name, about, actions);
  return found;
}

function action(view, factor, name) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: say(`to_${view}`) });
  button.dataset.action = view;
  button.setAttribute("aria-describedby", name.id);
  button.addEventListener("click", () => {
    if (acting > 0) return;
    chosen = factor;
    $("#remove-text").textContent = say("remove_text", { name: factor.name });
    $("#remove-last").hidden = session.factors.length > 1;
    go(view);
    $("#new-name").value = factor.name;
  });
  return button;
}

/** Takes the new token of a session that has become stronger, and shows recovery codes where some were made. */
async function added({ access_token: access, recovery_codes: codes }, note) {
  session = { ...session, access };
  await showCodes(codes, note);
}

async function showCodes(codes, note) {
  if (codes.length === 0) return account(note);
  $("#codes").replaceChildren(...codes.map((code) => Object.assign(document.createElement("li"), { textContent: code })));
  go("codes", note);
}

wire($("#sign-in"), async (typed) => {
  const answer = await send("POST", "/auth/login", typed);
  if (answer.ok) return signedIn(await answer.json());
  const problem = await answer.clone().json().catch(() => ({}));
  if (problem.code !== "second_factor_required") throw await refusal(answer);
  step = problem;
  offer("second", step.factors);
  go("second");
});

wire($("#passkey-sign-in"), async () => {
  const answer = await send("POST", "/auth/passkeys/login", await presentPasskey());
  if (!answer.ok) throw await refusal(answer);
  await signedIn(await answer.json());
});

async function secondStep(proof, words) {
  const answer = await send("POST", "/auth/login/factor", { mfa_token: step.mfa_token, ...proof });
  if (answer.ok) {
    step = null;
    return signedIn(await answer.json());
  }
  const refused = await refusal(answer, words);
  throw ["token_invalid", "token_expired"].includes(refused.faults[0].code) ? ended("login_expired") : refused;
}
wire($("#second-code"), (typed) => secondStep(typed));
wire($("#second-passkey"), async () => secondStep({ passkey: await presentPasskey() }, { code_invalid: "passkey_invalid" }));

wire($("#add-passkey"), async ({ name }) => {
  const { challenge_id, publicKey } = await call("POST", "/auth/passkeys/options");
  const credential = await createPasskey(publicKey);
  const body = { challenge_id, credential, ...(name && { name }) };
  const made = await call("POST", "/auth/passkeys", body, { passkey_invalid: "passkey_refused" });
  await added(made, say("passkey_added"));
});

wire($("#add-totp"), async ({ name }) => {
  chosen = await call("POST", "/auth/factors/totp", name ? { name } : {}, { not_found: "totp_unavailable" });
  $("#qr").src = `data:image/svg+xml,${encodeURIComponent(chosen.qr)}`;
  $("#secret").textContent = chosen.secret.match(/.{1,4}/g).join(" ");
  $("#uri").href = chosen.uri;
  go("totp");
});

wire($("#confirm-totp"), async (typed) => {
  const made = await call("POST", `/auth/factors/totp/${chosen.id}/confirm`, typed, { code_invalid: "totp_code_invalid" });
  await added(made, say("totp_added"));
});

wire($("#rename"), async (typed) => {
  await call("PATCH", `/auth/factors/${chosen.id}`, typed);
  await account(say("renamed"));
});

wire($("#remove"), async () => {
  await call("DELETE", `/auth/factors/${chosen.id}`);
  await account(say("removed"));
});

wire($("#replace"), async () => {
  const { recovery_codes: codes } = await call("POST", "/auth/factors/recovery-codes");
  await showCodes(codes, say("codes_replaced"));
});

wire($("#kept"), () => account());

wire($("#sign-out"), async () => {
  await call("POST", "/auth/logout");
  leave(say("signed_out"));
});

$("#copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(all("#codes li").map(({ textContent }) => textContent).join("\n"));
  $("#note").textContent = say("copied");
});
$("#copy").hidden = !navigator.clipboard;
$("#print").addEventListener("click", () => print());

for (const button of all("[data-go]")) button.addEventListener("click", () => { if (acting === 0) go(button.dataset.go); });
for (const part of all(hasPasskeys ? "[data-without=passkeys]" : "[data-with=passkeys]")) part.hidden = true;
for (const part of all("[data-view=sign_in]")) part.hidden = false;
