//! A body that is read as it comes, while it is answered: of any size, by a client of any pace that does not stop.

use std::{rc::Rc, time::Duration};

use actix_web::{HttpMessage, HttpRequest, dev::Payload, error::PayloadError, web::Bytes};
use futures_util::{FutureExt, StreamExt};
use tokio::time::timeout;

use super::{matched::Matched, media::check_media_type, problem::Problem};

/// The connection that a body comes by, as its reader sees it.
pub(crate) trait Carrier {
    /// The body is read while it is answered, from now on.
    fn streams(&self);

    /// Nothing more of it is read.
    fn has_it_all(&self);
}

/// What the layers leave for whoever reads a body that they do not read.
#[derive(Clone)]
pub(crate) struct Unread {
    /// How long its client may send nothing.
    pub(crate) patience: Duration,
    pub(crate) carrier: Option<Rc<dyn Carrier>>,
}

/// A body of which nothing has been read.
pub struct Waiting {
    payload: Payload,
    unread: Unread,
}

/// A body that is being read.
pub struct Upload(Waiting);

/// Why there is no more of a body, though it is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupted {
    /// Its client has sent nothing for too long.
    TimedOut,
    /// Its client has left, or what it sends is no HTTP.
    CutOff,
}

impl Upload {
    /// The body of a request.
    ///
    /// # Errors
    /// `unsupported_media_type` when it does not say that it is what its route takes.
    pub(crate) fn of(request: &HttpRequest, payload: &mut Payload) -> Result<Waiting, Problem> {
        // A body that is there has had its type checked; one that is missing has to have one as well.
        check_media_type(request.headers(), Matched::of(request).needs.media)?;
        let unread = request.extensions().get::<Unread>().cloned().ok_or_else(Problem::internal)?;
        Ok(Waiting { payload: payload.take(), unread })
    }

    /// What comes next, as soon as anything has come; `None` at the end.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Interrupted> {
        let Waiting { payload, unread } = &mut self.0;
        let came = timeout(unread.patience, payload.next()).await.map_err(|_elapsed| Interrupted::TimedOut)?;
        came.transpose().map_err(|_cut_off: PayloadError| Interrupted::CutOff)
    }

    /// What has come already; `None` when that is nothing.
    pub(crate) fn ready(&mut self) -> Option<Result<Option<Bytes>, Interrupted>> {
        let came = self.0.payload.next().now_or_never()?;
        Some(came.transpose().map_err(|_cut_off: PayloadError| Interrupted::CutOff))
    }
}

impl Waiting {
    /// Begins to read it: nothing else of the request is wrong.
    pub(crate) fn begun(self) -> Upload {
        self.unread.carrier.iter().for_each(|connection| connection.streams());
        Upload(self)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.0.unread.carrier.iter().for_each(|connection| connection.has_it_all());
    }
}
