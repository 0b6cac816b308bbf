//! The last checks before a route: origin, media type, size; then the body, whole and in time, unless the route reads it by itself.

use std::rc::Rc;

use actix_web::{
    HttpMessage,
    dev::{Payload, ServiceRequest},
    http::{
        Method,
        header::{self, HeaderMap},
    },
    web::{Bytes, BytesMut, Data},
};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::{Answered, cors};
use crate::{
    net::connection_limit::{Permit, Phase},
    settings::HttpSettings,
    web::{
        endpoint::Intake,
        json_body::RawBody,
        matched::Matched,
        media::check_media_type,
        problem::Problem,
        upload::{Carrier, Unread},
    },
};

/// What became of a request that was [taken in](take_in) before its turn.
struct TakenIn(Result<(), Problem>);

/// Checks a request and reads its body.
///
/// # Errors
/// What `next` returns.
pub(crate) async fn intake(mut request: ServiceRequest, next: impl AsyncFnOnce(ServiceRequest) -> Answered) -> Answered {
    let earlier = request.extensions_mut().remove::<TakenIn>();
    let outcome = match earlier {
        Some(TakenIn(outcome)) => outcome,
        None => take_in(&mut request).await,
    };
    match outcome {
        Ok(()) => next(request).await,
        Err(problem) => Ok(request.error_response(problem)),
    }
}

/// The body of a request, for an outer layer that goes by it; `None` where there is none, or none that is taken: [`intake`] says so
/// when it is its turn.
pub(super) async fn body_ahead(request: &mut ServiceRequest) -> Option<RawBody> {
    let outcome = take_in(request).await;
    request.extensions_mut().insert(TakenIn(outcome));
    request.extensions().get::<RawBody>().cloned()
}

async fn take_in(request: &mut ServiceRequest) -> Result<(), Problem> {
    let settings = request.app_data::<Data<HttpSettings>>().cloned();
    let Some(settings) = settings.filter(|_| !Matched::of(request.request()).needs.probe) else { return Ok(()) };
    let mut payload = request.take_payload();
    match admit(request, &mut payload, &settings).await? {
        Admitted::Whole(body) => drop(request.extensions_mut().insert(RawBody(body))),
        Admitted::Unread => {
            let carrier = request.conn_data::<Rc<Permit>>().cloned().map(|permit| -> Rc<dyn Carrier> { permit });
            request.extensions_mut().insert(Unread { patience: settings.request_timeout, carrier });
            request.set_payload(payload);
        }
        Admitted::Nothing => {}
    }
    Ok(())
}

/// What became of a body.
enum Admitted {
    /// None is there, or none is taken, so that nobody waits for it.
    Nothing,
    Whole(Bytes),
    /// Left to its handler.
    Unread,
}

async fn admit(request: &ServiceRequest, payload: &mut Payload, settings: &HttpSettings) -> Result<Admitted, Problem> {
    cors::check_origin(request.request(), settings)?;
    let needs = Matched::of(request.request()).needs;
    let is_streamed = needs.body == Intake::Streamed;
    if matches!(payload, Payload::None) {
        return Ok(if is_streamed { Admitted::Unread } else { Admitted::Nothing });
    }
    let takes_one = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(request.method());
    if takes_one {
        check_media_type(request.headers(), needs.media)?;
    }
    if takes_one && is_streamed {
        return Ok(Admitted::Unread);
    }
    if declares_more_than(settings.max_body, request.headers()) {
        return Err(Problem::too_large());
    }
    // Documents from memory take none, whatever the method.
    if !takes_one || needs.budget.is_none() {
        return Ok(Admitted::Nothing);
    }
    let body = timeout(settings.request_timeout, collect(payload, settings.max_body)).await;
    let body = body.unwrap_or_else(|_elapsed| Err(Problem::request_timeout()))?;
    request.conn_data::<Rc<Permit>>().iter().for_each(|permit| permit.moves_to(Phase::Request));
    Ok(Admitted::Whole(body))
}

/// Whether the head declares a longer body. actix refuses what is no length.
fn declares_more_than(max: usize, headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).filter(|_| !headers.contains_key(header::TRANSFER_ENCODING));
    length.is_some_and(|value| value.to_str().is_ok_and(|text| text.parse().is_ok_and(|length: usize| length > max)))
}

async fn collect(payload: &mut Payload, max: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_cut_off| Problem::malformed("The body is not what its head announces"))?;
        if body.len() + chunk.len() > max {
            return Err(Problem::too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
