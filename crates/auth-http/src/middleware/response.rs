//! The outermost layer: request id, a panic guard, one shape for every error, the headers of every answer.

use std::{panic::AssertUnwindSafe, rc::Rc};

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        ConnectionType,
        header::{self, HeaderMap, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use auth_domain::identity::request_context::RequestContext;
use futures_util::FutureExt;
use tracing::Instrument;

use super::{
    Answered,
    access_log::AccessLogEntry,
    client_address::{self, X_REQUEST_ID},
    cors, overload,
    run_to_completion::RunToCompletion,
    streamed::{is_streamed, until_its_end},
};
use crate::{
    app::use_cases::UseCases,
    net::connection_limit::{Permit, Phase},
    settings::HttpSettings,
    web::{
        headers::{NO_STORE, security_headers},
        matched::Matched,
        problem::{PROBLEM_JSON, Problem},
    },
};

/// Wraps a request and its answer.
///
/// # Errors
/// Only after a panic or an error of a middleware, with the whole answer inside.
pub(crate) async fn envelope(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Answered {
    let (matched, context) = (Matched::find(&request), origin_of(&request));
    request.extensions_mut().insert(matched);
    let mut entry = AccessLogEntry::begin(&request, matched, &context);
    request.extensions_mut().insert(context);
    let answered = enclose(request, next, matched, &entry).await;
    overload::pace(&answered, &mut entry).await;
    match answered {
        Ok(response) if is_streamed(&response) => {
            let status = response.status();
            Ok(until_its_end(response, move |end| entry.end_as(end, status)))
        }
        answered => {
            entry.end(&answered);
            answered
        }
    }
}

async fn enclose(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    matched: Matched,
    entry: &AccessLogEntry,
) -> Answered {
    let (request_id, span) = (entry.request_id(), entry.span());
    let permit = request.conn_data::<Rc<Permit>>().cloned();
    let moves_to = |phase| permit.iter().for_each(|permit| permit.moves_to(phase));
    let with_tls = request.app_data::<Data<HttpSettings>>().is_some_and(|settings| settings.tls.is_some());
    let asks_to_close = request.head().connection_type() == ConnectionType::Close;
    let has_body = !matches!(request.parts_mut().1, Payload::None);
    // The request goes inside whole: routing panics while a second handle to it lives.
    moves_to(if has_body { Phase::Body } else { Phase::Request });
    let work = RunToCompletion::of(past_preflights(request, next), span.clone(), permit.clone());
    let outcome = AssertUnwindSafe(work).catch_unwind().instrument(span.clone()).await;
    let mut answer = match outcome {
        Ok(Ok(response)) => Ok(reshape(response, request_id)),
        Ok(Err(error)) => Err(Problem::of_status(error.error_response().status()).response(request_id)),
        // The panic hook has reported it.
        Err(_panic) => Err(Problem::internal().response(request_id)),
    };
    let head = match &mut answer {
        Ok(response) => response.response_mut().head_mut(),
        Err(response) => response.head_mut(),
    };
    decorate(&mut head.headers, request_id, with_tls, matched.needs.cached);
    // A client whose body nobody has read, or not all of it yet, would go on sending it, on a connection that was kept.
    let phase = permit.as_ref().map(|permit| permit.phase());
    if matches!(phase, Some(Phase::Body | Phase::Streaming)) {
        head.set_connection_type(ConnectionType::Close);
    }
    let last = asks_to_close || head.connection_type() == ConnectionType::Close;
    let next = if last { Phase::Closing } else { Phase::Idle };
    match answer {
        // As long as it is answered, the request is under way.
        Ok(response) if is_streamed(&response) => {
            if phase == Some(Phase::Body) {
                moves_to(Phase::Request);
            }
            Ok(until_its_end(response, move |_end| permit.iter().for_each(|permit| permit.moves_to(next))))
        }
        answer => {
            moves_to(next);
            answer.map_err(|response| InternalError::from_response("", response).into())
        }
    }
}

/// The CORS layer refuses foreign preflights, too, but in a shape of its own.
async fn past_preflights(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Answered {
    match cors::check_preflight(request.request()) {
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(problem) => Ok(request.error_response(problem)),
    }
}

fn origin_of(request: &ServiceRequest) -> RequestContext {
    let app = UseCases::of(request.request());
    let trusted = request.app_data::<Data<HttpSettings>>().map_or(&[][..], |settings| &settings.trusted_proxies);
    client_address::context(request, trusted, &*app.ports.ids)
}

/// Gives every error the one shape. What inner layers added to its head stays.
fn reshape(response: ServiceResponse<BoxBody>, request_id: &str) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let problem = match response.response().error().and_then(Error::as_error::<Problem>) {
        Some(problem) => problem.clone(),
        None if (status.is_client_error() || status.is_server_error()) && !is_json(response.headers()) => {
            Problem::of_status(status)
        }
        None => return response,
    };
    let mut response = response.map_body(|_head, _old| BoxBody::new(problem.document(request_id)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    response
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().ends_with(b"json"))
}

fn decorate(headers: &mut HeaderMap, request_id: &str, with_tls: bool, cached: bool) {
    // Only where its route says so does the handler of an answer decide who may keep it.
    if !cached || !headers.contains_key(&NO_STORE.0) {
        headers.insert(NO_STORE.0.clone(), NO_STORE.1.clone());
    }
    for (name, value) in security_headers(with_tls) {
        // The page of the API document has a Content-Security-Policy of its own.
        if !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    // Sane or made by us: it always is a header value.
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_decides_who_keeps_its_answer_only_where_its_route_lets_it() {
        let decorated = |said: Option<&'static str>, cached| {
            let mut headers = HeaderMap::new();
            if let Some(said) = said {
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(said));
            }
            decorate(&mut headers, "x", false, cached);
            headers.get_all(header::CACHE_CONTROL).map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(decorated(Some("public"), true), ["public"]);
        for (said, cached) in [(Some("public"), false), (None, false), (None, true)] {
            assert_eq!(decorated(said, cached), ["no-store"]);
        }
    }
}
