// What a person does with a passkey, and what may go wrong there in their words.
"use strict";

/** Why a browser made or used no passkey. It tells little, so that pages learn nothing of what a person has. */
const REASONS = { InvalidStateError: "passkey_exists", NotAllowedError: "passkey_not_allowed", SecurityError: "passkey_elsewhere" };

async function ceremony(perform) {
  try {
    return credentialJson(await perform());
  } catch (error) {
    throw new Refusal({ text: say(REASONS[error.name] ?? "passkey_failed") });
  }
}

const createPasskey = (json) => ceremony(() => navigator.credentials.create({ publicKey: creationOptions(json) }));

/** Lets a person choose a passkey and confirm: what login, its second step and reauthentication take. */
async function presentPasskey() {
  const answer = await send("POST", "/auth/passkeys/login/options");
  if (!answer.ok) throw new Refusal(...await faultsOf(answer));
  const { challenge_id, publicKey } = await answer.json();
  const credential = await ceremony(() => navigator.credentials.get({ publicKey: requestOptions(publicKey) }));
  return { challenge_id, credential };
}
