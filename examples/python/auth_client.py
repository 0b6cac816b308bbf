"""A client of auth-server: keeps the tokens, refreshes them once for many threads, and waits when it is told to."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx

# The server did nothing yet: every request can be sent again.
NOTHING_DONE = {"rate_limited", "too_many_attempts", "overloaded"}


@dataclass(frozen=True)
class Tokens:
    access: str
    refresh: str


class Problem(Exception):
    """What the server answered instead (RFC 9457)."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.code = code_of(answer)
        super().__init__(f"{self.status} {self.code}")


class AuthClient:
    def __init__(
        self,
        url: str,
        *,
        tokens: Tokens | None = None,
        patience: float = 30,
        on_tokens: Callable[[Tokens | None], None] = lambda tokens: None,
        ask_factor: Callable[[list[str]], dict[str, Any]] | None = None,
        ask_again: Callable[[str | None], dict[str, Any]] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`on_tokens` is told of each new pair, to store it, and of None when there is no session any more.
        `ask_factor` asks the person at a login for one of these factors (`totp`, `passkey`, `recovery_code`), again after a wrong one, and
        returns {"code": …} or {"passkey": …}; it raises to give up. `ask_again` asks the person to authenticate again, since what they want
        needs it (RFC 9470): by a factor where its argument is `aal2`, else that or {"password": …}.
        `patience` is how many seconds one request may wait, all in all, because the server says so."""
        self._http = httpx.Client(base_url=url, timeout=30, transport=transport)
        self._tokens = tokens
        self._patience = patience
        self._on_tokens = on_tokens
        self._ask_factor = ask_factor
        self._ask_again = ask_again
        self._refreshing = threading.Lock()

    def __enter__(self) -> AuthClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def register(self, email: str, password: str) -> None:
        self._begin("/auth/register", email, password)

    def login(self, email: str, password: str) -> None:
        answer = self._send("POST", "/auth/login", None, json={"email": email, "password": password})
        if self._ask_factor and code_of(answer) == "second_factor_required":
            answer = self._second_step(answer.json())
        self._keep(pair(checked(answer)))

    def me(self) -> dict[str, Any]:
        return self.request("GET", "/auth/me").json()

    def sessions(self) -> list[dict[str, Any]]:
        return self.request("GET", "/auth/sessions").json()["sessions"]

    def change_password(self, current: str, new: str) -> None:
        self.request("POST", "/auth/password", json={"current_password": current, "new_password": new})

    def logout(self, scope: str = "local") -> None:
        self.request("POST", "/auth/logout", params={"scope": scope})
        if scope != "others":
            self._keep(None)

    def take_access(self, access: str) -> Tokens | None:
        """The access token that an answer brought, such as that of a new factor: the refresh token stays."""
        with self._refreshing:
            if self._tokens:
                self._keep(replace(self._tokens, access=access))
            return self._tokens

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Any request with the access token; a refusal is raised as a Problem. The URL of a service that takes these tokens will do as a
        path: it may ask for a better authentication, as auth-server does."""
        used = self._tokens
        answer = self._send(method, path, used, **arguments)
        if used and code_of(answer) == "token_expired":
            # Once: what is refused with a fresh token is refused.
            used = self._refreshed(used)
            answer = self._send(method, path, used, **arguments)
        if used and self._ask_again and code_of(answer) == "reauthentication_required":
            acr = re.search('acr_values="([^"]*)"', answer.headers.get("WWW-Authenticate", ""))
            again = checked(self._send("POST", "/auth/reauthenticate", used, json=self._ask_again(acr and acr[1])))
            # The session is fresh now, and the newer access token says so.
            answer = self._send(method, path, self.take_access(again.json()["access_token"]), **arguments)
        return checked(answer)

    def _second_step(self, asked: dict[str, Any]) -> httpx.Response:
        """The five wrong answers that a login may have are counted by the server."""
        while True:
            shown = self._ask_factor(asked["factors"])
            answer = self._send("POST", "/auth/login/factor", None, json={"mfa_token": asked["mfa_token"], **shown})
            if code_of(answer) != "code_invalid":
                return answer

    def _begin(self, path: str, email: str, password: str) -> None:
        answer = checked(self._send("POST", path, None, json={"email": email, "password": password}))
        self._keep(pair(answer))

    def _refreshed(self, used: Tokens) -> Tokens | None:
        """The pair after `used`. The first thread that comes asks for it, the others wait and find it."""
        with self._refreshing:
            if self._tokens is not used:
                return self._tokens
            answer = self._send("POST", "/auth/refresh", None, json={"refresh_token": used.refresh})
            # Who logged out or in again meanwhile does not get the old session back.
            if self._tokens is used:
                if answer.status_code == 401:
                    self._keep(None)
                elif answer.is_success:
                    self._keep(pair(answer))
            checked(answer)
            return self._tokens

    def _keep(self, tokens: Tokens | None) -> None:
        self._tokens = tokens
        self._on_tokens(tokens)

    def _send(self, method: str, path: str, tokens: Tokens | None, **arguments: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {tokens.access}"} if tokens else {}
        patience = self._patience
        while True:
            answer = self._http.request(method, path, headers=headers, **arguments)
            wait = int(answer.headers.get("Retry-After", "0"))
            if code_of(answer) not in NOTHING_DONE or not 0 < wait <= patience:
                return answer
            patience -= wait
            time.sleep(wait)


def pair(answer: httpx.Response) -> Tokens:
    body = answer.json()
    return Tokens(access=body["access_token"], refresh=body["refresh_token"])


def checked(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise Problem(answer)
    return answer


def code_of(answer: httpx.Response) -> str | None:
    """The `code` of a problem. Something between here and the server may answer in other forms."""
    if not answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        return None
    return answer.json().get("code")
