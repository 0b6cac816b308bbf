// Where this server and @simplewebauthn/server differ on purpose. Each says of what was written, from what it reads in it by itself,
// whether it applies; any other difference fails the run, and so does one that never came up.
import { decodePartialCBOR, encodeCBOR } from "@levischuck/tiny-cbor";
import { p256 } from "@noble/curves/nist.js";
import { ATTESTED, ELIGIBLE, EXTENSIONS } from "./authenticator.mjs";
import { canonical, isCanonical, isUtf8 } from "./cbor.mjs";

const attempt = (read) => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** What a lenient reader sees. */
const lenient = (bytes) => attempt(() => decodePartialCBOR(Uint8Array.from(bytes), 0)[0]);

const client = (said) => attempt(() => JSON.parse(new TextDecoder().decode(said.client_data))) ?? {};

/** Members come twice where there are more names than members. */
function hasMemberTwice(said) {
  const count = (value) => (value && typeof value === "object" ? Object.entries(value).reduce((sum, [,
    inner]) => sum + count(inner) + !Array.isArray(value), 0) : 0);
  const names = new TextDecoder().decode(said.client_data).matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g);
  return [...names].filter(([, colon]) => colon).length > count(client(said));
}

/** The parts of authenticator data, as far as lengths lead. */
function parts(said) {
  const object = said.attestation_object && lenient(said.attestation_object);
  const data = said.authenticator_data ?? (object instanceof Map && object.get("authData"));
  if (!(data instanceof Uint8Array) || data.length < 37) return {};
  const bytes = Buffer.from(data);
  let [flags, at, found] = [bytes[32], 37, { object, bytes }];
  if (flags & ATTESTED && bytes.length >= 55) {
    const length = bytes.readUInt16BE(53);
    found = { ...found, id: bytes.subarray(55, 55 + length), key: bytes.subarray(55 + length) };
    const end = canonical(found.key);
    if (end === undefined) return { ...found, isBroken: true };
    found.key = found.key.subarray(0, end);
    at = 55 + length + end;
  }
  if (flags & EXTENSIONS) {
    found.extensions = bytes.subarray(at);
    if (canonical(found.extensions) === undefined) found.isBroken = true;
  }
  return { ...found, flags };
}

/** What WebAuthn Level 3 section 5.8.5 allows, by a reader and by curves that are not the server's. */
function isAllowedKey(bytes) {
  const key = lenient(bytes);
  if (!(key instanceof Map)) return false;
  const has = (...labels) => key.size === labels.length && labels.every((label) => key.has(label));
  const isNumber = (value) => value instanceof Uint8Array && value.length > 0 && value[0] !== 0;
  const big = (value) => (isNumber(value) ? BigInt(`0x${Buffer.from(value).toString("hex")}`) : 0n);
  const [first, second, third] = [-1, -2, -3].map((label) => key.get(label));
  if (has(1, 3, -1, -2, -3) && key.get(1) === 2 && key.get(3) === -7 && first === 1) {
    if (![second, third].every((number) => number instanceof Uint8Array && number.length === 32)) return false;
    return attempt(() => p256.Point.fromBytes(Uint8Array.from([4, ...second, ...third]))) !== undefined;
  }
  if (!has(1, 3, -1, -2)) return false;
  // Neither looks whether these are a point: what is none verifies nothing.
  if (key.get(1) === 1 && key.get(3) === -8 && first === 6) return second instanceof Uint8Array && second.length === 32;
  const [n, e] = [big(first), big(second)];
  const isSized = n >= 1n << 2047n && n < 1n << 8192n && e > 1n << 16n && e < 1n << 32n;
  return key.get(1) === 3 && key.get(3) === -257 && isSized && n % 2n === 1n && e % 2n === 1n;
}

const isDer = (signature) => attempt(() => Buffer.from(p256.Signature.fromBytes(Uint8Array.from(signature),
  "der").toBytes("der")).equals(Buffer.from(signature)));

