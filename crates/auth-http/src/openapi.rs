//! The OpenAPI document, made from the handlers, the types they take and give, and the list of problems.

mod answers;
mod headers;

use std::sync::LazyLock;

use auth_domain::oauth::scope::Scope;
use utoipa::{
    Modify, OpenApi, PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema, Type,
        security::{ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme},
    },
};

use crate::{
    routes::{
        accounts, admin, console, docs, factors, mail, maintenance,
        oauth::{introspect, revocation_list, tokens},
        pages, passkeys, sessions, sign_in, signing_keys,
    },
    web::problem::{Code, FieldError, ProblemView},
};
use answers::Refusals;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "auth-server",
        description = include_str!("openapi/introduction.md"),
        license(name = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "accounts", description = "Make an account, see it, change its password, leave."),
        (name = "tokens", description = "Tokens for a password, and tokens for a refresh token."),
        (name = "factors", description = "Second factors: authenticator apps and recovery codes. `MFA=off` makes these paths 404; so does a missing `KEY_ENCRYPTION_KEY` those of authenticator apps."),
        (name = "passkeys", description = "Passkeys (WebAuthn Level 3). Where the server is reached by a domain; otherwise these paths are 404."),
        (name = "mail", description = "Verify an address, choose another password, change the address, undo. Where `MAIL_URL` is set; otherwise these paths are 404."),
        (name = "pages", description = "Pages for people, in five languages: what links in mails lead to, and how one signs in."),
        (name = "sessions", description = "Where one is logged in, and ending it."),
        (name = "oauth", description = "For OAuth 2.0 client libraries: forms in, RFC 6749 answers out."),
        (name = "keys", description = "For services that verify tokens by themselves."),
        (name = "admin", description = "For back offices: accounts, their sessions and the audit trail. People need the role `admin`, and by default a second factor; clients a token with the scope (`client_credentials`). Where `ADMIN_API` is on; otherwise these paths are 404."),
        (name = "console", description = "A page for those who administer, on these paths alone. Where `ADMIN_API` is on; otherwise it is 404."),
        (name = "health", description = "For probes and load balancers."),
        (name = "docs", description = "This document, and a page to try it. `API_DOCS=false` turns both off."),
    ),
    paths(
        accounts::register,
        accounts::me,
        accounts::change_profile,
        accounts::export::export,
        accounts::delete,
        accounts::change_password,
        sign_in::login,
        sign_in::login_factor,
        sign_in::refresh,
        sign_in::reauthenticate,
        sessions::logout,
        sessions::list,
        sessions::end,
        factors::list,
        factors::enrol_totp,
        factors::confirm_totp,
        factors::rename,
        factors::remove,
        factors::replace_recovery_codes,
        passkeys::options,
        passkeys::add,
        passkeys::login_options,
        passkeys::login,
        passkeys::related_origins,
        mail::request_verification,
        mail::verify,
        mail::forgot,
        mail::reset,
        mail::request_change,
        mail::confirm_change,
        mail::undo,
        pages::page,
        admin::users::list,
        admin::transfer::import::import,
        admin::transfer::export::export,
        admin::users::create,
        admin::users::show,
        admin::users::patch,
        admin::users::delete,
        admin::sessions::list,
        admin::sessions::end_all,
        admin::sessions::end,
        admin::sessions::send_reset,
        admin::sessions::reset_factors,
        admin::audit::list,
        admin::lists::clients,
        admin::lists::keys,
        admin::lists::outbox,
        console::page,
        console::file,
        tokens::token,
        tokens::revoke,
        revocation_list::list,
        signing_keys::keys,
        signing_keys::metadata,
        signing_keys::openid_configuration,
        introspect::introspect,
        maintenance::health,
        maintenance::live,
        maintenance::ready,
        docs::document,
        docs::page,
        docs::file,
    ),
    modifiers(&Shared, &Refusals),
)]
struct Api;

/// The document, as JSON. Made once.
#[must_use]
pub fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| Api::openapi().to_pretty_json().unwrap_or_default() + "\n");
    &DOCUMENT
}

/// The security scheme of access tokens.
const BEARER: &str = "bearer";

/// What operations refer to.
struct Shared;

impl Modify for Shared {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.schemas.insert("Problem".to_owned(), ProblemView::schema());
        components.schemas.insert("FieldError".to_owned(), FieldError::schema());
        components.schemas.insert("Code".to_owned(), Code::schema());
        components.headers = headers::all();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The `access_token` of `register`, `login` or `refresh`."))
            .build();
        components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
        let client = HttpBuilder::new()
            .scheme(HttpAuthScheme::Basic)
            .description(Some(
                "`client_id` and `client_secret` as `auth-server clients add` prints them (RFC 6749, section 2.3.1).",
            ))
            .build();
        components.add_security_scheme("client", SecurityScheme::Http(client));
        components.add_security_scheme("client_token", SecurityScheme::OAuth2(client_credentials()));
    }
}

/// How a client gets a token of its own (RFC 6749 section 4.4).
fn client_credentials() -> OAuth2 {
    let meaning = |scope| match scope {
        Scope::AdminRead => "Find and read accounts, their sessions and the audit trail.",
        Scope::AdminWrite => "Make, change, import and delete accounts, and end their sessions.",
        Scope::AdminExport => "Export accounts with their password hashes.",
    };
    let scopes = Scopes::from_iter(Scope::ALL.map(|scope| (scope.name(), meaning(scope))));
    let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth/token", scopes));
    OAuth2::with_description([flow], "A client's own token, as `auth-server clients add --scope` allows it.")
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        // Two codes may share a name, each with its status.
        let mut names: Vec<_> = Self::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What went wrong, for programs."))
            .enum_values(Some(names))
            .into()
    }
}

impl ToSchema for Code {}
