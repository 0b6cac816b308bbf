//! What handlers ask of a request: the use cases that only some servers have. Others do not route to a handler that has one.

use std::{future, ops::Deref};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};

use super::problem::Problem;
use crate::app::{
    mail::MailUseCases,
    mfa::{AppUseCases, PasskeyUseCases},
    use_cases::UseCases,
};

/// The use cases of a capability that can be switched off.
pub struct Using<U>(Data<U>);

/// Of mail.
pub type Mailing = Using<MailUseCases>;
/// Of authenticator apps.
pub type Apps = Using<AppUseCases>;
/// Of passkeys.
pub type Passkeys = Using<PasskeyUseCases>;

/// Where a capability is among the use cases.
pub trait Capability: Sized {
    fn of(app: &UseCases) -> Option<&Data<Self>>;
}

impl Capability for MailUseCases {
    fn of(app: &UseCases) -> Option<&Data<Self>> {
        app.mail.as_ref()
    }
}

impl Capability for AppUseCases {
    fn of(app: &UseCases) -> Option<&Data<Self>> {
        app.mfa.apps.as_ref()
    }
}

impl Capability for PasskeyUseCases {
    fn of(app: &UseCases) -> Option<&Data<Self>> {
        app.mfa.passkeys.as_ref()
    }
}

impl<U: Capability + 'static> FromRequest for Using<U> {
    type Error = Problem;
    type Future = future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        future::ready(U::of(UseCases::of(request)).cloned().map(Self).ok_or_else(Problem::not_found))
    }
}

impl<U> Deref for Using<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}
