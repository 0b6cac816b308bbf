//! Finishes a request whether or not its client waits for the answer. Otherwise a password could be changed without an audit
//! event, or a successful login stay counted as a failure. Only a password that still waits to be hashed is given up.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::rt;
use futures_util::future::LocalBoxFuture;
use tracing::{Instrument, Span};

use crate::{app::use_cases::Asker, net::connection::Requests};

/// A request's work. Dropped before its end, it goes on as a task of its own.
pub(crate) struct ToTheEnd<T: 'static> {
    work: Option<LocalBoxFuture<'static, T>>,
    client: Asker,
    span: Span,
    /// Holds the connection's place until the work is done: clients that reconnect cannot have more requests under way than
    /// clients that wait.
    place: Option<Requests>,
}

impl<T> ToTheEnd<T> {
    pub(crate) fn of(work: LocalBoxFuture<'static, T>, span: Span, place: Option<Requests>) -> Self {
        Self { work: Some(work), client: Asker::default(), span, place }
    }
}

impl<T> Future for ToTheEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // Taken out: what panics is not polled again.
        let Some(mut work) = self.work.take() else { return Poll::Pending };
        let polled = self.client.asks(|| work.as_mut().poll(context));
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<T> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        let Some(mut work) = self.work.take() else { return };
        self.client.leave();
        let (client, place) = (self.client.clone(), self.place.take());
        let rest = async move {
            drop(poll_fn(|context| client.asks(|| work.as_mut().poll(context))).await);
            drop(place);
        };
        drop(rt::spawn(rest.instrument(self.span.clone())));
    }
}
