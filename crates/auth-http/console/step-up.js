// Authenticating again, where the server demands it (RFC 9470).
import { el } from "./dom.js";
import { demand, giveUp } from "./dialog.js";
import { field, form } from "./forms.js";
import { proofs } from "./login.js";
import * as passkey from "./passkey.js";
import * as session from "./session.js";

const asksForSecond = ({ challenge }) => /acr_values="[^"]*\baal2\b/.test(challenge);

/** Which proofs are worth asking for: a password alone changes nothing where the account has a second factor. */
async function ways(needsSecond) {
  const known = await session.factors();
  if (!known) return needsSecond ? ["totp", "recovery_code", "passkey"] : ["password", "passkey"];
  const factors = [...new Set(known.factors.map(({ type }) => type)), ...(known.recovery_codes_left > 0 ? ["recovery_code"] : [])];
  return factors.length > 0 ? factors : ["password"];
}

/** Lets somebody authenticate again, or throws that they gave up. */
export async function stepUp(problem) {
  const offered = await ways(asksForSecond(problem));
  await demand("Confirm that it is you", (close) => {
    const parts = el("div");
    const send = async (proof) => {
      try {
        await session.prove(proof);
        close(true);
      } catch (refused) {
        if (refused.code !== "reauthentication_required") throw refused;
        parts.replaceChildren(...shown(await ways(true), send));
      }
    };
    parts.append(...shown(offered, send));
    return [el("p", {}, "The server asks you to authenticate again before it goes on with this."), parts, el("p", {}, giveUp(close))];
  });
}

function shown(offered, send) {
  const account = el("input", { class: "unseen", type: "email", autocomplete: "username", readonly: true, tabindex: "-1", "aria-hidden": "true", value: session.me.email });
  const password = field("password", "Password", { type: "password", autocomplete: "current-password", required: true });
  return [
    offered.includes("password") && form({ submit: "Confirm", id: "again-password", act: ({ password }) => send({ password }) }, account, password),
    ...proofs(offered, send),
    offered.every((way) => way === "passkey") && !passkey.known() && el("p", { class: "told" }, "Your account has a passkey, and this browser cannot use it here."),
  ].filter(Boolean);
}
