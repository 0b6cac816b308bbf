//! The errors of each operation: those that its handler lists, and those of the layers around it.

use std::collections::BTreeMap;

use actix_web::http::{Method, StatusCode};
use serde_json::Value;
use utoipa::{
    Modify,
    openapi::{
        AllOfBuilder, Components, ContentBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder, Type,
        example::ExampleBuilder, path::Operation, security::SecurityRequirement,
    },
};

use super::{BEARER, headers};
use crate::{
    routes::endpoints,
    web::{
        endpoint::{self, Needs},
        media::Media,
        problem::{Code, PROBLEM_JSON, Problem},
    },
};

/// Adds to every operation what its route says of it: its tag, its error responses, and the headers of every response.
pub(super) struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for endpoint in endpoints() {
            let Some(item) = document.paths.paths.get_mut(endpoint.path) else { continue };
            for said in &endpoint.operations {
                if let Some(operation) = operation(item, &said.method) {
                    operation.tags = Some(vec![endpoint.tag.to_owned()]);
                    complete(endpoint.needs, said, operation, components);
                }
            }
        }
        // What no operation can answer, since it is none.
        for code in [Code::NotFound, Code::MethodNotAllowed] {
            refer(components, &[code]);
        }
    }
}

fn operation<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::PATCH => item.patch.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}

fn complete(needs: Needs, said: &endpoint::Operation, operation: &mut Operation, components: &mut Components) {
    let mut codes = said.problems.to_vec();
    codes.extend(of_the_layers(needs, &said.method, operation));
    codes.sort_unstable();
    codes.dedup();
    let answers = &mut operation.responses.responses;
    for (status, answer) in answers.iter_mut() {
        if let (Ok(status), RefOr::T(response)) = (status.parse(), answer) {
            headers::add(response, status, needs.budget.is_some(), needs.cached);
        }
    }
    // In the order of the list, which is that of the statuses.
    for codes in codes.chunk_by(|a, b| a.status() == b.status()) {
        let status = codes.first().map_or_else(String::new, |code| code.status().as_str().to_owned());
        // What an OAuth route says of a status by itself stays, and the problem with it.
        if let Some(RefOr::T(own)) = answers.get_mut(&status) {
            let Response { description, content, .. } = refusal(codes);
            own.description = format!("{}; {description}", own.description);
            own.content.extend(content);
            continue;
        }
        answers.insert(status, refer(components, codes));
    }
}

/// What `wire`, the layers of `middleware` and the extractors refuse.
fn of_the_layers(needs: Needs, method: &Method, operation: &Operation) -> impl Iterator<Item = Code> + use<> {
    let is = |applies: bool, codes: &'static [Code]| if applies { codes } else { &[] };
    let with_body = [Method::POST, Method::PATCH, Method::DELETE].contains(method);
    [
        is(true, &[Code::MalformedRequest, Code::RequestTimeout, Code::HeadersTooLarge, Code::InternalError]),
        is(!needs.probe, &[Code::OriginNotAllowed, Code::PayloadTooLarge]),
        is(needs.budget.is_some(), &[Code::RateLimited]),
        is(with_body, &[Code::UnsupportedMediaType]),
        is(operation.request_body.is_some() && needs.media != Media::Form, &[Code::ValidationFailed]),
        is(needs_a_token(operation), &[Code::TokenMissing, Code::TokenInvalid, Code::TokenExpired, Code::Unavailable]),
    ]
    .into_iter()
    .flatten()
    .copied()
}

fn needs_a_token(operation: &Operation) -> bool {
    let bearer = SecurityRequirement::new(BEARER, [""; 0]);
    operation.security.as_ref().is_some_and(|ways| ways.contains(&bearer))
}

/// The answer of one status, with one of these codes. Many operations share it.
fn refer(components: &mut Components, codes: &[Code]) -> RefOr<Response> {
    let name = codes.iter().map(|code| code.name()).collect::<Vec<_>>().join("-or-");
    components.responses.entry(name.clone()).or_insert_with(|| refusal(codes).into());
    RefOr::Ref(Ref::from_response_name(name))
}

fn refusal(codes: &[Code]) -> Response {
    let names = codes.iter().map(|code| code.name());
    let described = codes.iter().map(|code| format!("`{}`: {}", code.name(), code.detail())).collect::<Vec<_>>();
    let code = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    let one_of = ObjectBuilder::new().property("code", code);
    let schema = AllOfBuilder::new().item(Ref::from_schema_name("Problem")).item(one_of);
    let examples: BTreeMap<_, _> =
        codes.iter().map(|code| (code.name(), ExampleBuilder::new().value(Some(example(*code))))).collect();
    let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples);
    let mut response = ResponseBuilder::new().description(described.join("; ")).content(PROBLEM_JSON, content.build()).build();
    let status = codes.first().map_or(StatusCode::INTERNAL_SERVER_ERROR, |code| code.status());
    headers::add(&mut response, status, true, false);
    response
}

/// The problem as the server sends it.
fn example(code: Code) -> Value {
    let problem = if code == Code::ValidationFailed {
        Problem::parameter("password", "too_short", "must have at least 12 characters")
    } else {
        Problem::new(code)
    };
    serde_json::from_str(&problem.document("01890a5d-ac96-774b-bcce-b302099a8057")).unwrap_or_default()
}
