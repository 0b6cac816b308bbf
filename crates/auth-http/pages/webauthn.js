// What browsers take and give for passkeys, and servers the other way about (WebAuthn Level 3, section 5.1). Of these pages and the console.
"use strict";

const hasPasskeys = Boolean(globalThis.PublicKeyCredential && navigator.credentials);

const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const withBytes = (descriptors) => descriptors?.map((descriptor) => ({ ...descriptor, id: toBytes(descriptor.id) }));

/** The options of a ceremony as browsers take them; by hand where a browser does not know the JSON form (section 5.1.8). */
function creationOptions(json) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  const { challenge, user, excludeCredentials, ...rest } = json;
  return {
    ...rest,
    challenge: toBytes(challenge),
    user: { ...user, id: toBytes(user.id) },
    excludeCredentials: withBytes(excludeCredentials),
  };
}

function requestOptions(json) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  const { challenge, allowCredentials, ...rest } = json;
  return { ...rest, challenge: toBytes(challenge), allowCredentials: withBytes(allowCredentials) };
}

/** A credential as the server takes it; by hand where a browser, or a password manager in its place, cannot (section 5.1). */
function credentialJson(credential) {
  try {
    return credential.toJSON();
  } catch {
    const { id, rawId, type, authenticatorAttachment, response } = credential;
    const members = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const parts = members.filter((name) => response[name]).map((name) => [name, toText(response[name])]);
    const transports = response.attestationObject && { transports: response.getTransports?.() ?? [] };
    return {
      id,
      rawId: toText(rawId),
      type,
      authenticatorAttachment: authenticatorAttachment ?? undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: { ...Object.fromEntries(parts), ...transports },
    };
  }
}
