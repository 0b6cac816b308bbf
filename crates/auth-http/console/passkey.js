// Lets a person show a passkey. What browsers take and give is the matter of webauthn.js, which the pages have as well.
/* global hasPasskeys, requestOptions, credentialJson */
import { Problem, ask } from "./api.js";

/** Whether this browser and this server have any. */
export const known = () => document.documentElement.dataset.passkeys === "true" && hasPasskeys;

/** Why a browser used none. It tells little, so that pages learn nothing of what a person has. */
const REASONS = {
  NotAllowedError: "No passkey was used: it was cancelled, took too long, or there is none for this site.",
  SecurityError: "Passkeys of this server belong to another address. Open the console by that.",
};

/** What a login, its second step and a reauthentication take. */
export async function present() {
  const { body: { challenge_id, publicKey } } = await ask("POST", "/auth/passkeys/login/options");
  try {
    const credential = credentialJson(await navigator.credentials.get({ publicKey: requestOptions(publicKey) }));
    return { challenge_id, credential };
  } catch (error) {
    throw new Problem(0, { detail: REASONS[error.name] ?? "The browser could not use a passkey." });
  }
}
