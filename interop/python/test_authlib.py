"""authlib, as an app that keeps a session and as a resource server that asks about tokens, or verifies them, have it."""

import unittest
import warnings

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6750.errors import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc import jwk, jwt

from server import ALGORITHM, AUDIENCE, URL, metadata, operate, register

with warnings.catch_warnings():
    # For those who still have it: authlib's next version leaves it to joserfc.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    import authlib.jose

SERVER = metadata()
TOKEN, REVOKE, INTROSPECT = (SERVER[f"{name}_endpoint"] for name in ("token", "revocation", "introspection"))


def keys() -> dict:
    return httpx.get(SERVER["jwks_uri"]).raise_for_status().json()


class Validator(JWTBearerTokenValidator):
    def get_jwks(self) -> dict:
        return keys()


def service(method: str, secret: str | None = None, scopes: str = "") -> OAuth2Session:
    """A resource server of its own."""
    made = operate("clients", "add", "Orders", "--scope", scopes)
    return OAuth2Session(made["client_id"], secret or made["client_secret"], token_endpoint_auth_method=method)


class Session(unittest.TestCase):
    """Over requests."""

    def test_a_public_client_refreshes_and_revokes(self) -> None:
        tokens = register()
        kept: list[dict] = []
        app = OAuth2Session("an-app", token=tokens, token_endpoint=TOKEN, update_token=lambda token, **_: kept.append(token))
        fresh = app.refresh_token(TOKEN)
        self.assertNotEqual(fresh["refresh_token"], tokens["refresh_token"])
        self.assertEqual(kept, [fresh])
        self.assertEqual(app.get(f"{URL}/auth/me").status_code, 200)
        self.assertEqual(app.revoke_token(REVOKE, fresh["refresh_token"], token_type_hint="refresh_token").status_code, 200)
        self.assertEqual(app.get(f"{URL}/auth/me").status_code, 401)
        with self.assertRaises(OAuthError) as refused:
            app.refresh_token(TOKEN)
        self.assertEqual(refused.exception.error, "invalid_grant")

    def test_an_expired_token_is_replaced_on_the_way(self) -> None:
        tokens = register()
        app = OAuth2Session("an-app", token={**tokens, "expires_at": 1}, token_endpoint=TOKEN)
        self.assertEqual(app.get(f"{URL}/auth/me").status_code, 200)
        self.assertNotEqual(app.token["access_token"], tokens["access_token"])

    def test_a_resource_server_hears_what_a_token_is_worth(self) -> None:
        for method in ("client_secret_basic", "client_secret_post"):
            with self.subTest(method):
                tokens, asking = register(), service(method)
                told = asking.introspect_token(INTROSPECT, token=tokens["access_token"]).json()
                self.assertEqual((told["active"], told["iss"], told["aud"]), (True, URL, AUDIENCE))
                OAuth2Session("an-app").revoke_token(REVOKE, tokens["refresh_token"]).raise_for_status()
                for token in (tokens["access_token"], tokens["refresh_token"]):
                    answer = asking.introspect_token(INTROSPECT, token=token)
                    self.assertEqual((answer.status_code, answer.json()), (200, {"active": False}))

    def test_a_wrong_secret_is_refused(self) -> None:
        for method in ("client_secret_basic", "client_secret_post"):
            with self.subTest(method):
                answer = service(method, "wrong").introspect_token(INTROSPECT, token=register()["access_token"])
                self.assertEqual((answer.status_code, answer.json()["error"]), (401, "invalid_client"))


