//! The JSON of WebAuthn (Level 3 section 5.1), as browsers take and give it.

use auth_domain::{
    factors::{factor::FactorName, passkey::Credential},
    passkeys::{
        options::{CreationOptions, RequestOptions},
        ports::RegistrationResponse,
        register::PasskeyAdded,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    routes::{
        factors::{FactorView, plain},
        sign_in::AccessTokenView,
    },
    web::json_body::{Bytes64, FromMembers, Members, Told},
};

/// How long a browser waits for its user, in milliseconds: as long as the challenge is good.
const TIMEOUT: u32 = 300_000;

#[derive(ToSchema)]
#[schema(as = AddPasskeyBody)]
#[expect(dead_code, reason = "for the API document")]
pub struct AddPasskeySchema {
    challenge_id: String,
    /// 1 to 64 characters without controls.
    #[schema(required = false, max_length = 64, examples("Ann's laptop"))]
    name: Option<String>,
    /// What `PublicKeyCredential.toJSON()` gives.
    #[schema(value_type = Object)]
    credential: serde_json::Value,
}

pub struct AddPasskeyBody {
    pub challenge_id: String,
    pub name: Option<FactorName>,
    pub response: RegistrationResponse,
}

impl FromMembers for AddPasskeyBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (challenge_id, name) = (members.required("challenge_id"), members.optional("name"));
        let response = members.object("credential");
        Ok(Self { challenge_id: challenge_id?, name: name?, response: response? })
    }
}

/// `RegistrationResponseJSON`. What a browser adds to it is ignored.
impl FromMembers for RegistrationResponse {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (id, response) = (members.required("rawId"), members.object::<Attestation>("response"));
        let Bytes64(id) = id?;
        let Attestation(response) = response?;
        Ok(Self { id, ..response })
    }
}

/// `AuthenticatorAttestationResponseJSON`, still without the id of its credential.
struct Attestation(RegistrationResponse);

impl FromMembers for Attestation {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (client_data, attestation_object) = (members.required("clientDataJSON"), members.required("attestationObject"));
        let transports = members.texts("transports");
        let [Bytes64(client_data), Bytes64(attestation_object)] = [client_data?, attestation_object?];
        Ok(Self(RegistrationResponse { id: Vec::new(), client_data, attestation_object, transports }))
    }
}

/// `PublicKeyCredentialCreationOptionsJSON`, and the challenge's name.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyCreationOptions)]
pub struct CreationOptionsView {
    /// Comes back with the answer.
    challenge_id: String,
    #[serde(rename = "publicKey")]
    #[schema(value_type = Object)]
    public_key: CreationView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationView {
    rp: RelyingPartyView,
    user: UserView,
    challenge: String,
    pub_key_cred_params: Vec<ParametersView>,
    timeout: u32,
    exclude_credentials: Vec<DescriptorView>,
    authenticator_selection: SelectionView,
    attestation: &'static str,
}

#[derive(Serialize)]
struct RelyingPartyView {
    id: String,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserView {
    id: String,
    name: String,
    display_name: String,
}

#[derive(Serialize)]
struct ParametersView {
    r#type: &'static str,
    alg: i32,
}

#[derive(Serialize)]
struct DescriptorView {
    r#type: &'static str,
    id: String,
    transports: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SelectionView {
    resident_key: &'static str,
    require_resident_key: bool,
    user_verification: &'static str,
}

const PUBLIC_KEY: &str = "public-key";

const REQUIRED: &str = "required";

impl From<CreationOptions> for CreationOptionsView {
    fn from(options: CreationOptions) -> Self {
        let name = options.user_name.to_string();
        let user = UserView { id: URL_SAFE_NO_PAD.encode(options.user_handle), display_name: name.clone(), name };
        let parameters = |alg: &i32| ParametersView { r#type: PUBLIC_KEY, alg: *alg };
        Self {
            challenge_id: options.challenge_id,
            public_key: CreationView {
                rp: RelyingPartyView { id: options.rp_id, name: options.rp_name },
                user,
                challenge: URL_SAFE_NO_PAD.encode(options.challenge),
                pub_key_cred_params: options.algorithms.iter().map(parameters).collect(),
                timeout: TIMEOUT,
                exclude_credentials: options.exclude.iter().map(DescriptorView::from).collect(),
                authenticator_selection: SelectionView {
                    resident_key: REQUIRED,
                    require_resident_key: true,
                    user_verification: REQUIRED,
                },
                attestation: "none",
            },
        }
    }
}

impl From<&Credential> for DescriptorView {
    fn from(credential: &Credential) -> Self {
        let id = URL_SAFE_NO_PAD.encode(credential.id.as_bytes());
        Self { r#type: PUBLIC_KEY, id, transports: credential.transports.clone() }
    }
}

/// `PublicKeyCredentialRequestOptionsJSON`, and the challenge's name.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyRequestOptions)]
pub struct RequestOptionsView {
    /// Comes back with the answer.
    challenge_id: String,
    #[serde(rename = "publicKey")]
    #[schema(value_type = Object)]
    public_key: RequestView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestView {
    challenge: String,
    timeout: u32,
    rp_id: String,
    user_verification: &'static str,
}

impl From<RequestOptions> for RequestOptionsView {
    fn from(options: RequestOptions) -> Self {
        let challenge = URL_SAFE_NO_PAD.encode(options.challenge);
        let public_key = RequestView { challenge, timeout: TIMEOUT, rp_id: options.rp_id, user_verification: REQUIRED };
        Self { challenge_id: options.challenge_id, public_key }
    }
}

/// A passkey was added.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyAdded)]
pub struct PasskeyAddedView {
    #[serde(flatten)]
    factor: FactorView,
    /// Ten with the first factor of an account, otherwise none.
    recovery_codes: Vec<String>,
    #[serde(flatten)]
    token: AccessTokenView,
}

impl From<PasskeyAdded> for PasskeyAddedView {
    fn from(PasskeyAdded { factor, recovery_codes, token }: PasskeyAdded) -> Self {
        Self { factor: FactorView::from(&factor), recovery_codes: plain(recovery_codes), token: token.into() }
    }
}

/// Pages that may use the passkeys of this domain.
#[derive(Serialize, ToSchema)]
#[schema(as = RelatedOrigins)]
pub struct RelatedOriginsView {
    #[schema(examples(json!(["https://auth.example.org"])))]
    pub origins: Vec<String>,
}
