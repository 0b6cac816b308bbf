//! Answers that may be cached: an entity tag, and 304 for a client that has it already (RFC 9110 section 13.1.2).

use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{CacheControl, CacheDirective, ETag, EntityTag, Header, IfMatch, IfNoneMatch},
    web::Bytes,
};
use serde::Serialize;

use super::problem::Problem;

/// An entity tag: different for different content.
#[must_use]
pub(crate) fn tag_of(content: &(impl Hash + ?Sized)) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What a request demands of the tag of what it changes (RFC 9110 section 13.1.1).
pub(crate) struct Precondition(Option<Vec<EntityTag>>);

impl Precondition {
    /// Without the header, and with `*`, nothing is demanded but that it is there.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        if !request.headers().contains_key(IfMatch::name()) {
            return Self(None);
        }
        match IfMatch::parse(request) {
            Ok(IfMatch::Any) => Self(None),
            Ok(IfMatch::Items(tags)) => Self(Some(tags)),
            Err(_unreadable) => Self(Some(Vec::new())),
        }
    }

    /// Whether it names tags at all.
    pub(crate) fn names_tags(&self) -> bool {
        self.0.is_some()
    }

    /// A weak tag never fits.
    pub(crate) fn is_met_by(&self, tag: &EntityTag) -> bool {
        self.0.as_ref().is_none_or(|tags| tags.iter().any(|known| known.strong_eq(tag)))
    }
}

/// The tagged answer: 304 for a client that has it already, else what `body` makes of the response.
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

/// A document that anybody may keep for so many seconds.
///
/// # Errors
/// It cannot be written.
pub(crate) fn publish(request: &HttpRequest, view: &impl Serialize, seconds: u32) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(view).map_err(|_text_and_lists| Problem::internal())?;
    let tag = EntityTag::new_strong(tag_of(&body));
    answer(request, tag, vec![CacheDirective::Public, CacheDirective::MaxAge(seconds)], |mut response| {
        Ok(response.content_type("application/json").body(Bytes::from(body)))
    })
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_unreadable) => false,
    }
}
