"""Holds the client against the server in $URL, whose JWT_SECRET_KEY is known here."""

import base64
import hashlib
import hmac
import json
import os
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
