//! Finishes a request whether or not its client waits for the answer. Otherwise a password could be changed without an audit
//! event, or a successful login stay counted as a failure. Only a password that still waits to be hashed is given up.
//!
//! A task of its own is made only for work that is left behind: one for each request would cost 2 µs of each (2.5 instead of 0.6 µs
//! for a future that yields once, on a current-thread runtime).

use std::{
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::rt;
use futures_util::future::LocalBoxFuture;
use tracing::{Instrument, Span};

use crate::{
    app::ports::{CancellationToken, on_behalf_of},
    net::connection_limit::Permit,
};

/// A request's work. Dropped before its end, it goes on as a task of its own.
pub(crate) struct RunToCompletion<T: 'static> {
    work: Option<LocalBoxFuture<'static, T>>,
    client: CancellationToken,
    span: Span,
    /// Holds the connection's place until the work is done: clients that reconnect cannot have more requests under way than
    /// clients that wait.
    place: Option<Rc<Permit>>,
}

impl<T> RunToCompletion<T> {
    pub(crate) fn of(work: impl Future<Output = T> + 'static, span: Span, place: Option<Rc<Permit>>) -> Self {
        let client = CancellationToken::new();
        Self { work: Some(Box::pin(on_behalf_of(client.clone(), work))), client, span, place }
    }
}

impl<T> Future for RunToCompletion<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // Taken out: what panics is not polled again.
        let Some(mut work) = self.work.take() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<T> Drop for RunToCompletion<T> {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else { return };
        self.client.cancel();
        let place = self.place.take();
        let rest = async move {
            drop(work.await);
            drop(place);
        };
        drop(rt::spawn(rest.instrument(self.span.clone())));
    }
}
