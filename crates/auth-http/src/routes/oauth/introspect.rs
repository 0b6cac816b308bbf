//! What resource servers ask: does this token count now (RFC 7662)?

use actix_web::{Error, HttpResponse, web::Data};
use auth_domain::{
    identity::role::Role,
    oauth::{
        client_token::ClientClaims,
        introspect::{Active, Alive},
    },
    sessions::token::TokenKind,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::use_cases::{TokenIssuer, UseCases},
    web::{
        client_auth::ByClient,
        oauth_form::{NO_CACHE, OauthError},
        problem::Problem,
    },
};

/// A form of RFC 7662 section 2.1.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the API document: the form itself is read by its parameters")]
pub(crate) struct IntrospectionForm {
    /// An access or a refresh token.
    #[schema(examples("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….Xb0k…"))]
    token: String,
    /// Ignored: a token says itself what it is.
    token_type_hint: Option<String>,
    /// With `client_secret`, instead of `Authorization: Basic`.
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// RFC 7662 section 2.2. Of a token that is not active, `active` is the only member. Times in seconds since 1970.
#[derive(Serialize, ToSchema)]
#[schema(as = Introspection)]
pub(crate) struct IntrospectionView<'a> {
    active: bool,
    /// `Bearer` for an access token. Refuse anything else (`refresh_token`).
    #[schema(required = false, pattern = "^(Bearer|refresh_token)$", examples("Bearer"))]
    token_type: &'static str,
    /// The account's id; of a client's own token, the client's.
    #[schema(required = false, format = "uuid", examples("01890a5d-ac96-774b-bcce-b302099a8057"))]
    sub: String,
    /// Only of a client's own token, which has neither `username` nor `sid`: no person stands behind it.
    #[schema(nullable = false, format = "uuid", examples("01890a5d-ac96-774b-bcce-b302099a805a"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// What a client's own token is good for, where that is anything.
    #[schema(nullable = false, examples("admin:read admin:write"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// The account's address, as it is now.
    #[schema(required = false, format = "email", examples("ann@example.org"))]
    username: &'a str,
    /// Whether the address is verified, as it is now.
    #[schema(required = false)]
    email_verified: bool,
    /// What the account is allowed, as it is now, where that is anything.
    #[schema(required = false, examples(json!(["editor"])))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'a str>,
    #[schema(required = false, examples(1_772_367_300))]
    exp: i64,
    #[schema(required = false, examples(1_772_366_400))]
    iat: i64,
    #[schema(required = false, examples(1_772_366_400))]
    nbf: i64,
    #[schema(required = false, format = "uuid", examples("01890a5d-ac96-774b-bcce-b302099a8058"))]
    jti: String,
    /// The session's id.
    #[schema(required = false, format = "uuid", examples("01890a5d-ac96-774b-bcce-b302099a8059"))]
    sid: String,
    /// When the owner of the token's session was last authenticated.
    #[schema(required = false, examples(1_772_366_400))]
    auth_time: i64,
    /// How (RFC 8176).
    #[schema(required = false, examples(json!(["pwd"])))]
    amr: Vec<&'a str>,
    #[schema(required = false, pattern = "^aal[12]$", examples("aal1"))]
    acr: &'static str,
    /// `JWT_ISSUER`, where it is set.
    #[schema(nullable = false, examples("https://auth.example.org"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    /// `JWT_AUDIENCE`, where it is set.
    #[schema(nullable = false, examples("https://api.example.org"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}

/// The same of a client's own token: no person and no session stands behind it. [`IntrospectionView`] describes its members as well.
#[derive(Serialize)]
struct ClientView<'a> {
    active: bool,
    token_type: &'static str,
    sub: String,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    exp: i64,
    iat: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}

impl<'a> ClientView<'a> {
    fn of(claims: &ClientClaims, realm: &'a TokenIssuer) -> Self {
        Self {
            active: true,
            token_type: "Bearer",
            sub: claims.client.to_string(),
            client_id: claims.client.to_string(),
            scope: (!claims.scopes.is_empty()).then(|| claims.scopes.to_string()),
            exp: claims.expires_at.timestamp(),
            iat: claims.issued_at.timestamp(),
            jti: claims.id.to_string(),
            iss: realm.issuer.as_deref(),
            aud: realm.audience.as_deref(),
        }
    }
}

/// The whole answer for a token that is not active.
#[derive(Serialize)]
struct Inactive {
    active: bool,
}

impl<'a> IntrospectionView<'a> {
    fn of(Alive { claims, owner }: &'a Alive, realm: &'a TokenIssuer) -> Self {
        Self {
            active: true,
            token_type: match claims.purpose.kind() {
                TokenKind::Access => "Bearer",
                // No type of RFC 6749 section 5.1, so that nobody takes it for one that opens something.
                TokenKind::Refresh => "refresh_token",
            },
            sub: claims.user.to_string(),
            client_id: None,
            scope: None,
            username: owner.user.email.as_str(),
            email_verified: owner.user.email_verified_at.is_some(),
            roles: owner.user.roles.iter().map(Role::as_str).collect(),
            exp: claims.expires_at.timestamp(),
            iat: claims.issued_at.timestamp(),
            nbf: claims.not_before.timestamp(),
            jti: claims.id.to_string(),
            sid: claims.session.to_string(),
            auth_time: owner.session.authentication.at.timestamp(),
            amr: owner.session.authentication.methods.names().collect(),
            acr: owner.session.authentication.methods.level().name(),
            iss: realm.issuer.as_deref(),
            aud: realm.audience.as_deref(),
        }
    }
}

/// Ask whether a token is active.
///
/// For resource servers, whose credentials are made by `auth-server clients add`. A token whose session has ended, or whose
/// account is disabled or gone, is not active. Asking changes nothing.
#[utoipa::path(
    post, path = "/oauth/introspect", security(("client" = [])),
    request_body(content = IntrospectionForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (
            status = 200, description = "Whether it counts, and for whom: a person, or a client for itself.",
            body = IntrospectionView,
        ),
        (status = 400, description = "`invalid_request`", body = OauthError),
        (status = 401, description = "`invalid_client`: credentials of a client are missing or not right.", body = OauthError),
    ),
)]
pub(crate) async fn introspect(app: Data<UseCases>, ByClient(form): ByClient) -> Result<HttpResponse, Error> {
    let token = form.need("token", "token is missing")?;
    let active = app.oauth.introspect.execute(token).await.map_err(Problem::from)?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header(NO_CACHE);
    Ok(match &active {
        Some(Active::Session(alive)) => answer.json(IntrospectionView::of(alive, &app.realm)),
        Some(Active::Client(claims)) => answer.json(ClientView::of(claims, &app.realm)),
        None => answer.json(Inactive { active: false }),
    })
}
