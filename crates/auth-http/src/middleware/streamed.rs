//! Answers whose bodies are made while they are sent: their requests are under way until the last piece.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceResponse,
    web::Bytes,
};

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// What makes it failed.
    BrokenOff,
    /// Nobody asks for the rest.
    Left,
}

pub(crate) fn is_streamed(response: &ServiceResponse<BoxBody>) -> bool {
    response.response().body().size() == BodySize::Stream
}

/// The same response, which says how its body ended, once.
pub(crate) fn until_its_end(response: ServiceResponse<BoxBody>, told: impl FnOnce(End) + 'static) -> ServiceResponse<BoxBody> {
    response.map_body(|_head, body| BoxBody::new(Watched { body, told: Some(Box::new(told)) }))
}

struct Watched {
    body: BoxBody,
    told: Option<Box<dyn FnOnce(End)>>,
}

impl Watched {
    fn tell(&mut self, end: End) {
        if let Some(told) = self.told.take() {
            told(end);
        }
    }
}

impl MessageBody for Watched {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(context);
        match &polled {
            Poll::Ready(None) => self.tell(End::Whole),
            Poll::Ready(Some(Err(_))) => self.tell(End::BrokenOff),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.tell(End::Left);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use actix_web::{HttpResponse, test::TestRequest};
    use futures_util::{FutureExt, stream};

    use super::*;

    /// A response with a body of these pieces, and how that ended.
    fn watched(pieces: Vec<Result<Bytes, &'static str>>) -> (BoxBody, Rc<Cell<Option<End>>>) {
        let response = HttpResponse::Ok()
            .streaming(stream::iter(pieces.into_iter().map(|piece| piece.map_err(actix_web::error::ErrorConflict))));
        let response = TestRequest::default().to_srv_response(response);
        assert!(is_streamed(&response));
        let ended = Rc::new(Cell::new(None));
        let told = ended.clone();
        let response = until_its_end(response, move |end| assert_eq!(told.replace(Some(end)), None));
        assert!(is_streamed(&response));
        (response.into_body(), ended)
    }

    fn next(body: &mut BoxBody) -> Option<Result<Bytes, ()>> {
        let next = std::future::poll_fn(|context| Pin::new(&mut *body).poll_next(context)).now_or_never().unwrap();
        next.map(|piece| piece.map_err(drop))
    }

    #[test]
    fn the_end_is_told_when_it_is_there() {
        let (mut body, ended) = watched(vec![Ok("a".into()), Ok("b".into())]);
        assert_eq!((next(&mut body), next(&mut body), ended.get()), (Some(Ok("a".into())), Some(Ok("b".into())), None));
        assert_eq!((next(&mut body), ended.get()), (None, Some(End::Whole)));
        drop(body);
        assert_eq!(ended.get(), Some(End::Whole));
    }

    #[test]
    fn an_end_before_the_last_piece_is_told_too() {
        let (mut body, ended) = watched(vec![Ok("a".into()), Err("broken")]);
        assert_eq!((next(&mut body), next(&mut body)), (Some(Ok("a".into())), Some(Err(()))));
        assert_eq!(ended.get(), Some(End::BrokenOff));
        let (mut body, ended) = watched(vec![Ok("a".into())]);
        assert_eq!(next(&mut body), Some(Ok("a".into())));
        drop(body);
        assert_eq!(ended.get(), Some(End::Left));
    }

    #[test]
    fn an_answer_that_is_whole_is_not_streamed() {
        for response in [HttpResponse::Ok().body("a"), HttpResponse::NoContent().finish()] {
            assert!(!is_streamed(&TestRequest::default().to_srv_response(response)));
        }
    }
}
