// Ways to bend a ceremony. Those of plans are written down and signed as if they were honest; those of what was written are not.
import { ATTESTED, BACKED_UP, ELIGIBLE, EXTENSIONS, ORIGINS, PRESENT, VERIFIED, base64url } from "./authenticator.mjs";
import { Raw, encode, head, pairs } from "./cbor.mjs";

const json = (plan) => JSON.stringify(plan.client);
const setText = (plan, text) => (plan.clientBytes = Buffer.isBuffer(text) ? text : Buffer.from(text));
const without = (object, name) => Object.fromEntries(Object.entries(object).filter(([other]) => other !== name));

/** What the browser says. */
const CLIENT_DATA = {
  "another origin of the list": (plan, random) => (plan.client.origin = random.pick(ORIGINS)),
  "an origin that is not in the list": (plan, random) =>
    (plan.client.origin = random.pick(["https://example.org/", "https://example.org:443", "http://example.org", "https://EXAMPLE.org",
      "https://www.example.org",
      "https://example.com", "http://localhost", "null", "", "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLcK"])),
  "another type": (plan, random) => (plan.client.type = random.pick(["webauthn.create", "webauthn.get", "payment.get", "webauthn.get ",
    "WEBAUTHN.GET", ""])),
  "another challenge": (plan, random) => (plan.client.challenge = base64url(random.bytes(random.pick([0, 16, 32, 64])))),
  "the challenge in another spelling": (plan, random) =>
    (plan.client.challenge = random.pick([(text) => `${text}=`, (text) => ` ${text}`, (text) => text.toUpperCase(),
      (text) => text.slice(0, -1),
      (text) => Buffer.from(text, "base64url").toString("base64"), (text) => Buffer.from(text,
        "base64url").toString("hex")])(String(plan.client.challenge))),
  "a framed page": (plan, random) => {
    plan.client.crossOrigin = random.pick([true, true, false]);
    if (random.below(2)) plan.client.topOrigin = random.pick(["https://example.org", "https://evil.example", "", null]);
  },
  "crossOrigin of another type": (plan, random) => (plan.client.crossOrigin = random.pick([null, 0, 1, "false", "true", [], {}])),
  "a member is missing": (plan, random) => (plan.client = without(plan.client, random.pick(Object.keys(plan.client)))),
  "a member of another type": (plan, random) => (plan.client[random.pick(["type", "challenge", "origin"])] = random.pick([null, 1, true,
    [], {}, [plan.client.origin]])),
  "a member that nobody knows": (plan, random) => (plan.client[`x${random.below(9)}`] = random.pick([1, "x", null, [1, [2]],
    { y: { z: 1 } }, 1.5, -7])),
  "token binding": (plan, random) => (plan.client.tokenBinding = random.pick([{ status: "supported" }, { status: "present", id: "x" },
    { status: "x" }, "x", 1, null, false])),
  "members in another order": (plan) => (plan.client = Object.fromEntries(Object.entries(plan.client).reverse())),
  "a member twice": (plan, random) => {
    const more = random.pick(['"type":"webauthn.create"', '"type":"webauthn.get"', `"origin":"${plan.client.origin}"`,
      '"origin":"https://evil.example"',
      `"challenge":"${plan.client.challenge}"`, '"crossOrigin":false', '"x":1,"x":1', '"x":{"y":1,"y":2}']);
    setText(plan, random.below(2) ? json(plan).replace(/\}$/, `,${more}}`) : json(plan).replace(/^\{/, `{${more},`));
  },
  "white space and escapes": (plan, random) =>
    setText(plan, random.pick([(text) => ` ${text}\n`, (text) => text.replaceAll(",", ",\t"), (text) => text.replace("web", "\\u0077eb"),
      (text) => text.replace("origin", "ori\\u0067in"),
      (text) => text.replaceAll("/", "\\/")])(json(plan))),
  "client data that are no JSON": (plan, random) =>
    setText(plan, random.pick([(text) => `${text}x`, (text) => `${text}${text}`, (text) => `[${text}]`, (text) => text.slice(0, -1),
      () => "", () => "null", () => "{}", () => '"x"',
      (text) => text.replace("}", ",}"), (text) => text.replaceAll('"', "'"), (text) => `/**/${text}`])(json(plan))),
  "client data that are no UTF-8, or begin with a mark": (plan, random) =>
    setText(plan, random.pick([(text) => Buffer.from(`\ufeff${text}`), (text) => Buffer.from(text, "utf16le"),
      (text) => Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"x":"\xff"}', "latin1")]),
      (text) => Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"\xc0\x80":1}', "latin1")])])(json(plan))),
  "long client data": (plan, random) => setText(plan, json(plan).padEnd(random.pick([4095, 4096, 4097, 20_000]))),
};

const EXTENSION_DATA = [
  () => encode(new Map()), () => encode(new Map([["credProtect", 2]])), () => encode(new Map([["hmac-secret", true], ["credProtect",
    3]])),
  () => encode(new Map([["uvm", [[2, 4, 2]]]])), () => encode(new Map([["x", null]])), () => encode(new Map([["x", new Map([["y",
    new Map([[1, -1]])]])]])),
  () => encode([]), () => encode([[1, 2]]), () => encode(1), () => encode("x"), () => Buffer.from([0xa0, 0xa0]), () => Buffer.from([0xa0,
    0x00]),
  () => encode(new Map([["x", undefined]])), () => encode(new Map([["x", new Raw([0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0])]])),
  () => encode(new Map([["x", new Raw([0xf9, 0x7c, 0])]])), () => encode(new Map([["x", new Raw([0xc1, 0x00])]])),
    () => Buffer.from([0xbf, 0xff]), () => Buffer.from([0xb8, 0x00]),
  () => pairs([["x", 1], ["x", 1]]), () => pairs([["xx", 1], ["y", 1]]), () => pairs([[true, 1]]), () => pairs([[Buffer.from("x"), 1]]),
  () => encode(new Map([["x", [[[1]]]]])), () => encode(new Map([["x", [[[[1]]]]]])), () => encode(new Map([["x", Array(300).fill(0)]])),
  () => encode(new Map([["x", 2n ** 63n]])), () => encode(new Map([["x", 2n ** 53n]])), () => encode(new Map([["x", -(2n ** 64n)]])),
    () => encode(new Map([["x", "é".repeat(20)]])),
  () => Buffer.concat([head(5, 1), encode("x"), head(2, 2 ** 31)]), () => Buffer.concat([head(5, 2n ** 40n), encode("x"), encode(1)]),
    () => Buffer.alloc(0), () => Buffer.from([0xa1, 0x61]),
];

/** What the authenticator says of itself and its user. */
const AUTHENTICATOR_DATA = {
  "another RP ID": (plan, random) => (plan.rpId = random.pick(["example.com", "www.example.org", "EXAMPLE.ORG", "https://example.org", "",
    "localhost"])),
  "the user's flags": (plan, random) => (plan.flags = random.below(64) & ~ATTESTED),
  "backup flags": (plan, random) => (plan.flags = PRESENT | VERIFIED | random.pick([0, ELIGIBLE, BACKED_UP, ELIGIBLE | BACKED_UP])),
  "flags that announce other parts": (plan, random) => (plan.flagsXor = random.pick([ATTESTED, EXTENSIONS, ATTESTED | EXTENSIONS])),
  "another counter": (plan, random) => (plan.counter = random.pick([0, 1, plan.counter, plan.counter + 1, Math.max(plan.counter - 1, 0),
    2 ** 32 - 1, random.next()])),
  "extensions": (plan, random) => (plan.extensions = random.pick(EXTENSION_DATA)()),
  "extensions that are no map": (plan, random) => (plan.extensions = encode(random.pick([[], [[1, 2]], [["x", 1]], 1, "", null]))),
  "extensions with large numbers and long texts": (plan, random) =>
    (plan.extensions = encode(new Map([["x", random.pick([2n ** 53n, 2n ** 64n - 1n, -(2n ** 64n), "é".repeat(20), "é".repeat(200), 2 ** 53 - 1])]]))),
  "more behind the data": (plan, random) => (plan.tail = random.pick([Buffer.from([0]), Buffer.from([0xa0]), random.bytes(5),
    encode(new Map([["x", 1]]))])),
  "parts of the other ceremony": (plan) => (plan.attestedAnyway = true),
};

const KEY_VALUES = [0, 1, 2, 3, 4, 6, 7, -7, -8, -35, -36, -37, -47, -257, -258, -65535, null, "OKP", "Ed25519", true, [],
  Buffer.alloc(0), Buffer.alloc(31, 1), Buffer.alloc(32, 2),
  Buffer.alloc(32, 255), Buffer.alloc(33, 3), Buffer.alloc(256, 0x81), Buffer.alloc(256, 0x7f), Buffer.alloc(255, 0xff),
    Buffer.alloc(1024, 0x81), Buffer.alloc(1025, 0x81),
  Buffer.concat([Buffer.alloc(1), Buffer.alloc(256, 0x81)]), Buffer.from([1]), Buffer.from([3]), Buffer.from([1, 0, 0]), Buffer.from([1,
    0, 1]), Buffer.from([0, 1, 0, 1]), Buffer.from([255, 255, 255, 255]),
  Buffer.from([1, 0, 0, 0, 1])];

/** The public key and the id. */
const CREDENTIAL = {
  "another value of a parameter": (plan, random) => (random.pick(plan.key)[1] = random.pick(KEY_VALUES)),
  "a parameter is missing": (plan, random) => plan.key.splice(random.below(plan.key.length), 1),
  "one parameter more": (plan, random) => {
    const [label, value] = random.pick([[2, Buffer.from("x")], [4, [2]], [5, Buffer.from("x")], [-4, Buffer.alloc(32, 1)], [-70000, null],
      ["x", 1], [24, 1]]);
    plan.key.push([label, value]);
    if (random.below(4)) plan.key.sort(([a], [b]) => Buffer.compare(rank(a), rank(b)));
  },
  "a parameter twice": (plan, random) => plan.key.push([...random.pick(plan.key)]),
  "parameters in another order": (plan, random) => plan.key.unshift(...plan.key.splice(random.below(plan.key.length), 1)),
  "a key of another device": (plan, random, world) => (plan.key = random.pick(world.devices).parameters.map((parameter) => [...parameter])),
  "a bit of a parameter": (plan, random) => {
    const parameter = random.pick(plan.key.filter(([, value]) => Buffer.isBuffer(value))) ?? [];
    parameter[1] = Buffer.from(parameter[1] ?? []);
    flip(parameter[1], random);
  },
  "a key that is no canonical CBOR": (plan, random) => {
    const key = pairs(plan.key);
    plan.keyBytes = random.pick([() => Buffer.concat([Buffer.from([0xb8, plan.key.length]), key.subarray(1)]),
      () => Buffer.concat([Buffer.from([0xbf]), key.subarray(1), Buffer.from([0xff])]),
      () => Buffer.concat([Buffer.from([key[0] + 1]), key.subarray(1)]), () => Buffer.concat([Buffer.from([key[0] - 1]),
        key.subarray(1)]), () => Buffer.from([0xa0]), () => Buffer.from([0x80]),
      () => Buffer.alloc(0), () => Buffer.concat([Buffer.from([0xc1]), key]), () => Buffer.concat([key.subarray(0, 1), Buffer.from([0x18,
        0x01]), key.subarray(2)]),
      () => Buffer.from("a301634f4b500327206745643235353139215820", "hex")])();
  },
  "an id of another length": (plan, random) => (plan.rawId = plan.id = random.bytes(random.pick([0, 1, 2, 255, 256, 1022, 1023, 1024,
    2000]))),
  "an id that is not the one": (plan, random) => (plan.rawId = random.pick([random.bytes(16), plan.id.subarray(1), Buffer.concat([plan.id,
    Buffer.from([0])])])),
  "a length of the id that is wrong": (plan, random) => (plan.idLength = random.pick([0, plan.id.length - 1, plan.id.length + 1, 1023,
    65535])),
  "another model": (plan, random) => (plan.aaguid = random.pick([Buffer.alloc(16), random.bytes(16)])),
};

function rank(label) {
  const key = encode(label);
  return Buffer.concat([Buffer.from([key[0] >> 5, key.length]), key]);
}

const STATEMENT = new Map([["alg", -7], ["sig", Buffer.from("no signature")]]);

/** The attestation object. */
const ATTESTATION = {
  "another format": (plan, random) => (entry(plan, "fmt")[1] = random.pick(["packed", "tpm", "fido-u2f", "apple", "android-key", "NONE",
    "", "x", "nöne"])),
  "a statement of another format": (plan, random) => {
    entry(plan, "fmt")[1] = random.pick(["packed", "x"]);
    entry(plan, "attStmt")[1] = STATEMENT;
  },
  "a statement of none": (plan, random) => (entry(plan, "attStmt")[1] = random.pick([STATEMENT, new Map([["x", null]]), [], [1], "x", 1,
    null, Buffer.from("x")])),
  "a part of another type": (plan, random) => (entry(plan, random.pick(["fmt", "authData"]))[1] = random.pick([1, null, [], new Map(),
    "x", Buffer.from("none")])),
  "a part is missing": (plan, random) => plan.object.splice(random.below(3), 1),
  "a part that nobody knows": (plan, random) => plan.object.splice(random.below(4), 0, random.pick([["ep", true],
    ["unsignedExtensionOutputs", new Map()], ["x", 1], [1, 1], ["fmt", "none"]])),
  "parts in another order": (plan, random) => plan.object.unshift(...plan.object.splice(1 + random.below(2), 1)),
  "an object that is no canonical CBOR": (plan, random) => {
    const entries = plan.object;
    const how = random.below(8);
    plan.objectBytes = (data) => {
      const whole = pairs(entries.map(([name, value]) => [name, value ?? data]));
      return [() => Buffer.concat([whole, Buffer.from([0])]), () => Buffer.concat([whole, whole]),
        () => Buffer.concat([Buffer.from([0xbf]), whole.subarray(1), Buffer.from([0xff])]),
        () => Buffer.concat([Buffer.from([0xb8, entries.length]), whole.subarray(1)]), () => Buffer.concat([Buffer.from([0xd9, 0xd9,
          0xf7]), whole]), () => Buffer.alloc(0),
        () => pairs(entries.map(([name, value]) => [name, value ?? new Raw(Buffer.concat([head(2, data.length, 4), data]))])),
        () => pairs(entries.map(([name, value]) => [new Raw(Buffer.concat([head(3, name.length, 1), Buffer.from(name)])),
          value ?? data]))][how]();
    };
  },
};

const entry = (plan, name) => plan.object.find(([other]) => other === name) ?? ["", undefined];

function flip(bytes, random) {
  if (bytes.length > 0) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
}

/** Of what was written, nothing signed anew. */
const bytesOf = (field) => ({
  [`bits of ${field}`]: (said, random) => {
    said[field] = Buffer.from(said[field]);
    for (let flips = 1 + random.below(3); flips > 0; flips--) flip(said[field], random);
  },
  [`${field} cut short`]: (said, random) => (said[field] = said[field].subarray(0, random.below(said[field].length + 1))),
  [`${field} goes on`]: (said, random) => (said[field] = Buffer.concat([said[field], random.bytes(1 + random.below(3))])),
  [`a byte of ${field} is exchanged`]: (said, random) => {
    said[field] = Buffer.from(said[field]);
    if (said[field].length > 0) said[field][random.below(said[field].length)] = random.pick([0, 1, 0x20, 0x7f, 0x80, 0xa0, 0xbf, 0xff,
      random.below(256)]);
  },
  [`a byte of ${field} more or less`]: (said, random) => {
    const at = random.below(said[field].length + 1);
    said[field] = Buffer.concat([said[field].subarray(0, at), random.bytes(random.below(2)), said[field].subarray(at + random.below(2))]);
  },
});

/** An integer of a signature in DER, in whatever bytes. */
const integer = (bytes) => Buffer.concat([Buffer.from([2, bytes.length]), bytes]);
const sequence = (content) => Buffer.concat([Buffer.from([0x30, content.length]), content]);

/** The two numbers of a signature of ECDSA, as their integers have them. */
function numbers(signature) {
  const r = signature.subarray(4, 4 + signature[3]);
  return [r, signature.subarray(6 + r.length)];
}

const SIGNATURE = {
  "a signature of zeros": (said) => (said.signature = Buffer.alloc(said.signature.length)),
  "a signature of another device": (said, random, world) =>
    (said.signature = Buffer.from(random.pick(world.devices).sign(said.authenticator_data))),
  "a signature in another spelling": (said, random) => {
    if (said.algorithm !== "ES256") return;
    const [r, s] = numbers(said.signature);
    const zero = Buffer.from([0]);
    said.signature = random.pick([() => Buffer.concat([Buffer.from([0x30, 0x81, said.signature[1]]), said.signature.subarray(2)]),
      () => sequence(Buffer.concat([integer(r), integer(Buffer.concat([zero, s]))])),
      () => sequence(Buffer.concat([integer(r), integer(s), zero])), () => sequence(Buffer.concat([integer(r), integer(s), integer(r)])),
        () => sequence(Buffer.concat([integer(zero), integer(zero)])),
      () => sequence(Buffer.concat([integer(s), integer(r)])), () => Buffer.concat([r.subarray(-32), s.subarray(-32)]),
        () => Buffer.concat([Buffer.from([0x30, 0x80]), said.signature.subarray(2), zero, zero]),
      () => sequence(Buffer.concat([integer(r[0] === 0 ? r.subarray(1) : r), integer(s[0] === 0 ? s.subarray(1) : s)])),
        () => sequence(Buffer.concat([integer(r), integer(complement(s))]))])();
  },
};

/** The other of the two `s` that verify: both verifiers take it. */
function complement(s) {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const hex = (order - BigInt(`0x${s.toString("hex")}`)).toString(16).padStart(64, "0").replace(/^(00)+/, "");
  const bytes = Buffer.from(hex, "hex");
  return bytes[0] >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

const MIXED = {
  "the challenge of another ceremony": (said, random) => (said.challenge = random.bytes(32)),
  "client data of another ceremony": (said, random, world) => (said.client_data = random.pick(world.seen[said.ceremony]).client_data),
};

export const PLANS = {
  register: { ...CLIENT_DATA, ...AUTHENTICATOR_DATA, ...CREDENTIAL, ...ATTESTATION },
  authenticate: { ...CLIENT_DATA, ...AUTHENTICATOR_DATA },
};
export const WRITTEN = {
  register: { ...MIXED, ...bytesOf("client_data"), ...bytesOf("attestation_object") },
  authenticate: {
    ...MIXED, ...SIGNATURE, ...bytesOf("client_data"), ...bytesOf("authenticator_data"), ...bytesOf("signature"),
    "the id of another credential": (said, random, world) => (said.id = random.pick(world.devices).id),
    "a credential of another device": (said, random, world) => (said.credential = random.pick(world.devices).credential),
  },
};
