//! Pages and their files, as parts of the program.

use std::convert::Infallible;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{CacheDirective, EntityTag, HeaderValue},
};

use crate::web::etag;

/// A page loads from this server and posts to it, and nowhere else. No inline script or style.
pub(crate) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

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
