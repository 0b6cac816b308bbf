//! Where a connection stands, and what that means for its place.

use std::{cell::Cell, rc::Rc};

use crate::net::connection_limit::Permit;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Every request so far is answered. A head may be on its way.
    Idle,
    /// A request has begun, but its body has not arrived whole.
    Body,
    /// A request is under way.
    Request,
    /// The last answer is made.
    Closing,
}

/// How `middleware::envelope` and `middleware::intake` report the requests on a connection.
#[derive(Clone)]
pub(crate) struct Requests(Rc<Standing>);

struct Standing {
    phase: Cell<Phase>,
    place: Permit,
}

impl Requests {
    pub(crate) fn by(place: Permit) -> Self {
        Self(Rc::new(Standing { phase: Cell::new(Phase::Idle), place }))
    }

    /// A head has arrived whole. While its body is still to come, the connection can be asked to leave: it may never come.
    pub(crate) fn begin(&self, has_body: bool) {
        if !has_body {
            self.receive();
        } else if self.moves_to(Phase::Body) {
            self.0.place.goes_on();
        }
    }

    /// The body has arrived whole: from now on a request is under way.
    pub(crate) fn receive(&self) {
        if self.moves_to(Phase::Request) {
            self.0.place.occupy();
        }
    }

    /// Whether a body is still to come.
    pub(crate) fn awaits_body(&self) -> bool {
        self.phase() == Phase::Body
    }

    /// The answer is made; whether it is the last on its connection.
    pub(crate) fn end(&self, last: bool) {
        if self.moves_to(if last { Phase::Closing } else { Phase::Idle }) {
            self.0.place.release();
        }
    }

    /// Nothing comes after this.
    pub(crate) fn close(&self) {
        self.0.phase.set(Phase::Closing);
    }

    pub(crate) fn phase(&self) -> Phase {
        self.0.phase.get()
    }

    pub(crate) fn place(&self) -> &Permit {
        &self.0.place
    }

    /// What was pipelined behind the last request changes nothing any more.
    fn moves_to(&self, phase: Phase) -> bool {
        let goes_on = self.phase() != Phase::Closing;
        if goes_on {
            self.0.phase.set(phase);
        }
        goes_on
    }
}
