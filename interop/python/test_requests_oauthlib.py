"""requests-oauthlib, as a client that acts for itself has it; PyJWT verifies what it gets."""

import os
import unittest

import jwt
import requests
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError, InvalidScopeError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from server import ALGORITHM, AUDIENCE, URL, metadata, operate, register

# The test server speaks HTTP, on this machine alone; otherwise the library insists on HTTPS.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

SERVER = metadata()
TOKEN, INTROSPECT = SERVER["token_endpoint"], SERVER["introspection_endpoint"]


class OwnTokens(unittest.TestCase):
    def setUp(self) -> None:
        made = operate("clients", "add", "Back office", "--scope", "admin:read", "--scope", "admin:write")
        self.id, self.secret = made["client_id"], made["client_secret"]

    def session(self, *scopes: str) -> OAuth2Session:
        return OAuth2Session(client=BackendApplicationClient(self.id, scope=list(scopes) or None))

    def introspected(self, token: str) -> dict:
        answer = requests.post(INTROSPECT, data={"token": token}, auth=HTTPBasicAuth(self.id, self.secret), timeout=30)
        answer.raise_for_status()
        return answer.json()

    def test_both_ways_of_authentication_get_a_token(self) -> None:
        ways = {
            "client_secret_basic": {"client_id": self.id, "client_secret": self.secret},
            "client_secret_post": {"include_client_id": True, "client_secret": self.secret},
        }
        for method, credentials in ways.items():
            with self.subTest(method):
                token = self.session().fetch_token(TOKEN, **credentials)
                self.assertEqual((token["token_type"], sorted(token["scope"])), ("Bearer", ["admin:read", "admin:write"]))
                self.assertNotIn("refresh_token", token)
                told = self.introspected(token["access_token"])
                self.assertEqual((told["active"], told["client_id"], told["sub"]), (True, self.id, self.id))

    def test_it_is_good_for_what_was_asked_until_the_scopes_change(self) -> None:
        token = self.session("admin:read").fetch_token(TOKEN, client_id=self.id, client_secret=self.secret)["access_token"]
        self.assertEqual(self.introspected(token)["scope"], "admin:read")
        key = jwt.PyJWKClient(SERVER["jwks_uri"]).get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=URL)
        self.assertEqual((claims["client_id"], claims["sub"], claims["scope"]), (self.id, self.id, "admin:read"))
        operate("clients", "set-scope", self.id, "admin:write")
        self.assertEqual(self.introspected(token), {"active": False})

    def test_it_is_nobodys_login(self) -> None:
        session = self.session()
        session.fetch_token(TOKEN, client_id=self.id, client_secret=self.secret)
        self.assertEqual(session.get(f"{URL}/auth/me").status_code, 401)
        person = self.introspected(register()["access_token"])
        self.assertTrue(person["active"] and "client_id" not in person and "scope" not in person)

    def test_refusals_are_told_in_its_own_words(self) -> None:
        with self.assertRaises(InvalidScopeError):
            self.session("admin:export").fetch_token(TOKEN, client_id=self.id, client_secret=self.secret)
        with self.assertRaises(InvalidClientError):
            self.session().fetch_token(TOKEN, client_id=self.id, client_secret="wrong")


if __name__ == "__main__":
    unittest.main()
