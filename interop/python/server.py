"""The server that the tests are held against: .ci/live-server says where it is, and lends its commands."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from typing import Any

import httpx

URL = os.environ["URL"]
ALGORITHM = os.environ["JWT_ALGORITHM"]
AUDIENCE = os.environ["JWT_AUDIENCE"]
KEYS_KEPT = int(os.environ["JWKS_MAX_AGE"])


def operate(*words: str) -> Any:
    """What a command of the server answers."""
    return json.loads(subprocess.run([os.environ["AUTH_SERVER"], *words, "--json"], check=True, stdout=subprocess.PIPE).stdout)


def register() -> dict[str, Any]:
    """The tokens of a new account."""
    body = {"email": f"py-{uuid.uuid4()}@example.org", "password": "Correct-Horse-7-Battery"}
    return httpx.post(f"{URL}/auth/register", json=body).raise_for_status().json()


def refresh(tokens: dict[str, Any]) -> dict[str, Any]:
    """The tokens after those."""
    body = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    return httpx.post(f"{URL}/oauth/token", data=body).raise_for_status().json()


def metadata() -> dict[str, Any]:
    return httpx.get(f"{URL}/.well-known/oauth-authorization-server").raise_for_status().json()
