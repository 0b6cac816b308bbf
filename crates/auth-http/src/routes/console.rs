//! The console: a page for those who administer. It can do what the API can do, with the rights of whoever logs in.

use std::sync::LazyLock;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::CacheDirective,
    web::{Data, Path},
};
use auth_domain::audit::kind::EventKind;
use minijinja::{Error, context};

use super::files::{self, Asset};
use crate::web::problem::Problem;

/// What the page has to know of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConsoleSettings {
    pub(crate) app_name: String,
    /// Whether mails are sent.
    pub(crate) mail: bool,
    /// Whether there are passkeys.
    pub(crate) passkeys: bool,
}

/// The page, ready to be sent.
pub(crate) struct Console {
    html: String,
}

const PAGE: &str = include_str!("../../console/index.html");

/// Where the page begins. It imports the other modules, directly or not.
const FIRST: &str = "main.js";

/// Of the pages as well: it is no module.
const WEBAUTHN: &str = "webauthn.js";

macro_rules! modules {
    ($($name:literal),+ $(,)?) => { [$(($name, Asset::script(include_str!(concat!("../../console/", $name))))),+] };
}

static MODULES: LazyLock<[(&str, Asset); 19]> = LazyLock::new(|| {
    modules![
        "main.js",
        "api.js",
        "audit.js",
        "dialog.js",
        "documents.js",
        "dom.js",
        "forms.js",
        "lists.js",
        "login.js",
        "me.js",
        "passkey.js",
        "person.js",
        "person-actions.js",
        "problems.js",
        "roles.js",
        "router.js",
        "session.js",
        "step-up.js",
        "users.js",
    ]
});

static OTHERS: LazyLock<[(&str, Asset); 3]> = LazyLock::new(|| {
    [
        ("style.css", Asset::style(include_str!("../../console/style.css"))),
        ("icon.svg", Asset::image(include_str!("../../console/icon.svg"))),
        (WEBAUTHN, Asset::script(include_str!("../../pages/webauthn.js"))),
    ]
});

impl Console {
    /// Renders it.
    ///
    /// # Errors
    /// None that a test would not have found.
    pub(crate) fn of(settings: &ConsoleSettings) -> Result<Self, Error> {
        let environment = files::environment(&[("index.html", PAGE)])?;
        let values = context! {
            app => settings.app_name.as_str(),
            mail => settings.mail.to_string(),
            passkeys => settings.passkeys.to_string(),
            events => EventKind::ALL.map(EventKind::name).to_vec(),
            first => FIRST,
            modules => MODULES.iter().map(|(name, _)| *name).filter(|name| *name != FIRST).collect::<Vec<_>>(),
        };
        Ok(Self { html: environment.get_template("index.html")?.render(values)? })
    }
}

/// The console.
///
/// Plain HTML, which asks for a login and then calls the paths under `/admin` and `/auth`.
#[utoipa::path(
    get, path = "/console", operation_id = "console",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html")),
)]
pub(crate) async fn page(console: Data<Console>) -> HttpResponse {
    files::html().body(console.html.clone())
}

/// A file of the console.
#[utoipa::path(
    get, path = "/console/{file}", operation_id = "console_file",
    params(("file" = String, Path, description = "As the page and its modules name it.", example = "style.css")),
    responses(
        (
            status = 200, description = "The file.",
            content((String = "text/css"), (String = "text/javascript"), (String = "image/svg+xml")),
            headers(("ETag" = String, description = "For `If-None-Match`.")),
        ),
        (status = 304, description = "`If-None-Match` has it."),
    ),
)]
pub(crate) async fn file(request: HttpRequest, name: Path<String>) -> Result<HttpResponse, Problem> {
    let found = all().find(|(known, _)| *known == name.as_str());
    // Modules import each other by name alone, so browsers ask each time: after an upgrade they get all of the other release.
    found.map(|(_, asset)| asset.serve(&request, vec![CacheDirective::NoCache])).ok_or_else(Problem::not_found)
}

fn all() -> impl Iterator<Item = &'static (&'static str, Asset)> {
    MODULES.iter().chain(OTHERS.iter())
}

#[cfg(test)]
mod tests;
