//! Pages that links in mails lead to: they ask for what is needed and post it. Opening one uses nothing up.

use std::{collections::BTreeMap, convert::Infallible, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{self, CacheControl, CacheDirective, EntityTag, HeaderValue},
    web::{Data, Path},
};
use auth_domain::identity::language::Language;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, context};

use crate::web::{etag, language, problem::Problem};

/// A page loads from this server and posts to it, and nowhere else. No inline script or style.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// What pages say of the application, and in which language to those who ask for none that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSettings {
    pub app_name: String,
    pub language: Language,
}

/// Every page in every language, ready to be sent.
pub struct Pages {
    fallback: Language,
    rendered: BTreeMap<(&'static str, Language), String>,
}

/// Their names, as the last part of their paths.
const NAMES: [&str; 4] = ["verify", "reset", "email", "undo"];

const TEMPLATES: [(&str, &str); 9] = [
    ("layout.html", include_str!("../../pages/layout.html")),
    ("verify.html", include_str!("../../pages/verify.html")),
    ("reset.html", include_str!("../../pages/reset.html")),
    ("email.html", include_str!("../../pages/email.html")),
    ("undo.html", include_str!("../../pages/undo.html")),
    ("proof.html", include_str!("../../pages/proof.html")),
    ("new_password.html", include_str!("../../pages/new_password.html")),
    ("show.html", include_str!("../../pages/show.html")),
    ("again.html", include_str!("../../pages/again.html")),
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

impl Pages {
    /// Renders all of them.
    ///
    /// # Errors
    /// None that a test would not have found.
    pub fn of(settings: &PageSettings) -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        let mut rendered = BTreeMap::new();
        for language in Language::ALL {
            let words: Words = serde_json::from_str(words(language))
                .map_err(|error| Error::new(ErrorKind::SyntaxError, format!("{language}.json: {error}")))?;
            let texts = |room: &str| words.get(room).into_iter().flatten();
            let named = |(key, text): (&String, &String)| (key.clone(), text.replace("{app}", &settings.app_name));
            let of = |room: &str| Value::from(texts(room).map(named).collect::<BTreeMap<_, _>>());
            for name in NAMES {
                let values = context! {
                    app => settings.app_name.as_str(),
                    language => language.tag(),
                    style => STYLE.tag.as_str(),
                    script => SCRIPT.tag.as_str(),
                    common => of("common"),
                    messages => of("messages"),
                    own => of(name),
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
        let mut response = HttpResponse::Ok();
        response
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header(CacheControl(vec![CacheDirective::NoStore]))
            .insert_header((header::CONTENT_LANGUAGE, language.tag()))
            .insert_header((header::VARY, "accept-language"));
        Some(response.content_type("text/html; charset=utf-8").body(html.to_owned()))
    }

    fn find(&self, name: &str, language: Language) -> Option<&str> {
        let name = NAMES.into_iter().find(|known| *known == name)?;
        self.rendered.get(&(name, language)).map(String::as_str)
    }
}

/// A file that the pages share.
struct Asset {
    media: &'static str,
    content: &'static str,
    tag: String,
}

impl Asset {
    fn new(media: &'static str, content: &'static str) -> Self {
        Self { media, content, tag: etag::tag_of(content) }
    }

    /// For an hour: pages name it with its tag, so that after an upgrade they get the other.
    fn serve(&self, request: &HttpRequest) -> HttpResponse {
        let keep = vec![CacheDirective::Public, CacheDirective::MaxAge(3600)];
        let body = |mut response: HttpResponseBuilder| Ok::<_, Infallible>(response.content_type(self.media).body(self.content));
        let Ok(response) = etag::answer(request, EntityTag::new_strong(self.tag.clone()), keep, body);
        response
    }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| Asset::new("text/css; charset=utf-8", include_str!("../../pages/style.css")));

static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("text/javascript; charset=utf-8", include_str!("../../pages/pages.js")));

/// The pages that links in mails lead to, and their files.
#[utoipa::path(
    get, path = "/pages/{file}", operation_id = "page",
    params(("file" = String, Path, description = "`verify`, `reset`, `email`, `undo`, or a file that they name.", example = "reset")),
    responses(
        (
            status = 200, description = "The page, in the best match of `Accept-Language`; or the file.",
            content((String = "text/html"), (String = "text/css"), (String = "text/javascript")),
            headers(("ETag" = String, description = "Of a file, for `If-None-Match`.")),
        ),
        (status = 304, description = "`If-None-Match` has the file."),
    ),
)]
pub(crate) async fn page(pages: Data<Pages>, request: HttpRequest, file: Path<String>) -> Result<HttpResponse, Problem> {
    match file.as_str() {
        "style.css" => Ok(STYLE.serve(&request)),
        "pages.js" => Ok(SCRIPT.serve(&request)),
        name => pages.serve(name, &request).ok_or_else(Problem::not_found),
    }
}

#[cfg(test)]
mod tests;
