//! Callers who administer: people and clients, each with what they may.

use std::{future::Future, marker::PhantomData, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use auth_domain::{
    admin::authorize::{AdminCaller, AdminRefusal},
    audit::initiator::Initiator,
    oauth::{authenticate_client_token::AuthorizedClient, scope::Scope},
    sessions::{authenticate::AuthenticateError, token::InvalidToken},
};

use crate::{
    app::use_cases::UseCases,
    web::{
        caller::{Context, bearer},
        json_body::{FromMembers, RawBody, Rules, parse},
        matched::Matched,
        problem::Problem,
        upload::{Upload, Waiting},
    },
};

/// What a handler demands of whoever administers.
pub trait Need: 'static {
    const SCOPE: Scope;
}

pub struct Read;
pub struct Write;
/// Password hashes leave: people have to be fresh besides.
pub struct Export;

impl Need for Read {
    const SCOPE: Scope = Scope::AdminRead;
}

impl Need for Write {
    const SCOPE: Scope = Scope::AdminWrite;
}

impl Need for Export {
    const SCOPE: Scope = Scope::AdminExport;
}

/// Somebody who may: a handler that has one needs no `if`.
pub struct Admin<N>(pub Initiator, pub PhantomData<N>);

/// Somebody who may, and a body. The caller comes first: strangers do not learn what a body should look like.
pub struct AdminWith<N, B>(pub Initiator, pub B, pub PhantomData<N>);

/// Somebody who may, and a body that is still to come. Nothing of it is read before that is known.
pub struct AdminUpload<N>(pub Initiator, pub Waiting, pub PhantomData<N>);

impl<N: Need> FromRequest for Admin<N> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let token = bearer(request.headers()).map(str::to_owned);
        let (app, context) = (UseCases::of(request).clone(), Context::from_request(request, payload));
        Box::pin(async move {
            let caller = caller(&app, &token?).await?;
            let Context(context) = context.await?;
            Ok(Self(app.admin.authorize.execute(&caller, N::SCOPE, &context)?, PhantomData))
        })
    }
}

impl<N: Need, B: FromMembers + 'static> FromRequest for AdminWith<N, B> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = RawBody::of(request, Matched::of(request).needs.media);
        let rules = Rules { policy: UseCases::of(request).passwords.policy, owner: None };
        let admin = Admin::<N>::from_request(request, payload);
        Box::pin(async move {
            let RawBody(bytes) = body?;
            let Admin(by, need) = admin.await?;
            Ok(Self(by, parse(&bytes, rules)?, need))
        })
    }
}

impl<N: Need> FromRequest for AdminUpload<N> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let upload = Upload::of(request, payload);
        let admin = Admin::<N>::from_request(request, payload);
        Box::pin(async move {
            let waiting = upload?;
            let Admin(by, need) = admin.await?;
            Ok(Self(by, waiting, need))
        })
    }
}

impl From<AdminRefusal> for Problem {
    fn from(refusal: AdminRefusal) -> Self {
        match refusal {
            AdminRefusal::InsufficientScope(scope) => Self::insufficient_scope(scope),
            AdminRefusal::FactorRequired => Self::factor_required(),
            AdminRefusal::NotFresh(not_fresh) => not_fresh.into(),
        }
    }
}

/// The person or the client of a token. A person's is tried first; what is neither is refused for what it looked most like.
async fn caller(app: &UseCases, token: &str) -> Result<AdminCaller, Problem> {
    match app.sessions.authenticate.execute(token).await {
        Ok(person) => Ok(AdminCaller::Person(Box::new(person))),
        Err(AuthenticateError::Token(InvalidToken::Invalid)) => {
            let AuthorizedClient { client, scopes } = app.oauth.clients.authenticate_token.execute(token).await?;
            Ok(AdminCaller::Client(client.id, scopes))
        }
        Err(refused @ (AuthenticateError::Token(InvalidToken::Expired) | AuthenticateError::Port(_))) => Err(refused.into()),
    }
}
