"""Real accounts for schemathesis, which would otherwise get nothing but 401."""

import atexit
import base64
import os
import uuid

import requests
import schemathesis
from hypothesis import strategies

URL = os.environ["URL"]
PASSWORD = "Correct-Horse-7-Battery"
CLIENT = "Basic " + base64.b64encode(f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}".encode()).decode()


def register():
    credentials = {"email": f"{uuid.uuid4().hex}@example.org", "password": PASSWORD}
    answer = requests.post(f"{URL}/auth/register", json=credentials, timeout=30)
    answer.raise_for_status()
    return {**credentials, **answer.json()}


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
    if operation == "change_password" and "current_password" in body:
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
    elif operation == "docs_file":
        case.path_parameters["file"] = "swagger-ui.css"


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
