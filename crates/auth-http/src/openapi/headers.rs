//! The headers of answers, each described once.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use serde_json::Value;
use utoipa::openapi::{Header, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, Type, extensions::Extensions};

const REQUEST_ID: &str = "X-Request-Id";
const CACHE_CONTROL: &str = "Cache-Control";
const ENTITY_TAG: &str = "ETag";
const CHALLENGE: &str = "WWW-Authenticate";
const RETRY_AFTER: &str = "Retry-After";
const ALLOW: &str = "Allow";
const LIMITS: [&str; 3] = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];

/// The headers, for `components`.
pub(super) fn all() -> BTreeMap<String, RefOr<Header>> {
    let [limit, remaining, reset] = LIMITS;
    [
        text(REQUEST_ID, "The request's id, as the log has it.", "01890a5d-ac96-774b-bcce-b302099a8057"),
        text(
            CACHE_CONTROL,
            "`no-store`, but for the API document and its page, `no-cache`, and for keys and metadata, `public`.",
            "no-store",
        ),
        text(ENTITY_TAG, "For `If-None-Match`.", "\"5d1c0f3a77e0b1c2\""),
        text(CHALLENGE, "RFC 6750, section 3.", "Bearer error=\"invalid_token\""),
        text(ALLOW, "The methods there are.", "GET, HEAD, DELETE"),
        number(RETRY_AFTER, "When to try again, in seconds.", true, 1),
        number(limit, "Requests per window and client, where requests are counted.", false, 10),
        number(remaining, "How many of them are left.", false, 9),
        number(reset, "Seconds until all of them are there again; refused, until the next one passes.", false, 6),
    ]
    .into_iter()
    .map(|(name, header)| (name.to_owned(), header.into()))
    .collect()
}

fn text(name: &'static str, description: &str, example: &str) -> (&'static str, Header) {
    (name, header(ObjectBuilder::new().schema_type(Type::String), description, true, example.into()))
}

fn number(name: &'static str, description: &str, required: bool, example: u32) -> (&'static str, Header) {
    let least = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    (name, header(least, description, required, example.into()))
}

fn header(schema: ObjectBuilder, description: &str, required: bool, example: Value) -> Header {
    // The library has no member for it.
    let required = Extensions::from_iter([("required", required)]);
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(description))
        .example(Some(example))
        .extensions(Some(required))
        .build()
}

/// Names the headers that an answer of this status has, but for those that its operation has described.
pub(super) fn add(response: &mut Response, status: StatusCode, counted: bool, cached: bool) {
    let special = match status {
        StatusCode::UNAUTHORIZED => Some(CHALLENGE),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_AFTER),
        StatusCode::METHOD_NOT_ALLOWED => Some(ALLOW),
        _ => cached.then_some(ENTITY_TAG),
    };
    let limits = LIMITS.into_iter().filter(|_| counted);
    for name in [REQUEST_ID, CACHE_CONTROL].into_iter().chain(special).chain(limits) {
        let described = || RefOr::Ref(Ref::new(format!("#/components/headers/{name}")));
        response.headers.entry(name.to_owned()).or_insert_with(described);
    }
}
