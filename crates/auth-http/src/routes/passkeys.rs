//! Passkeys (WebAuthn Level 3): adding one, and logging in with one.

mod bodies;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use auth_domain::passkeys::assert::PasskeyAnswer;

pub use self::bodies::{
    AddPasskeyBody, AddPasskeySchema, CreationOptionsView, PasskeyAddedView, RelatedOriginsView, RequestOptionsView,
};
use crate::{
    app::use_cases::UseCases,
    routes::sign_in::{TokensView, answer, second_factor::PasskeyAnswerSchema},
    web::{
        caller::{Caller, CallerWith, Context, Enrolling, FreshEnrollingUser},
        etag::publish,
        json_body::JsonBody,
        problem::Problem,
        using::Passkeys,
    },
};

/// Ask for the options of a new passkey.
///
/// `publicKey` is what `PublicKeyCredential.parseCreationOptionsFromJSON` takes. The challenge is good for five minutes, once.
#[utoipa::path(
    post, path = "/auth/passkeys/options", operation_id = "passkey_options", security(("bearer" = [])),
    responses((status = 200, description = "For `navigator.credentials.create`.", body = CreationOptionsView)),
)]
pub async fn options(passkeys: Passkeys, Caller(caller, ..): FreshEnrollingUser) -> Result<Json<CreationOptionsView>, Problem> {
    Ok(Json(passkeys.options.for_registration(&caller).await?.into()))
}

/// Add a passkey.
///
/// The session is fresh and has a second factor from then on; every other session ends. With the first factor of an account come ten
/// recovery codes, which are shown this once.
#[utoipa::path(
    post, path = "/auth/passkeys", operation_id = "add_passkey", security(("bearer" = [])),
    request_body = AddPasskeySchema,
    responses((status = 201, description = "It is added.", body = PasskeyAddedView)),
)]
pub async fn add(
    passkeys: Passkeys,
    Context(context): Context,
    CallerWith(caller, body, ..): Enrolling<AddPasskeyBody>,
) -> Result<HttpResponse, Problem> {
    let AddPasskeyBody { challenge_id, name, response } = body;
    let added = passkeys.register.execute(&caller, &challenge_id, name, &response, &context).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(PasskeyAddedView::from(added)))
}

/// Ask for the options to show a passkey.
///
/// For a login, for the second step of one, or to authenticate again. `publicKey` is what
/// `PublicKeyCredential.parseRequestOptionsFromJSON` takes. The challenge is good for five minutes, once.
#[utoipa::path(
    post, path = "/auth/passkeys/login/options", operation_id = "passkey_login_options",
    responses((status = 200, description = "For `navigator.credentials.get`.", body = RequestOptionsView)),
)]
pub async fn login_options(passkeys: Passkeys) -> Json<RequestOptionsView> {
    Json(passkeys.options.for_authentication().into())
}

/// Log in with a passkey.
///
/// It needs no password and no second factor: the authenticator has verified its user. All refusals look the same.
#[utoipa::path(
    post, path = "/auth/passkeys/login", operation_id = "passkey_login",
    request_body = PasskeyAnswerSchema,
    responses((status = 200, description = "A session has begun.", body = TokensView)),
)]
pub async fn login(
    app: Data<UseCases>,
    Context(context): Context,
    JsonBody(answered): JsonBody<PasskeyAnswer>,
) -> Result<HttpResponse, Problem> {
    let login = app.sign_in.login_passkey.as_ref().ok_or_else(Problem::not_found)?;
    Ok(answer(StatusCode::OK, login.execute(&answered, &context).await?))
}

/// Which pages may use the passkeys of this domain (WebAuthn Level 3 section 5.11).
#[utoipa::path(
    get, path = "/.well-known/webauthn", operation_id = "related_origins",
    responses(
        (status = 200, description = "Pages of other domains among them.", body = RelatedOriginsView),
        (status = 304, description = "`If-None-Match` has it."),
    ),
)]
pub async fn related_origins(passkeys: Passkeys, request: HttpRequest) -> Result<HttpResponse, Problem> {
    publish(&request, &RelatedOriginsView { origins: passkeys.web_origins.clone() }, RELATED_ORIGINS_MAX_AGE)
}

/// In seconds: they change with the configuration.
const RELATED_ORIGINS_MAX_AGE: u32 = 300;
