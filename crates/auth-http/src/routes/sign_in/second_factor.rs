//! Bodies that show a second factor: a code, or a passkey.

use auth_domain::{
    passkeys::{assert::PasskeyAnswer, ports::AuthenticationResponse},
    passwords::policy::PasswordAttempt,
    sign_in::second_factor::Shown,
};
use utoipa::ToSchema;

use crate::web::json_body::{Bytes64, FromMembers, Members, Told};

/// Exactly one of `code` and `passkey`.
#[derive(ToSchema)]
#[schema(as = LoginFactorBody)]
#[expect(dead_code, reason = "for the API document")]
pub struct LoginFactorSchema {
    /// From `second_factor_required`.
    mfa_token: String,
    /// Of an authenticator app, or a recovery code.
    #[schema(required = false, examples("287082"))]
    code: Option<String>,
    #[schema(required = false)]
    passkey: Option<PasskeyAnswerSchema>,
}

/// Exactly one of `password`, `code` and `passkey`.
#[derive(ToSchema)]
#[schema(as = ReauthenticateBody)]
#[expect(dead_code, reason = "for the API document")]
pub struct ReauthenticateSchema {
    #[schema(required = false, format = "password", examples("Correct-Horse-7-Battery"))]
    password: Option<String>,
    /// Of an authenticator app, or a recovery code.
    #[schema(required = false)]
    code: Option<String>,
    #[schema(required = false)]
    passkey: Option<PasskeyAnswerSchema>,
}

/// A browser's answer to the options of `/auth/passkeys/login/options`.
#[derive(ToSchema)]
#[schema(as = PasskeyAnswer)]
#[expect(dead_code, reason = "for the API document")]
pub struct PasskeyAnswerSchema {
    challenge_id: String,
    /// What `PublicKeyCredential.toJSON()` gives (WebAuthn Level 3 section 5.1.8).
    #[schema(value_type = Object)]
    credential: serde_json::Value,
}

pub struct LoginFactorBody {
    pub mfa_token: String,
    pub shown: Shown,
}

impl FromMembers for LoginFactorBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (mfa_token, shown) = (members.required("mfa_token"), shown(members));
        Ok(Self { mfa_token: mfa_token?, shown: shown? })
    }
}

pub enum ReauthenticateBody {
    Password(PasswordAttempt),
    Factor(Shown),
}

impl FromMembers for ReauthenticateBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        if members.has("code") || members.has("passkey") {
            members.refuse(&["password"], "exclusive", "does not go with `code` or `passkey`; give one of them");
            return shown(members).map(Self::Factor);
        }
        Ok(Self::Password(members.required("password")?))
    }
}

/// `code` or `passkey`, not both.
fn shown(members: &mut Members) -> Result<Shown, Told> {
    if members.has("passkey") {
        members.refuse(&["code"], "exclusive", "does not go with `passkey`; give one of them");
        return Ok(Shown::Passkey(members.object::<PasskeyAnswer>("passkey")?));
    }
    Ok(Shown::Code(members.required("code")?))
}

impl FromMembers for PasskeyAnswer {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (challenge_id, response) = (members.required("challenge_id"), members.object("credential"));
        Ok(Self { challenge_id: challenge_id?, response: response? })
    }
}

/// `AuthenticationResponseJSON` (WebAuthn Level 3 section 5.1.8). What a browser adds to it is ignored.
impl FromMembers for AuthenticationResponse {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (id, response) = (members.required("rawId"), members.object::<Assertion>("response"));
        let Bytes64(id) = id?;
        let Assertion(response) = response?;
        Ok(Self { id, ..response })
    }
}

/// `AuthenticatorAssertionResponseJSON`, still without the id of its credential.
struct Assertion(AuthenticationResponse);

impl FromMembers for Assertion {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (client_data, authenticator_data) = (members.required("clientDataJSON"), members.required("authenticatorData"));
        let (signature, user_handle) = (members.required("signature"), members.optional("userHandle"));
        let [Bytes64(client_data), Bytes64(authenticator_data), Bytes64(signature)] =
            [client_data?, authenticator_data?, signature?];
        let user_handle = user_handle?.map(|Bytes64(handle)| handle);
        Ok(Self(AuthenticationResponse { id: Vec::new(), client_data, authenticator_data, signature, user_handle }))
    }
}
