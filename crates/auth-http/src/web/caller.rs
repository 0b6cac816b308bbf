//! What handlers ask of a request besides its body: who calls, and from where.

use std::{future, future::Future, marker::PhantomData, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
};
use auth_domain::{
    identity::request_context::RequestContext,
    sessions::{authenticate::SignedIn, authentication::is_for_enrolment},
};

use crate::{
    app::use_cases::UseCases,
    web::{
        json_body::{FromMembers, JsonBody, RawBody, Rules, parse},
        language,
        problem::Problem,
    },
};

/// What a handler demands of its caller's session, beside that it is alive.
pub trait Demand: 'static {
    /// Whether nothing else of the request is judged for a caller who does not meet it.
    const COMES_FIRST: bool;

    /// # Errors
    /// What is missing.
    fn check(app: &UseCases, caller: &SignedIn) -> Result<(), Problem>;
}

/// A login: with a second factor, where the server requires one.
pub struct Login;

/// The same, or a session that may only enrol a second factor.
pub struct Enrolment;

/// Authenticated a short while ago, with a second factor where the account has one (RFC 9470).
pub struct Recent<D>(PhantomData<D>);

/// The same, demanded only of those whose account has a second factor.
pub struct RecentWithFactor<D>(PhantomData<D>);

impl Demand for Login {
    const COMES_FIRST: bool = false;

    fn check(app: &UseCases, caller: &SignedIn) -> Result<(), Problem> {
        let may_only_enrol = is_for_enrolment(&caller.session, app.sessions.demand_fresh.mfa);
        if may_only_enrol { Err(Problem::factor_required()) } else { Ok(()) }
    }
}

impl Demand for Enrolment {
    const COMES_FIRST: bool = false;

    fn check(_app: &UseCases, _caller: &SignedIn) -> Result<(), Problem> {
        Ok(())
    }
}

impl<D: Demand> Demand for Recent<D> {
    const COMES_FIRST: bool = true;

    fn check(app: &UseCases, caller: &SignedIn) -> Result<(), Problem> {
        D::check(app, caller)?;
        Ok(app.sessions.demand_fresh.check(caller)?)
    }
}

impl<D: Demand> Demand for RecentWithFactor<D> {
    /// Before the body, but most callers have no such factor: its media type is told first, as everywhere.
    const COMES_FIRST: bool = false;

    fn check(app: &UseCases, caller: &SignedIn) -> Result<(), Problem> {
        D::check(app, caller)?;
        Ok(app.sessions.demand_fresh.check_where_factor(caller)?)
    }
}

/// A signed-in caller: a handler that has one needs no `if`.
pub struct Caller<D>(pub SignedIn, pub PhantomData<D>);

/// A signed-in caller and a body. The caller comes first: strangers do not learn what a body should look like.
pub struct CallerWith<D, B>(pub SignedIn, pub B, pub PhantomData<D>);

pub type CurrentUser = Caller<Login>;
pub type EnrollingUser = Caller<Enrolment>;
pub type FreshUser = Caller<Recent<Login>>;
pub type FreshEnrollingUser = Caller<Recent<Enrolment>>;
pub type Authenticated<B> = CallerWith<Login, B>;
pub type Enrolling<B> = CallerWith<Enrolment, B>;
pub type Fresh<B> = CallerWith<Recent<Login>, B>;
pub type FreshEnrolling<B> = CallerWith<Recent<Enrolment>, B>;
pub type FreshIfFactor<B> = CallerWith<RecentWithFactor<Login>, B>;

impl<D: Demand> FromRequest for Caller<D> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let token = bearer(request.headers()).map(str::to_owned);
        let app = UseCases::of(request).clone();
        Box::pin(async move {
            let caller = app.sessions.authenticate.execute(&token?).await?;
            D::check(&app, &caller)?;
            Ok(Self(caller, PhantomData))
        })
    }
}

impl<D: Demand, B: FromMembers + 'static> FromRequest for CallerWith<D, B> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = RawBody::of(request, B::MEDIA);
        let policy = UseCases::of(request).passwords.policy;
        let caller = Caller::<D>::from_request(request, payload);
        Box::pin(async move {
            let (caller, RawBody(bytes)) = if D::COMES_FIRST {
                let Caller(caller, _) = caller.await?;
                (caller, body?)
            } else {
                let body = body?;
                let Caller(caller, _) = caller.await?;
                (caller, body)
            };
            // A password may not contain the caller's address.
            let body = parse(&bytes, Rules { policy, owner: Some(caller.user.email.clone()) })?;
            Ok(Self(caller, body, PhantomData))
        })
    }
}

/// A caller who may be signed in, and a body. Who presents a token has to present a good one.
pub struct AnyCaller<B>(pub Option<SignedIn>, pub B);

impl<B: FromMembers + 'static> FromRequest for AnyCaller<B> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if request.headers().contains_key(header::AUTHORIZATION) {
            let signed_in = Authenticated::<B>::from_request(request, payload);
            return Box::pin(async move { signed_in.await.map(|CallerWith(caller, body, _)| Self(Some(caller), body)) });
        }
        let body = JsonBody::from_request(request, payload);
        Box::pin(async move { body.await.map(|JsonBody(body)| Self(None, body)) })
    }
}

/// The token of `Authorization: Bearer …`: behind one space or more (RFC 6750 section 2.1), the scheme in any case (RFC 9110
/// section 11.1).
///
/// # Errors
/// `token_missing` where no bearer token is presented, `token_invalid` where it cannot be one.
pub fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut all = headers.get_all(header::AUTHORIZATION);
    let value = all.next().ok_or_else(Problem::token_missing)?;
    // `to_str` looks at each byte by itself, and a header value has no control characters anyway.
    let text = str::from_utf8(value.as_bytes()).map_err(|_no_text| Problem::token_invalid())?;
    if !text.is_ascii() {
        return Err(Problem::token_invalid());
    }
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    let token = token.trim_start_matches(' ');
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::token_missing());
    }
    // Of two headers, proxies and servers may believe different ones.
    if all.next().is_some() || token.is_empty() {
        return Err(Problem::token_invalid());
    }
    Ok(token)
}

/// Where the request came from, as `middleware::response::envelope` found out.
pub struct Context(pub RequestContext);

impl FromRequest for Context {
    type Error = Problem;
    type Future = future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let context = request.extensions().get::<RequestContext>().cloned();
        let with_language = |context| Self(RequestContext { language: language::asked_for(request), ..context });
        future::ready(context.map(with_language).ok_or_else(Problem::internal))
    }
}

#[cfg(test)]
mod tests;
