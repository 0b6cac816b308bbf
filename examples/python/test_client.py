"""Holds the client against the server in $URL, whose JWT_SECRET_KEY is known here."""

import base64
import hashlib
import hmac
import json
import os
import struct
import time
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx

from auth_client import AuthClient, Problem, Tokens

URL = os.environ["URL"]
PASSWORD = "Correct-Horse-7-Battery"


def expired(token: str) -> str:
    """That token as it will be in an hour. Only who has the server's secret can make it."""
    header, payload, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    for name in ("iat", "nbf", "exp"):
        claims[name] -= 3600
    signed = f"{header}.{encode(json.dumps(claims).encode())}"
    return f"{signed}.{encode(hmac.digest(os.environ['JWT_SECRET_KEY'].encode(), signed.encode(), hashlib.sha256))}"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def totp(secret: str, steps: int = 0) -> str:
    """What an authenticator app shows, so many half minutes from now (RFC 6238)."""
    mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 + steps), "sha1")
    (number,) = struct.unpack_from(">I", mac, mac[19] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


class Service(httpx.HTTPTransport):
    """A service that believes no authentication from before it asked for one, beside the server."""

    distrusted: str | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "service.example":
            return super().handle_request(request)
        token = request.headers["Authorization"]
        self.distrusted = self.distrusted or token
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        if token != self.distrusted and claims["acr"] == "aal2":
            return httpx.Response(200, json={"paid_by": claims["sub"]})
        challenge = 'Bearer error="insufficient_user_authentication", max_age="300", acr_values="aal2"'
        headers = {"WWW-Authenticate": challenge, "Content-Type": "application/problem+json"}
        return httpx.Response(401, headers=headers, content=b'{"code":"reauthentication_required"}')


class Counting(httpx.HTTPTransport):
    """Counts the answers by path and status."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, int]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        self.seen.append((request.url.path, answer.status_code))
        return answer


class Client(unittest.TestCase):
    def setUp(self) -> None:
        self.kept: list[Tokens | None] = []
        self.transport = Counting()
        self.email = f"py-{uuid.uuid4()}@example.org"
        with AuthClient(URL, on_tokens=self.kept.append) as first:
            first.register(self.email, PASSWORD)

    def client(self, tokens: Tokens | None = None) -> AuthClient:
        client = AuthClient(URL, tokens=tokens or self.kept[-1], on_tokens=self.kept.append, transport=self.transport)
        return self.enterContext(client)

    def with_expired_token(self) -> AuthClient:
        return self.client(Tokens(expired(self.kept[-1].access), self.kept[-1].refresh))

    def test_a_session_from_begin_to_end(self) -> None:
        client = self.client()
        client.login(self.email, PASSWORD)
        self.assertEqual(client.me()["email"], self.email)
        self.assertEqual([session["current"] for session in client.sessions()], [True, False])
        client.change_password(PASSWORD, "Staple-Paper-8-Clip")
        self.assertEqual(len(client.sessions()), 1)
        client.logout()
        self.assertIsNone(self.kept[-1])
        with self.assertRaises(Problem) as refused:
            client.me()
        self.assertEqual(refused.exception.code, "token_missing")

    def test_many_threads_refresh_once(self) -> None:
        client = self.with_expired_token()
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: client.me(), range(8)))
        self.assertEqual({answer["email"] for answer in answers}, {self.email})
        self.assertEqual(self.transport.seen.count(("/auth/refresh", 200)), 1)
        self.assertEqual(len(self.kept), 2)

    def test_an_ended_session_is_given_up(self) -> None:
        client = self.with_expired_token()
        with AuthClient(URL, tokens=self.kept[-1]) as elsewhere:
            elsewhere.logout()
        with self.assertRaises(Problem) as refused:
            client.me()
        self.assertEqual((refused.exception.status, self.kept[-1]), (401, None))

    def test_a_second_factor_at_a_login_and_once_more_where_it_matters(self) -> None:
        first = self.client()
        app = first.request("POST", "/auth/factors/totp", json={"name": "My phone"}).json()
        added = first.request("POST", f"/auth/factors/totp/{app['id']}/confirm", json={"code": totp(app["secret"])}).json()
        first.take_access(added["access_token"])
        self.assertEqual(len(added["recovery_codes"]), 10)
        with self.assertRaises(Problem) as refused:
            first.login(self.email, PASSWORD)
        self.assertEqual(refused.exception.code, "second_factor_required")

        asked: list[object] = []
        typed = ["000000-wrong", totp(app["secret"], 1)]
        ask_factor = lambda factors: asked.append(factors) or {"code": typed.pop(0)}
        ask_again = lambda acr: asked.append(acr) or {"code": added["recovery_codes"][0]}
        with AuthClient(URL, ask_factor=ask_factor, ask_again=ask_again, transport=Service()) as client:
            client.login(self.email, PASSWORD)
            self.assertIn("paid_by", client.request("POST", "https://service.example/payment", json={}).json())
            self.assertEqual(asked, [["totp", "recovery_code"], ["totp", "recovery_code"], "aal2"])
            self.assertEqual(client.request("GET", "/auth/factors").json()["recovery_codes_left"], 9)

    def test_a_refusal_is_told(self) -> None:
        client = self.client()
        with self.assertRaises(Problem) as refused:
            client.login(self.email, "wrong")
        self.assertEqual((refused.exception.status, refused.exception.code), (401, "invalid_credentials"))

    def test_who_is_too_fast_waits(self) -> None:
        client = self.client()
        with ThreadPoolExecutor(25) as threads:
            answers = list(threads.map(lambda _: client.me(), range(25)))
        self.assertEqual(len(answers), 25)
        self.assertIn(("/auth/me", 429), self.transport.seen)


if __name__ == "__main__":
    unittest.main()
