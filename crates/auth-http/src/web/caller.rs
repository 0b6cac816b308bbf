//! What handlers ask of a request besides its body: who calls, and from where.

use std::{future, future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web::Bytes,
};
use auth_domain::{
    identity::request_context::RequestContext, passwords::policy::PasswordPolicy, sessions::authenticate::SignedIn,
};

use crate::{
    app::use_cases::UseCases,
    web::{
        json_body::{FromMembers, JsonBody, RawBody, Rules, parse},
        language,
        media::Media,
        problem::Problem,
    },
};

/// A signed-in caller: a handler that has one needs no `if`.
pub struct CurrentUser(pub SignedIn);

impl FromRequest for CurrentUser {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let token = bearer(request.headers()).map(str::to_owned);
        let app = UseCases::of(request).clone();
        Box::pin(async move { Ok(Self(app.sessions.authenticate.execute(&token?).await?)) })
    }
}

/// A signed-in caller who was authenticated a short while ago: a handler that has one demands it (RFC 9470).
pub struct FreshUser(pub SignedIn);

impl FromRequest for FreshUser {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = CurrentUser::from_request(request, payload);
        let app = UseCases::of(request).clone();
        Box::pin(async move {
            let CurrentUser(caller) = caller.await?;
            app.sessions.demand_fresh.check(&caller)?;
            Ok(Self(caller))
        })
    }
}

/// A fresh caller and a body. Nothing of the body is judged for one who is not fresh.
pub struct Fresh<B>(pub SignedIn, pub B);

impl<B: FromMembers + 'static> FromRequest for Fresh<B> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = FreshUser::from_request(request, payload);
        let body = body(request);
        Box::pin(async move {
            let FreshUser(caller) = caller.await?;
            let body = body.and_then(|body| body.of(&caller))?;
            Ok(Self(caller, body))
        })
    }
}

/// A body that is still to be parsed: what the caller may send depends on who it is.
struct Unparsed(Bytes, PasswordPolicy);

fn body(request: &HttpRequest) -> Result<Unparsed, Problem> {
    RawBody::of(request, Media::Json).map(|RawBody(bytes)| Unparsed(bytes, UseCases::of(request).passwords.policy))
}

impl Unparsed {
    fn of<B: FromMembers>(&self, caller: &SignedIn) -> Result<B, Problem> {
        // A password may not contain the caller's address.
        parse(&self.0, Rules { policy: self.1, owner: Some(caller.user.email.clone()) })
    }
}

/// A signed-in caller and a body. The caller comes first: strangers do not learn what a body should look like.
pub struct Authenticated<B>(pub SignedIn, pub B);

impl<B: FromMembers + 'static> FromRequest for Authenticated<B> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body(request);
        let caller = CurrentUser::from_request(request, payload);
        Box::pin(async move {
            let body = body?;
            let CurrentUser(caller) = caller.await?;
            let body = body.of(&caller)?;
            Ok(Self(caller, body))
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
            let signed_in = Authenticated::from_request(request, payload);
            return Box::pin(async move { signed_in.await.map(|Authenticated(caller, body)| Self(Some(caller), body)) });
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
    let text = value.to_str().map_err(|_not_ascii| Problem::token_invalid())?;
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
