// Authenticators that tests hold in their hands: Chromium's virtual one, an app for codes, and one that lies.
import { createHash, createHmac, createPrivateKey, sign } from "node:crypto";
import jsqr from "jsqr";

const digest = (text) => createHash("sha256").update(text).digest();
const PLATFORM = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };

/** A virtual authenticator of a page (Chromium's WebAuthn domain): what it keeps can be looked at and changed. */
export async function authenticator(page, options = {}) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options: { ...PLATFORM, ...options } });
  const ask = (method, values) => devtools.send(`WebAuthn.${method}`, { authenticatorId, ...values });
  return {
    credentials: async () => (await ask("getCredentials")).credentials,
    verifies: (isUserVerified) => ask("setUserVerified", { isUserVerified }),
    forget: ({ credentialId }) => ask("removeCredential", { credentialId }),
    keep: (credential) => ask("addCredential", { credential }),
    /** Sets a counter, as a copy of the device that was used less often has it. */
    async count({ credentialId, ...credential }, signCount) {
      await ask("removeCredential", { credentialId });
      await ask("addCredential", { credential: { credentialId, ...credential, signCount } });
    },
  };
}

const base32 = (text) => {
  const bits = [...text].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
};

/** The code of a secret (RFC 6238), so many steps from now. A later one is taken as well, so that it may come late. */
export function codeOf(secret, later = 0) {
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac("sha1", base32(secret)).update(step).digest();
  const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** What a camera reads from a picture on a page. */
export async function scanned(page, selector) {
  const { data, width, height } = await page.locator(selector).evaluate(async (image) => {
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: 480, height: 480 });
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, 480, 480);
    context.drawImage(image, 40, 40, 400, 400);
    return { data: [...context.getImageData(0, 0, 480, 480).data], width: 480, height: 480 };
  });
  return jsqr.default(Uint8ClampedArray.from(data), width, height)?.data;
}

/** The private key of a credential that an authenticator keeps. */
export const keyOf = (text) => createPrivateKey({ key: Buffer.from(text, "base64"), format: "der", type: "pkcs8" });

const PRESENT = 0x01, VERIFIED = 0x04;

/**
 * What an authenticator with this credential's private key signs for a challenge (WebAuthn Level 3, sections 6.1 and 6.3.3): the
 * signature is right, whatever it is of.
 */
export function assertion({ credentialId, privateKey, userHandle, signCount }, challenge, { origin, rpId = "localhost", flags = PRESENT | VERIFIED, counter = signCount + 1, handle = userHandle, type = "webauthn.get" }) {
  const clientData = Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const count = Buffer.alloc(4);
  count.writeUInt32BE(counter);
  const data = Buffer.concat([digest(rpId), Buffer.from([flags]), count]);
  const signature = sign("sha256", Buffer.concat([data, digest(clientData)]), keyOf(privateKey));
  const id = Buffer.from(credentialId, "base64").toString("base64url");
  const text = (bytes) => Buffer.from(bytes, "base64").toString("base64url");
  const response = { clientDataJSON: clientData, authenticatorData: data, signature };
  const texts = Object.fromEntries(Object.entries(response).map(([name, bytes]) => [name, bytes.toString("base64url")]));
  return { id, rawId: id, type: "public-key", clientExtensionResults: {}, response: { ...texts, userHandle: text(handle) } };
}