/** `fault` is what this server says where it refuses alone; without one, it accepts alone. */
export const DIFFERENCES = [
  { name: "a text that is not UTF-8, or begins with a mark", fault: "ClientData", why: "5.8.1.1: browsers write UTF-8 without a mark",
    applies: (said) => !isUtf8(said.client_data) || said.client_data.subarray(0, 3).equals(Buffer.from("\ufeff")) },
  { name: "a member twice", fault: "ClientData", why: "readers differ in which of two they take", applies: hasMemberTwice },
  { name: "client data above 4096 bytes", fault: "ClientData", why: "no browser writes so much",
    applies: (said) => said.client_data.length > 4096 },
  { name: "crossOrigin that is no boolean", fault: "ClientData", why: "5.8.1: it is one",
    applies: (said) => "crossOrigin" in client(said) && typeof client(said).crossOrigin !== "boolean" },
  { name: "a framed page", fault: "CrossOrigin", why: "7.1 steps 10 and 11, 7.2 steps 13 and 14: none is expected",
    applies: (said) => client(said).crossOrigin === true || "topOrigin" in client(said) },
  { name: "CBOR that is not canonical, or goes on", fault: "Cbor", why: "2.4: decoders should refuse it",
    applies: (said) => (said.attestation_object && !isCanonical(said.attestation_object)) || parts(said).isBroken },
  { name: "parts of a type that is not theirs", fault: "Attestation", why: "6.5.4: a statement is a map",
    applies: (said) => !(parts(said).object?.get("attStmt") instanceof Map) },
  { name: "extensions that are no map", fault: "AuthenticatorData", why: "6.1: they are one",
    applies: (said) => parts(said).extensions !== undefined && !(lenient(parts(said).extensions) instanceof Map) },
  { name: "a key that was not asked for, or is none", fault: "UnsupportedKey",
    why: "5.8.5, 6.5.2; theirs looks at it when it first verifies",
    applies: (said) => said.ceremony === "register" && !isAllowedKey(parts(said).key ?? []) },
  { name: "an id that was not signed, or of no allowed length", fault: "CredentialId",
    why: "7.1 step 25; and the browser's must be the authenticator's",
    applies: (said) => said.ceremony === "register" && !(parts(said).id?.equals(said.id) && said.id.length >= 1 && said.id.length <= 1023) },
  { name: "the id of another credential", fault: "CredentialId", why: "7.2 step 6: theirs leaves it to the caller",
    applies: (said) => said.ceremony === "authenticate" && Buffer.from(said.id).toString("base64url") !== said.credential.id },
  { name: "backup eligibility that changed", fault: "BackupState", why: "7.2 step 19: theirs leaves it to the caller",
    applies: (said) => said.ceremony === "authenticate" && Boolean(parts(said).flags & ELIGIBLE) !== said.credential.backup_eligible },
  { name: "an assertion with an attested credential", fault: "AuthenticatorData", why: "6.1: AT is not set",
    applies: (said) => said.ceremony === "authenticate" && Boolean(parts(said).flags & ATTESTED) },
  { name: "a signature that is not DER", fault: "Signature", why: "6.5.5: it is; theirs reads BER",
    applies: (said) => said.algorithm === "ES256" && said.signature !== undefined && !isDer(said.signature) },
  { name: "a format other than none", why: "no attestation is asked for, so no statement is looked at",
    applies: (said) => said.ceremony === "register" && parts(said).object?.get("fmt") !== "none" },
  { name: "token binding", why: "Level 3 reserves the member, and asks nothing of it",
    applies: (said) => Boolean(client(said).tokenBinding) },
  { name: "values that theirs writes anew in another length",
    why: "it measures extensions by writing them again, and knows neither large integers nor long texts beyond ASCII",
    applies: (said) => {
      const { extensions } = parts(said);
      return extensions !== undefined && attempt(() => encodeCBOR(lenient(extensions)).length) !== canonical(extensions);
    } },
];

