//! Keys and metadata for verifiers and client libraries (RFC 7517, RFC 8414).

use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth_domain::{oauth::scope::Scope, signing_keys::ring::KeyRing};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    app::use_cases::UseCases,
    settings::is_issuer,
    web::{etag::publish, oauth_form::Grant, problem::Problem},
};

/// A JSON Web Key Set (RFC 7517 section 5).
#[derive(Serialize)]
pub(crate) struct KeySet {
    keys: Vec<Value>,
}

impl KeySet {
    /// The keys that are published at a time.
    #[must_use]
    pub(crate) fn of(ring: &KeyRing, now: DateTime<Utc>) -> Self {
        // A key that is no JSON was never known to begin with.
        Self { keys: ring.published(now).flat_map(|key| serde_json::from_str(&key.public)).collect() }
    }
}

/// Authorization server metadata (RFC 8414 section 2). `openid-configuration` is the same: without ID tokens, it lacks what would
/// describe them.
#[derive(Serialize, ToSchema)]
#[schema(as = Metadata)]
pub(crate) struct MetadataView {
    #[schema(examples("https://auth.example.org"))]
    issuer: String,
    #[schema(examples("https://auth.example.org/.well-known/jwks.json"))]
    jwks_uri: String,
    #[schema(examples("https://auth.example.org/oauth/token"))]
    token_endpoint: String,
    #[schema(examples("https://auth.example.org/oauth/revoke"))]
    revocation_endpoint: String,
    #[schema(examples("https://auth.example.org/oauth/introspect"))]
    introspection_endpoint: String,
    /// Signed lists of sessions that have ended; not registered with IANA.
    #[schema(examples("https://auth.example.org/oauth/revocations"))]
    revocations_uri: String,
    grant_types_supported: [&'static str; 2],
    /// What a client's own token can be good for.
    scopes_supported: [&'static str; 3],
    /// None: there is no authorization endpoint.
    response_types_supported: [&'static str; 0],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
}

impl MetadataView {
    fn of(issuer: &str) -> Self {
        let below = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
        Self {
            issuer: issuer.to_owned(),
            jwks_uri: below("/.well-known/jwks.json"),
            token_endpoint: below("/oauth/token"),
            revocation_endpoint: below("/oauth/revoke"),
            introspection_endpoint: below("/oauth/introspect"),
            revocations_uri: below("/oauth/revocations"),
            grant_types_supported: Grant::NAMES,
            scopes_supported: Scope::ALL.map(Scope::name),
            response_types_supported: [],
            token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
            revocation_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
            introspection_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
        }
    }
}

/// The keys that verify access tokens.
///
/// Public keys only; none where a shared secret signs. A key is published before it signs, for longer than this answer may be
/// cached.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "keys",
    responses(
        (
            status = 200, description = "A JSON Web Key Set.", body = Value,
            example = json!({ "keys": [{
                "kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "kid": "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U",
                "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0", "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
            }] }),
        ),
        (status = 304, description = "`If-None-Match` has it."),
    ),
)]
pub(crate) async fn keys(app: Data<UseCases>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let set = KeySet::of(&app.ports.signing_keys.cache.ring(), app.ports.clock.now());
    publish(&request, &set, app.realm.keys_max_age)
}

/// Authorization server metadata.
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", operation_id = "metadata",
    responses(
        (status = 200, description = "Authorization server metadata (RFC 8414).", body = MetadataView),
        (status = 304, description = "`If-None-Match` has it."),
    ),
)]
pub(crate) async fn metadata(app: Data<UseCases>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let issuer = app.realm.issuer.as_deref().filter(|issuer| is_issuer(issuer)).ok_or_else(Problem::not_found)?;
    publish(&request, &MetadataView::of(issuer), METADATA_MAX_AGE)
}

/// Authorization server metadata, for OpenID Connect client libraries.
///
/// The same as `oauth-authorization-server`. This is no OpenID provider: there are no ID tokens.
#[utoipa::path(
    get, path = "/.well-known/openid-configuration", operation_id = "openid_configuration",
    responses(
        (status = 200, description = "The same metadata.", body = MetadataView),
        (status = 304, description = "`If-None-Match` has it."),
    ),
)]
pub(crate) async fn openid_configuration(app: Data<UseCases>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    metadata(app, request).await
}

/// In seconds: it changes with the configuration.
const METADATA_MAX_AGE: u32 = 300;
