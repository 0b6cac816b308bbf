"""A rotation as verifiers live through it: whenever one of them fetched the keys, it never meets a token that it cannot verify."""

import re
import time
import unittest
from collections.abc import Callable

import httpx
import jwt
from joserfc import jwk
from joserfc import jwt as joserfc

from server import ALGORITHM, AUDIENCE, KEYS_KEPT, URL, metadata, operate, refresh, register

JWKS = metadata()["jwks_uri"]
ROUNDS = 20


def kid(token: str) -> str:
    return jwt.get_unverified_header(token)["kid"]


def pyjwt(**options: float) -> Callable[[str], object]:
    keys = jwt.PyJWKClient(JWKS, **options)
    return lambda token: jwt.decode(
        token, keys.get_signing_key_from_jwt(token), algorithms=[ALGORITHM], issuer=URL, audience=AUDIENCE
    )


class AsTheAnswerSays:
    """What authlib is given: the set as it was fetched, for as long as its Cache-Control allows and no more, whatever
    a token names. No second look makes good for a key that is not in it."""

    def __init__(self) -> None:
        self.until = 0.0

    def __call__(self, token: str) -> object:
        if time.monotonic() >= self.until:
            answer = httpx.get(JWKS).raise_for_status()
            self.until = time.monotonic() + int(re.search(r"max-age=(\d+)", answer.headers["Cache-Control"])[1])
            self.keys = jwk.KeySet.import_key_set(answer.json())
        return joserfc.decode(token, self.keys, algorithms=[ALGORITHM])


class Rotation(unittest.TestCase):
    def test_no_verification_fails_at_any_moment(self) -> None:
        verifiers: list[Callable[[str], object]] = []
        first = current = register()
        newest, verified = 0.0, 0

        def another() -> None:
            # As PyJWKClient is without options: a set is kept for 300 seconds, and for 30 nothing makes it ask again.
            verifiers.extend([pyjwt(), pyjwt(lifespan=max(KEYS_KEPT, 1)), AsTheAnswerSays()])

        def turn() -> None:
            nonlocal current, newest, verified
            # One of each that fetches now, whatever now is: that each second has some is enough.
            if time.monotonic() - newest > 1:
                another()
                newest = time.monotonic()
            current = refresh(current)
            for verify in verifiers:
                verify(current["access_token"])
                verify(first["access_token"])
                verified += 2
            time.sleep(0.05)

        for _ in range(ROUNDS):
            turn()
        (following,) = operate("keys", "rotate")
        self.assertEqual((following["alg"], following["state"]), (ALGORITHM, "pending"))
        deadline = time.monotonic() + KEYS_KEPT + 60
        while kid(current["access_token"]) == kid(first["access_token"]):
            self.assertLess(time.monotonic(), deadline, "the next key does not come to sign")
            turn()
        self.assertEqual(kid(current["access_token"]), following["kid"])

        # Who comes afterwards finds the key before as well, for what it has signed.
        another()
        for _ in range(ROUNDS):
            turn()
        self.assertEqual([key["state"] for key in operate("keys", "list")], ["retiring", "active"])
        self.assertGreater(len(verifiers), 20)
        self.assertGreater(verified, 1000)


if __name__ == "__main__":
    unittest.main()
