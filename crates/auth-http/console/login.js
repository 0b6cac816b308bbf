// Logging in: with a password and perhaps a second factor, or with a passkey alone.
import { ask } from "./api.js";
import { button, el } from "./dom.js";
import { field, form, reveal } from "./forms.js";
import * as passkey from "./passkey.js";
import * as session from "./session.js";

const ways = (step) => {
  const words = { totp: "the code of your authenticator app", recovery_code: "a recovery code" };
  return Object.keys(words).filter((way) => step.includes(way)).map((way) => words[way]).join(", or ");
};

/** Codes are shown in groups, and are typed so. */
export const plain = (code) => code.replace(/\s/g, "");

/** A field for a code, or nothing where none is taken. */
export const codeField = (factors) => ways(factors) && field("code", `Enter ${ways(factors)}`, { autocomplete: "one-time-code", required: true });

/** The form of the first step; `go` goes on with the tokens, and `second` with a login that needs more. */
function first(go, second) {
  const password = field("password", "Password", { type: "password", autocomplete: "current-password", required: true });
  password.querySelector("label").after(" ", reveal(password.querySelector("input")));
  const email = field("email", "E-mail address", { type: "email", autocomplete: "username", required: true });
  const act = async ({ email, password }) => {
    try {
      await go((await ask("POST", "/auth/login", { body: { email: email.trim(), password } })).body);
    } catch (problem) {
      if (problem.code !== "second_factor_required") throw problem;
      second(problem.said);
    }
  };
  return form({ submit: "Log in", act, id: "log-in" }, email, password);
}

/** Shows the login in a place; `done` when there is a session. `told` says why there is none. */
export function start(place, done, told) {
  const go = async (tokens) => {
    await session.begin(tokens);
    done();
  };
  const box = el("div", { class: "card narrow" });
  place.replaceChildren(box);
  const begin = (told) => show(box, "Log in", told, [
    first(go, (step) => second(step)),
    passkey.known() && form({
      submit: "Log in with a passkey", kind: "second", id: "log-in-passkey",
      act: async () => go((await ask("POST", "/auth/passkeys/login", { body: await passkey.present() })).body),
    }, el("p", { class: "quiet" }, "Or without a password:")),
  ]);
  const second = ({ mfa_token, factors }) => {
    const send = async (proof) => {
      try {
        await go((await ask("POST", "/auth/login/factor", { body: { mfa_token, ...proof } })).body);
      } catch (problem) {
        if (!["token_invalid", "token_expired"].includes(problem.code)) throw problem;
        begin("This login took too long, or had too many wrong codes. Begin again.");
      }
    };
    show(box, "Second step", undefined, [...proofs(factors, send), el("p", {}, button("Start over", () => begin(), { kind: "link" }))]);
  };
  begin(told);
}

/** The forms by which somebody can show a second factor. */
export function proofs(factors, send) {
  const code = codeField(factors);
  return [
    code && form({ submit: "Confirm", id: "second-code", act: ({ code }) => send({ code: plain(code) }) }, code),
    factors.includes("passkey") && passkey.known() &&
      form({ submit: "Use a passkey", kind: code ? "second" : "", id: "second-passkey", act: async () => send({ passkey: await passkey.present() }) }),
  ].filter(Boolean);
}

/** Shows a step, and begins at the first thing to fill in. */
function show(box, title, told, parts) {
  box.replaceChildren(el("h1", { tabindex: "-1" }, title), ...(told ? [el("p", { class: "told", role: "status" }, told)] : []), ...parts.filter(Boolean));
  document.title = `${title} – Console – ${document.getElementById("app").textContent}`;
  (box.querySelector("input") ?? box.querySelector("h1")).focus();
}
