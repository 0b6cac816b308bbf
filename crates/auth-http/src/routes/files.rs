//! Pages and their files, as parts of the program.

use std::convert::Infallible;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{self, CacheDirective, EntityTag, HeaderValue},
};

use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};

use crate::web::etag;

/// A page loads from this server and posts to it, and nowhere else. No inline script or style.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// What every page has in its head.
const HEAD: (&str, &str) = ("head.html", include_str!("../../pages/head.html"));

/// Templates of pages, which fail where a name is misspelt, and escape whatever they are given.
///
/// # Errors
/// None that a test would not have found.
pub(crate) fn environment<'a>(templates: &[(&'a str, &'a str)]) -> Result<Environment<'a>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, source) in [HEAD].iter().chain(templates) {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// A page that is sent.
pub(crate) fn html() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY)).content_type("text/html; charset=utf-8");
    response
}

/// A file that a page needs.
pub(crate) struct Asset {
    media: &'static str,
    pub(crate) content: &'static str,
    pub(crate) tag: String,
}

impl Asset {
    pub(crate) fn script(content: &'static str) -> Self {
        Self::new("text/javascript; charset=utf-8", content)
    }

    pub(crate) fn style(content: &'static str) -> Self {
        Self::new("text/css; charset=utf-8", content)
    }

    pub(crate) fn image(content: &'static str) -> Self {
        Self::new("image/svg+xml", content)
    }

    fn new(media: &'static str, content: &'static str) -> Self {
        Self { media, content, tag: etag::tag_of(content) }
    }

    pub(crate) fn serve(&self, request: &HttpRequest, keep: Vec<CacheDirective>) -> HttpResponse {
        let body = |mut response: HttpResponseBuilder| Ok::<_, Infallible>(response.content_type(self.media).body(self.content));
        let Ok(response) = etag::answer(request, EntityTag::new_strong(self.tag.clone()), keep, body);
        response
    }
}

/// Asks for pages and files as browsers do.
#[cfg(test)]
pub(super) mod asking {
    use actix_web::{
        App,
        dev::Service,
        http::{StatusCode, header::HeaderMap},
        test::{TestRequest, init_service, read_body},
        web::ServiceConfig,
    };

    pub(crate) struct Answer {
        pub(crate) status: StatusCode,
        pub(crate) headers: HeaderMap,
        pub(crate) body: String,
    }

    impl Answer {
        pub(crate) fn header(&self, name: &str) -> &str {
            self.headers.get(name).map_or("", |value| value.to_str().unwrap())
        }
    }

    pub(crate) async fn ask_of(configured: impl FnOnce(&mut ServiceConfig), request: TestRequest) -> Answer {
        let app = init_service(App::new().configure(configured)).await;
        let response = app.call(request.to_request()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, body: String::from_utf8(read_body(response).await.to_vec()).unwrap() }
    }
}
