"""Real accounts for schemathesis, which would otherwise get nothing but 401."""

import atexit
import base64
import email
import email.policy
import glob
import hashlib
import hmac
import json
import os
import re
import struct
import subprocess
import tempfile
import time
import uuid

import requests
import schemathesis
from hypothesis import strategies

URL = os.environ["URL"]
PASSWORD = "Correct-Horse-7-Battery"
CLIENT = "Basic " + base64.b64encode(f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}".encode()).decode()


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """A body of lines is sent as it is; what is none, as JSON."""
    text = value if isinstance(value, (str, bytes)) else json.dumps(value)
    return text.encode(errors="surrogatepass") if isinstance(text, str) else text


def register():
    credentials = {"email": f"{uuid.uuid4().hex}@example.org", "password": PASSWORD}
    answer = requests.post(f"{URL}/auth/register", json=credentials, timeout=30)
    answer.raise_for_status()
    return {**credentials, **answer.json()}


def proof(address, subject):
    """The token of the mail to an address, whose subject has this word. The server sends it within two seconds."""
    for _ in range(600):
        for name in glob.glob(f"{os.environ['MAILS']}/*.eml"):
            with open(name, "rb") as file:
                mail = email.message_from_binary_file(file, policy=email.policy.default)
            if mail["To"] == address and subject in mail["Subject"]:
                return re.search(r"#token=(\S+)", mail.get_body(("plain",)).get_content())[1]
        time.sleep(0.1)
    raise TimeoutError(f"no mail to {address} about {subject}")