class OwnTokens(unittest.TestCase):
    """Of a client that acts for itself."""

    def test_a_client_gets_a_token_for_what_it_may(self) -> None:
        for method in ("client_secret_basic", "client_secret_post"):
            with self.subTest(method):
                office = service(method, scopes="admin:read,admin:write")
                token = office.fetch_token(TOKEN, grant_type="client_credentials")
                self.assertEqual((token["token_type"], token["scope"]), ("Bearer", "admin:read admin:write"))
                self.assertNotIn("refresh_token", token)
                less = office.fetch_token(TOKEN, grant_type="client_credentials", scope="admin:read")["access_token"]
                told = office.introspect_token(INTROSPECT, token=less).json()
                self.assertEqual((told["active"], told["client_id"], told["scope"]), (True, office.client_id, "admin:read"))
                with self.assertRaises(OAuthError) as refused:
                    office.fetch_token(TOKEN, grant_type="client_credentials", scope="admin:export")
                self.assertEqual(refused.exception.error, "invalid_scope")

    def test_the_rfc_9068_check_takes_it(self) -> None:
        token = service("client_secret_basic", scopes="admin:read").fetch_token(TOKEN, grant_type="client_credentials")
        validator = Validator(issuer=URL, resource_server=AUDIENCE)
        check = lambda scope: validator.validate_token(  # noqa: E731
            validator.authenticate_token(token["access_token"]), [scope], None
        )
        if ALGORITHM == "EdDSA":
            # The check does not ask joserfc for it, and nobody can.
            with self.assertRaises(InvalidTokenError):
                check("admin:read")
            return
        check("admin:read")
        with self.assertRaises(InsufficientScopeError):
            check("admin:write")


class AsyncSession(unittest.IsolatedAsyncioTestCase):
    """Over httpx."""

    async def test_refresh_introspection_and_revocation(self) -> None:
        made = operate("clients", "add", "Orders")
        app = AsyncOAuth2Client("an-app", token=register())
        asking = AsyncOAuth2Client(made["client_id"], made["client_secret"])
        async with app, asking:
            fresh = await app.refresh_token(TOKEN)
            told = await asking.introspect_token(INTROSPECT, token=fresh["access_token"])
            self.assertEqual((told.json()["active"], told.json()["token_type"]), (True, "Bearer"))
            self.assertEqual((await app.revoke_token(REVOKE, fresh["access_token"])).status_code, 200)
            told = await asking.introspect_token(INTROSPECT, token=fresh["access_token"])
            self.assertEqual(told.json(), {"active": False})


class Verifying(unittest.TestCase):
    def test_authlib_jose_verifies_an_access_token(self) -> None:
        options = {"iss": {"essential": True, "value": URL}, "aud": {"essential": True, "value": AUDIENCE}}
        verifier = authlib.jose.JsonWebToken([ALGORITHM])
        claims = verifier.decode(register()["access_token"], authlib.jose.JsonWebKey.import_key_set(keys()), claims_options=options)
        claims.validate()
        self.assertEqual(claims.header["typ"], "at+jwt")

    def test_joserfc_which_comes_after_it_does_too(self) -> None:
        registry = jwt.JWTClaimsRegistry(iss={"essential": True, "value": URL}, aud={"essential": True, "value": AUDIENCE})
        token = jwt.decode(register()["access_token"], jwk.KeySet.import_key_set(keys()), algorithms=[ALGORITHM])
        registry.validate(token.claims)
        self.assertEqual(token.header["typ"], "at+jwt")

    def test_the_rfc_9068_check_refuses_peoples_tokens_for_they_have_no_client_id(self) -> None:
        validator = Validator(issuer=URL, resource_server=AUDIENCE)
        with self.assertRaises(InvalidTokenError) as refused:
            validator.validate_token(validator.authenticate_token(register()["access_token"]), None, None)
        # EdDSA it does not even look at: joserfc has to be asked for it, and the check does not ask.
        self.assertIn("EdDSA" if ALGORITHM == "EdDSA" else "client_id", str(refused.exception.__cause__))


class Discovery(unittest.TestCase):
    def test_authlib_wants_a_response_type_and_finds_the_rest_well_formed(self) -> None:
        # It takes the empty list for none at all. There is no authorization endpoint, and so no response type.
        with self.assertRaisesRegex(ValueError, '"response_types_supported" is required'):
            AuthorizationServerMetadata(SERVER).validate()
        AuthorizationServerMetadata({**SERVER, "response_types_supported": ["none"]}).validate()


if __name__ == "__main__":
    unittest.main()
