//! Pages: those that links in mails lead to, which ask for what is needed and post it; opening one uses nothing up. And one for
//! passkeys and other second factors.

use std::{collections::BTreeMap, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, CacheControl, CacheDirective},
    web::{Data, Path},
};
use auth_domain::identity::language::Language;
use minijinja::{Error, ErrorKind, Value, context};

use super::files::{self, Asset};
use crate::web::{language, problem::Problem};

/// What pages say of the application, and in which language to those who ask for none that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSettings {
    pub app_name: String,
    pub language: Language,
    /// Whether mails are sent, so that there are links to follow.
    pub mail: bool,
    /// Whether there are passkeys.
    pub passkeys: bool,
}

/// Every page in every language, ready to be sent.
pub struct Pages {
    fallback: Language,
    rendered: BTreeMap<(&'static str, Language), String>,
}

/// The names of those that links lead to, as the last part of their paths.
const OF_LINKS: [&str; 4] = ["verify", "reset", "email", "undo"];

/// The name of the other.
const PASSKEYS: &str = "passkeys";

const TEMPLATES: [(&str, &str); 10] = [
    ("layout.html", include_str!("../../pages/layout.html")),
    ("verify.html", include_str!("../../pages/verify.html")),
    ("reset.html", include_str!("../../pages/reset.html")),
    ("email.html", include_str!("../../pages/email.html")),
    ("undo.html", include_str!("../../pages/undo.html")),
    ("proof.html", include_str!("../../pages/proof.html")),
    ("new_password.html", include_str!("../../pages/new_password.html")),
    ("show.html", include_str!("../../pages/show.html")),
    ("again.html", include_str!("../../pages/again.html")),
    ("passkeys.html", include_str!("../../pages/passkeys.html")),
];

/// Room -> name -> text; a room is a page, or what all share.
type Words = BTreeMap<String, BTreeMap<String, String>>;

fn words(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../../pages/words/en.json"),
        Language::German => include_str!("../../pages/words/de.json"),
        Language::French => include_str!("../../pages/words/fr.json"),
        Language::Spanish => include_str!("../../pages/words/es.json"),
        Language::Chinese => include_str!("../../pages/words/zh.json"),
    }
}

impl PageSettings {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let of_links = OF_LINKS.into_iter().filter(|_| self.mail);
        of_links.chain([PASSKEYS].into_iter().filter(|_| self.passkeys))
    }
}

/// In the order in which a page needs them.
fn scripts_of(page: &str) -> &'static [&'static str] {
    match page {
        PASSKEYS => &["pages.js", "webauthn.js", "ceremony.js", "session.js", "passkeys.js"],
        _ => &["pages.js", "links.js"],
    }
}

impl Pages {
    /// Renders all that there are.
    ///
    /// # Errors
    /// None that a test would not have found.
    pub fn of(settings: &PageSettings) -> Result<Self, Error> {
        let environment = files::environment(&TEMPLATES)?;
        let mut rendered = BTreeMap::new();
        for language in Language::ALL {
            let words: Words = serde_json::from_str(words(language))
                .map_err(|error| Error::new(ErrorKind::SyntaxError, format!("{language}.json: {error}")))?;
            let texts = |room: &str| words.get(room).into_iter().flatten();
            let named = |(key, text): (&String, &String)| (key.clone(), text.replace("{app}", &settings.app_name));
            let of = |room: &str| Value::from(texts(room).map(named).collect::<BTreeMap<_, _>>());
            for name in settings.names() {
                let values = context! {
                    app => settings.app_name.as_str(),
                    language => language.tag(),
                    style => tag_of("style.css"),
                    scripts => scripts_of(name).iter().map(|script| (*script, tag_of(script))).collect::<Vec<_>>(),
                    common => of("common"),
                    messages => of("messages"),
                    own => of(name),
                    own_messages => of(&format!("{name}_messages")),
                };
                rendered.insert((name, language), environment.get_template(&format!("{name}.html"))?.render(values)?);
            }
        }
        Ok(Self { fallback: settings.language, rendered })
    }

    /// Not to be kept: the page must be the one that fits the server's endpoints.
    fn serve(&self, name: &str, request: &HttpRequest) -> Option<HttpResponse> {
        let language = language::asked_for(request).unwrap_or(self.fallback);
        let html = self.find(name, language)?;
        let mut response = files::html();
        response
            .insert_header(CacheControl(vec![CacheDirective::NoStore]))
            .insert_header((header::CONTENT_LANGUAGE, language.tag()))
            .insert_header((header::VARY, "accept-language"));
        Some(response.body(html.to_owned()))
    }

    fn find(&self, name: &str, language: Language) -> Option<&str> {
        let (_, html) = self.rendered.iter().find(|((known, of), _)| *known == name && *of == language)?;
        Some(html)
    }
}

/// For an hour: pages name their files with their tags, so that after an upgrade they get the others.
fn kept() -> Vec<CacheDirective> {
    vec![CacheDirective::Public, CacheDirective::MaxAge(3600)]
}

static FILES: LazyLock<[(&str, Asset); 7]> = LazyLock::new(|| {
    [
        ("style.css", Asset::style(include_str!("../../pages/style.css"))),
        ("pages.js", Asset::script(include_str!("../../pages/pages.js"))),
        ("links.js", Asset::script(include_str!("../../pages/links.js"))),
        ("webauthn.js", Asset::script(include_str!("../../pages/webauthn.js"))),
        ("ceremony.js", Asset::script(include_str!("../../pages/ceremony.js"))),
        ("session.js", Asset::script(include_str!("../../pages/session.js"))),
        ("passkeys.js", Asset::script(include_str!("../../pages/passkeys.js"))),
    ]
});

fn file(name: &str) -> Option<&'static Asset> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, asset)| asset)
}

fn tag_of(name: &str) -> &'static str {
    file(name).map_or("", |asset| asset.tag.as_str())
}

/// The pages that links in mails lead to, the page for passkeys and other second factors, and their files.
#[utoipa::path(
    get, path = "/pages/{file}", operation_id = "page",
    params(("file" = String, Path, description = "`verify`, `reset`, `email`, `undo` where mails are sent, `passkeys` where there are passkeys, or a file that they name.", example = "reset")),
    responses(
        (
            status = 200, description = "The page, in the best match of `Accept-Language`; or the file.",
            content((String = "text/html"), (String = "text/css"), (String = "text/javascript")),
            headers(("ETag" = String, description = "Of a file, for `If-None-Match`.")),
        ),
        (status = 304, description = "`If-None-Match` has the file."),
    ),
)]
pub(crate) async fn page(pages: Data<Pages>, request: HttpRequest, name: Path<String>) -> Result<HttpResponse, Problem> {
    match file(&name) {
        Some(asset) => Ok(asset.serve(&request, kept())),
        None => pages.serve(&name, &request).ok_or_else(Problem::not_found),
    }
}

#[cfg(test)]
mod tests;