def bearer_post(account, path, body):
    headers = {"Authorization": f"Bearer {account['access_token']}"}
    answer = requests.post(f"{URL}{path}", json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else None


# Another password that the server accepts.
NEXT = "Another-Horse-8-Staple"


def with_proof(operation):
    """A body that an endpoint of mail accepts."""
    account = register()
    address = account["email"]
    if operation == "verify":
        return {"token": proof(address, "Confirm"), "password": PASSWORD}
    if operation == "reset":
        requests.post(f"{URL}/auth/password/forgot", json={"email": address}, timeout=30).raise_for_status()
        return {"token": proof(address, "Choose"), "new_password": NEXT}
    if operation == "confirm_change":
        bearer_post(account, "/auth/email", {"new_email": f"new-{address}"})
        return {"token": proof(f"new-{address}", "Confirm")}
    bearer_post(account, "/auth/password", {"current_password": PASSWORD, "new_password": NEXT})
    return {"token": proof(address, "changed")}


def code_of(secret, steps=0):
    """The code of an authenticator app (RFC 6238), so many steps from now."""
    mac = hmac.digest(base64.b32decode(secret), struct.pack(">q", int(time.time()) // 30 + steps), "sha1")
    number = struct.unpack_from(">I", mac, mac[-1] & 15)[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def with_app():
    """An account with an authenticator app, whose code of now is not used yet; its session is fresh."""
    account = register()
    app = bearer_post(account, "/auth/factors/totp", {})
    confirmed = bearer_post(account, f"/auth/factors/totp/{app['id']}/confirm", {"code": code_of(app["secret"], -1)})
    return {**account, **app, **confirmed}


def bytes_of(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text_of(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Passkey:
    """A passkey for ES256, by OpenSSL: nobody here has to say how a signature is made."""

    def __init__(self):
        self.id = os.urandom(16)
        self.key = subprocess.run(
            ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], check=True, capture_output=True
        ).stdout
        public = subprocess.run(
            ["openssl", "ec", "-pubout", "-outform", "DER"], input=self.key, check=True, capture_output=True
        ).stdout
        # The uncompressed point is the end of it.
        self.x, self.y = public[-64:-32], public[-32:]

    def client_data(self, ceremony, options):
        data = {"type": f"webauthn.{ceremony}", "challenge": options["publicKey"]["challenge"], "origin": os.environ["ORIGIN"]}
        return json.dumps({**data, "crossOrigin": False}).encode()

    def authenticator_data(self, flags, rest=b""):
        return hashlib.sha256(os.environ["RP_ID"].encode()).digest() + struct.pack(">BI", flags, 0) + rest

    def answer(self, options, response):
        credential = {"id": text_of(self.id), "rawId": text_of(self.id), "type": "public-key", "response": response}
        return {"challenge_id": options["challenge_id"], "credential": {**credential, "clientExtensionResults": {}}}

    def register(self, options):
        """What `navigator.credentials.create` gives: user present and verified, attestation none (CBOR by hand)."""
        self.handle = options["publicKey"]["user"]["id"]
        key = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + self.x + b"\x22\x58\x20" + self.y
        data = self.authenticator_data(0x45, bytes(16) + struct.pack(">H", len(self.id)) + self.id + key)
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)]) + data
        client_data = text_of(self.client_data("create", options))
        return self.answer(options, {"clientDataJSON": client_data, "attestationObject": text_of(attestation)})

    def sign_in(self):
        """What `navigator.credentials.get` gives."""
        options = requests.post(f"{URL}/auth/passkeys/login/options", timeout=30).json()
        client_data, data = self.client_data("get", options), self.authenticator_data(0x05)
        with tempfile.NamedTemporaryFile() as key:
            key.write(self.key)
            key.flush()
            signed = data + hashlib.sha256(client_data).digest()
            command = ["openssl", "dgst", "-sha256", "-sign", key.name]
            signature = subprocess.run(command, input=signed, check=True, capture_output=True).stdout
        response = {"clientDataJSON": client_data, "authenticatorData": data, "signature": signature}
        response = {**{name: text_of(value) for name, value in response.items()}, "userHandle": self.handle}
        return self.answer(options, response)


def with_bearer(case, account):
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {account['access_token']}"}


def with_factor(operation, case):
    """A request about factors that is meant to succeed."""
    if operation == "confirm_totp":
        account = register()
        app = bearer_post(account, "/auth/factors/totp", {})
        with_bearer(case, account)
        case.path_parameters["id"], case.body = app["id"], {"code": code_of(app["secret"])}
    elif operation in ("rename_factor", "remove_factor", "replace_recovery_codes"):
        account = with_app()
        with_bearer(case, account)
        if operation != "replace_recovery_codes":
            case.path_parameters["id"] = account["id"]
    elif operation == "login_factor":
        account = with_app()
        credentials = {name: account[name] for name in ("email", "password")}
        asked = requests.post(f"{URL}/auth/login", json=credentials, timeout=30).json()
        case.body = {"mfa_token": asked["mfa_token"], "code": code_of(account["secret"])}
    else:
        account, passkey = register(), Passkey()
        made = passkey.register(bearer_post(account, "/auth/passkeys/options", None))
        if operation == "passkey_login":
            bearer_post(account, "/auth/passkeys", made)
            case.body = passkey.sign_in()
        else:
            with_bearer(case, account)
            case.body = made


def client_token():
    """A token of the client's own, good for everything that administrators do."""
    answer = requests.post(f"{URL}/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": CLIENT}, timeout=30)
    answer.raise_for_status()
    return answer.json()


def with_admin(case):
    """A request of an administrator that is meant to succeed: at an account that there is, without a tag or a cursor of another's."""
    case.headers = {name: value for name, value in (case.headers or {}).items() if name.lower() not in ("authorization", "if-match")}
    with_bearer(case, client_token())
    case.query = {name: value for name, value in (case.query or {}).items() if name not in ("after", "user")}
    if isinstance(case.body, dict):
        # No schema says which texts are hashes; a random text is hardly a role.
        case.body.pop("password_hash", None)
        case.body.pop("roles", None)
    if case.path_parameters and "id" in case.path_parameters:
        account = register()
        bearer = {"Authorization": f"Bearer {account['access_token']}"}
        case.path_parameters["id"] = requests.get(f"{URL}/auth/me", headers=bearer, timeout=30).json()["id"]
        if "sid" in case.path_parameters:
            sessions = requests.get(f"{URL}/auth/sessions", headers=bearer, timeout=30).json()
            case.path_parameters["sid"] = sessions["sessions"][0]["id"]


# Addresses and passwords that the server accepts.
label = strategies.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
address = strategies.builds(lambda local, name, top: f"{local}@{name}.{top}", label, label, strategies.sampled_from(["org", "io"]))
password = strategies.from_regex(r"[A-Z][a-z]{6,20}[0-9]{2}[!-/][A-Za-z0-9 äß€😀]{6,40}", fullmatch=True)
schemathesis.openapi.format("email", address)
schemathesis.openapi.format("password", password)


@schemathesis.auth(refresh_interval=None)
class Account:
    """A fresh account for each request: some requests end the session or delete the account."""

    def get(self, case, context):
        return register()

    def set(self, case, account, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {account['access_token']}"}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts values of a real account into requests that are meant to succeed."""
    if not is_positive(case):
        return
    operation = case.operation.definition.raw.get("operationId")
    headers = {name.lower(): value for name, value in (case.headers or {}).items()}
    body = case.body if isinstance(case.body, dict) else {}
    if case.operation.path.startswith("/admin"):
        with_admin(case)
    elif operation == "change_password" and "current_password" in body:
        body["current_password"] = PASSWORD
    elif operation == "delete_account" and "password" in body:
        body["password"] = PASSWORD
    elif operation == "refresh" and "refresh_token" in body:
        body["refresh_token"] = register()["refresh_token"]
    elif operation == "login" and "email" in body:
        body.update({name: value for name, value in register().items() if name in ("email", "password")})
    elif operation == "end_session" and "authorization" in headers:
        sessions = requests.get(f"{URL}/auth/sessions", headers={"Authorization": headers["authorization"]}, timeout=30).json()
        if "sessions" in sessions:
            case.path_parameters["id"] = sessions["sessions"][0]["id"]
    elif operation in ("token", "revoke"):
        # These need no credentials and refuse duplicate parameters, which a schema cannot express.
        case.headers = {name: value for name, value in (case.headers or {}).items() if name.lower() != "authorization"}
        token = register()["refresh_token"]
        case.body = {"token": token} if operation == "revoke" else {"grant_type": "refresh_token", "refresh_token": token}
    elif operation == "introspect":
        case.headers = {**headers, "Authorization": CLIENT}
        case.body = {"token": register()["access_token"]}
    elif operation in ("verify", "reset", "confirm_change", "undo") and done.get(operation, 0) < 3:
        # A mail takes a second, so only the first get a proof; the others are refused with 400.
        case.headers = {name: value for name, value in (case.headers or {}).items() if name.lower() != "authorization"}
        case.body = with_proof(operation)
    elif operation in WITH_FACTORS and done.get(operation, 0) < 3:
        with_factor(operation, case)
    elif operation == "page":
        case.path_parameters["file"] = "reset"
    elif operation == "docs_file":
        case.path_parameters["file"] = "swagger-ui.css"
    elif operation == "console_file":
        case.path_parameters["file"] = "main.js"


WITH_FACTORS = (
    "confirm_totp", "rename_factor", "remove_factor", "replace_recovery_codes", "login_factor", "add_passkey", "passkey_login",
)

# How often each operation succeeded.
done = {}


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation.definition.raw.get("operationId")
    done.setdefault(operation, 0)
    if response.status_code < 300:
        done[operation] += 1


@atexit.register
def every_operation_was_seen_to_work():
    print("Succeeded:", ", ".join(f"{name} {count}" for name, count in sorted(done.items())), flush=True)
    if missed := [name for name, count in done.items() if count == 0]:
        print("Never succeeded:", ", ".join(missed), flush=True)
        os._exit(1)


def is_positive(case):
    return case.meta is None or case.meta.generation.mode.is_positive
