// The two verifiers: this server's, as a program that reads a line and writes one, and @simplewebauthn/server.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { ORIGINS, RP_ID, base64url } from "./authenticator.mjs";

const BYTES = ["challenge", "id", "client_data", "attestation_object", "authenticator_data", "signature"];

/** Starts the program that VERDICTS names; `judge` answers what it says of a ceremony, `end` stops it. */
export function ours() {
  const program = spawn(process.env.VERDICTS, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  const judge = async (said) => {
    const texts = BYTES.filter((name) => said[name] !== undefined).map((name) => [name, base64url(said[name])]);
    program.stdin.write(`${JSON.stringify({ ...said, ...Object.fromEntries(texts), rp_id: RP_ID, origins: ORIGINS })}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error("the program that judges has ended");
    return JSON.parse(value);
  };
  return { judge, end: () => program.stdin.end() };
}

export async function theirs(said) {
  const response = { clientDataJSON: base64url(said.client_data) };
  const id = base64url(said.id);
  const common = {
    response: { id, rawId: id, type: "public-key", clientExtensionResults: {}, response },
    expectedChallenge: base64url(said.challenge), expectedOrigin: ORIGINS, expectedRPID: RP_ID, requireUserVerification: true,
  };
  try {
    return said.ceremony === "register" ? await registration(said, common) : await authentication(said, common);
  } catch (error) {
    return { refused: error.message };
  }
}

async function registration(said, common) {
  common.response.response.attestationObject = base64url(said.attestation_object);
  const { verified, registrationInfo } = await verifyRegistrationResponse(common);
  if (!verified) return { refused: "not verified" };
  const { credential, credentialDeviceType, credentialBackedUp, aaguid } = registrationInfo;
  return {
    id: credential.id, public_key: base64url(credential.publicKey), counter: credential.counter,
    backup_eligible: credentialDeviceType === "multiDevice", backed_up: credentialBackedUp, aaguid,
  };
}

async function authentication(said, common) {
  Object.assign(common.response.response, { authenticatorData: base64url(said.authenticator_data),
    signature: base64url(said.signature) });
  const { id, public_key, counter } = said.credential;
  const credential = { id, publicKey: Uint8Array.from(Buffer.from(public_key, "base64url")), counter };
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({ ...common, credential });
  return verified ? { counter: authenticationInfo.newCounter,
    backed_up: authenticationInfo.credentialBackedUp } : { refused: "not verified" };
}
