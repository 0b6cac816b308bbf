//! What handlers of mail ask of a request: the use cases that only a server with mail has.

use std::{future, ops::Deref};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};

use super::problem::Problem;
use crate::app::{mail::MailUseCases, use_cases::UseCases};

/// The use cases of mail. A server without mail does not route to a handler that has one.
pub struct Mailing(Data<MailUseCases>);

impl FromRequest for Mailing {
    type Error = Problem;
    type Future = future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        future::ready(UseCases::of(request).mail.clone().map(Self).ok_or_else(Problem::not_found))
    }
}

impl Deref for Mailing {
    type Target = MailUseCases;

    fn deref(&self) -> &MailUseCases {
        &self.0
    }
}
