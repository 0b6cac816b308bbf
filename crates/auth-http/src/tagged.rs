//! Answers that may be kept: an entity tag, and nothing but that to whoever has it already (RFC 9110 section 13.1.2).

use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{CacheControl, CacheDirective, ETag, EntityTag, Header, IfNoneMatch},
};

/// The tag of some content: another for other content.
#[must_use]
pub(crate) fn tag_of(content: &(impl Hash + ?Sized)) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The answer: what `body` makes of its beginning, and 304 without it to whoever has it.
///
/// # Errors
/// What `body` returns.
pub(crate) fn answer<E>(
    request: &HttpRequest,
    tag: EntityTag,
    keep: Vec<CacheDirective>,
    body: impl FnOnce(HttpResponseBuilder) -> Result<HttpResponse, E>,
) -> Result<HttpResponse, E> {
    let known = is_known(request, &tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header(ETag(tag)).insert_header(CacheControl(keep));
    if known { Ok(response.finish()) } else { body(response) }
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_unreadable) => false,
    }
}
