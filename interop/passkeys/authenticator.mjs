// An authenticator and its browser: a plan says what they say, and may be bent before it is written down and signed.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { encode, pairs, Raw } from "./cbor.mjs";

export const RP_ID = "example.org";
export const ORIGIN = "https://example.org";
export const ORIGINS = [ORIGIN, "http://localhost:8080", "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"];
export const [PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENSIONS] = [1, 4, 8, 16, 64, 128];

export const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

/** The signatures of these do not vary, so a seed determines all that is said. (The keys of RSA vary, but nothing hangs on them.) */
const KEYS = {
  ES256: (random) => {
    const secret = p256.utils.randomSecretKey(random.bytes(48));
    const point = Buffer.from(p256.getPublicKey(secret, false));
    return {
      parameters: [[1, 2], [3, -7], [-1, 1], [-2, point.subarray(1, 33)], [-3, point.subarray(33)]],
      sign: (message) => p256.sign(message, secret, { lowS: false, format: "der" }),
    };
  },
  EdDSA: (random) => {
    const secret = random.bytes(32);
    return { parameters: [[1, 1], [3, -8], [-1, 6], [-2, Buffer.from(ed25519.getPublicKey(secret))]],
      sign: (message) => ed25519.sign(message, secret) };
  },
  RS256: () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { n, e } = publicKey.export({ format: "jwk" });
    const [modulus, exponent] = [n, e].map((text) => Buffer.from(text, "base64url"));
    return { parameters: [[1, 3], [3, -257], [-1, modulus], [-2, exponent]], sign: (message) => sign("sha256", message, privateKey) };
  },
};

export const ALGORITHMS = Object.keys(KEYS);

export class Device {
  constructor(random, algorithm, { eligible = false, counter = 0 } = {}) {
    Object.assign(this, { algorithm, counter, ...KEYS[algorithm](random) });
    this.id = random.bytes(random.pick([16, 32, 64]));
    this.aaguid = random.bytes(16);
    this.flags = PRESENT | VERIFIED | (eligible ? ELIGIBLE : 0);
  }

  /** What an honest one says. */
  plan(random, ceremony) {
    const challenge = random.bytes(32);
    return {
      ceremony, challenge, device: this, rawId: this.id,
      client: { type: ceremony === "register" ? "webauthn.create" : "webauthn.get", challenge: base64url(challenge), origin: ORIGIN,
        crossOrigin: false },
      rpId: RP_ID, flags: this.flags, counter: this.counter, aaguid: this.aaguid, id: this.id,
      key: this.parameters.map((parameter) => [...parameter]), extensions: undefined, tail: Buffer.alloc(0),
      object: [["fmt", "none"], ["attStmt", new Map()], ["authData", undefined]],
    };
  }
}

/** Writes a plan down, and signs it: what the verifiers get. */
export function write(plan) {
  const clientData = plan.clientBytes ?? Buffer.from(JSON.stringify(plan.client));
  const registers = plan.ceremony === "register";
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(plan.counter);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(plan.idLength ?? plan.id.length);
  const key = plan.keyBytes ?? pairs(plan.key);
  const attested = registers !== (plan.attestedAnyway ?? false) ? Buffer.concat([plan.aaguid, length, plan.id, key]) : Buffer.alloc(0);
  const flags = plan.flags | (attested.length > 0 ? ATTESTED : 0) | (plan.extensions ? EXTENSIONS : 0);
  const parts = [sha256(plan.rpId), Buffer.from([flags ^ (plan.flagsXor ?? 0)]), counter, attested, plan.extensions ?? Buffer.alloc(0),
    plan.tail];
  const authenticatorData = Buffer.concat(parts);
  const said = { ceremony: plan.ceremony, challenge: plan.challenge, id: plan.rawId, client_data: clientData,
    algorithm: plan.device.algorithm };
  if (registers) {
    const entries = plan.object.map(([name, value]) => [name, name === "authData" && value === undefined ? authenticatorData : value]);
    return { ...said, attestation_object: plan.objectBytes?.(authenticatorData) ?? pairs(entries) };
  }
  const signature = Buffer.from(plan.device.sign(Buffer.concat([authenticatorData, sha256(clientData)])));
  return { ...said, authenticator_data: authenticatorData, signature, credential: plan.device.credential };
}

export { encode, pairs, Raw };
