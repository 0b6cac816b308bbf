"""PyJWT, as a resource server has it: PyJWKClient fetches the keys, and a token is verified with nothing else."""

import unittest

import jwt

from server import ALGORITHM, AUDIENCE, URL, metadata, register

KEYS = jwt.PyJWKClient(metadata()["jwks_uri"])


def verified(token: str, **change: object) -> dict:
    policy = {"algorithms": [ALGORITHM], "issuer": URL, "audience": AUDIENCE, **change}
    key = KEYS.get_signing_key_from_jwt(token)
    return jwt.decode(token, key, options={"require": ["exp", "iat", "sub", "sid", "jti"]}, **policy)


class PyJwt(unittest.TestCase):
    def test_an_access_token_is_verified(self) -> None:
        tokens = register()
        claims = verified(tokens["access_token"])
        self.assertEqual(claims["exp"] - claims["iat"], tokens["expires_in"])
        header = jwt.get_unverified_header(tokens["access_token"])
        self.assertEqual((header["alg"], header["typ"]), (ALGORITHM, "at+jwt"))

    def test_what_was_not_made_for_this_service_is_refused(self) -> None:
        tokens = register()
        access = tokens["access_token"]
        with self.assertRaises(jwt.InvalidAudienceError):
            verified(access, audience="https://other.example.org")
        with self.assertRaises(jwt.InvalidIssuerError):
            verified(access, issuer="https://other.example.org")
        with self.assertRaises(jwt.InvalidAlgorithmError):
            verified(access, algorithms=["HS256"])
        # It names no key: only the server that made it can tell what it is.
        with self.assertRaises(jwt.PyJWKClientError):
            verified(tokens["refresh_token"])
        header, _, signature = access.split(".")
        someone_else = register()["access_token"].split(".")[1]
        with self.assertRaises(jwt.InvalidSignatureError):
            verified(f"{header}.{someone_else}.{signature}")


if __name__ == "__main__":
    unittest.main()
