//! Which client sends a form: `client_secret_basic` or `client_secret_post` (RFC 6749 section 2.3.1), or neither.

use std::future::Future;

use actix_web::{
    Error, FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap, HeaderValue},
};
use auth_domain::oauth::{
    authenticate_client::{AuthenticateClientError, Credentials},
    client::{Client, ClientSecret},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::future::LocalBoxFuture;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::{
    app::use_cases::UseCases,
    web::{
        caller::Context,
        oauth_form::{Form, OauthCode, OauthError},
        problem::Problem,
    },
};

/// A form from a client that has proved who it is.
pub(crate) struct ByClient(pub Form);

/// A form from anybody: from a public client (RFC 6749 section 2.1), or from one with a secret. Credentials are optional, but
/// wrong ones are refused: a client with an outdated secret should notice.
pub(crate) struct ByAnyone(pub Form, pub Option<Client>);

impl FromRequest for ByClient {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let read = read(request, payload);
        Box::pin(async move {
            match read.await? {
                (form, Some(_client)) => Ok(Self(form)),
                (_, None) => Err(unknown().into()),
            }
        })
    }
}

impl FromRequest for ByAnyone {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let read = read(request, payload);
        Box::pin(async move { read.await.map(|(form, whoever)| Self(form, whoever)) })
    }
}

/// A form, and the client that sends it, if one presents itself.
fn read(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<(Form, Option<Client>), Error>> + use<> {
    let (form, request) = (Form::from_request(request, payload), request.clone());
    async move {
        let form = form.await?;
        let client = client(&request, &form).await?;
        Ok((form, client))
    }
}

/// The client, if one presents itself.
async fn client(request: &HttpRequest, form: &Form) -> Result<Option<Client>, Error> {
    let Some(credentials) = presented(request.headers(), form)? else { return Ok(None) };
    let Context(context) = Context::extract(request).await?;
    match UseCases::of(request).oauth.clients.authenticate.execute(&credentials, &context).await {
        Ok(client) => Ok(Some(client)),
        Err(AuthenticateClientError::Refused) => Err(refused().into()),
        Err(AuthenticateClientError::Port(error)) => Err(Problem::from(error).into()),
    }
}

/// What a public client is told where one has to prove who it is.
pub(crate) fn unknown() -> OauthError {
    OauthError::new(OauthCode::InvalidClient, "client_id and client_secret are missing")
}

fn refused() -> OauthError {
    OauthError::new(OauthCode::InvalidClient, "the client is unknown, or the secret is not its own")
}

/// The credentials of a client, presented in one of the two ways: never in both (RFC 6749 section 2.3).
fn presented(headers: &HeaderMap, form: &Form) -> Result<Option<Credentials>, OauthError> {
    let invalid = |why| Err(OauthError::new(OauthCode::InvalidRequest, why));
    let mut all = headers.get_all(header::AUTHORIZATION);
    match (all.next(), all.next(), form.get("client_secret")) {
        // Also of two headers, proxies and servers may believe different ones.
        (Some(_), Some(_), _) | (Some(_), None, Some(_)) => invalid("credentials of a client are there twice"),
        (Some(header), None, None) => {
            let credentials = basic(header).ok_or_else(refused)?;
            // Some libraries send it in the form as well.
            if form.get("client_id").is_some_and(|id| id != credentials.id) {
                return invalid("client_id is not the one in Authorization");
            }
            Ok(Some(credentials))
        }
        (None, _, Some(secret)) => {
            let id = form.need("client_id", "client_id is missing")?.to_owned();
            Ok(Some(Credentials { id, secret: ClientSecret::new(secret.to_owned()) }))
        }
        // A way that is not offered here (RFC 7521 section 4.2).
        (None, _, None) if form.get("client_assertion").is_some() => Err(refused()),
        (None, _, None) => Ok(None),
    }
}

/// `Basic` (RFC 7617), with id and secret form-encoded, so that they may contain a colon.
fn basic(header: &HeaderValue) -> Option<Credentials> {
    let Ok(text) = header.to_str() else { return None };
    let (scheme, encoded) = text.split_once(' ')?;
    let Ok(bytes) = STANDARD.decode(encoded.trim_start_matches(' ')) else { return None };
    let bytes = Zeroizing::new(bytes);
    let Ok(pair) = str::from_utf8(&bytes) else { return None };
    let (id, secret) = pair.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then_some(())?;
    Some(Credentials { id: decoded(id)?, secret: ClientSecret::new(decoded(secret)?) })
}

/// One value of a form by itself (RFC 6749 appendix B).
fn decoded(text: &str) -> Option<String> {
    // Encoded, neither of them is left.
    if text.contains(['&', '=']) {
        return None;
    }
    let name = form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned());
    Some(name.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;

    /// Id and secret, or what is wrong with them.
    fn read(authorization: &[&str], form: &str) -> Result<Option<(String, String)>, OauthError> {
        let mut request = TestRequest::default();
        for value in authorization {
            request = request.append_header((header::AUTHORIZATION, *value));
        }
        let found = presented(request.to_http_request().headers(), &Form::parse(form.as_bytes()).unwrap())?;
        Ok(found.map(|credentials| (credentials.id, credentials.secret.expose().to_owned())))
    }

    fn basic_of(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    fn pair(id: &str, secret: &str) -> Result<Option<(String, String)>, OauthError> {
        Ok(Some((id.to_owned(), secret.to_owned())))
    }

    fn invalid_request(outcome: &Result<Option<(String, String)>, OauthError>) -> bool {
        outcome.as_ref().is_err_and(|error| *error != refused())
    }

    #[test]
    fn both_ways_are_read() {
        assert_eq!(read(&[], "token=x&client_id=me"), Ok(None), "a public client may say who it is");
        assert_eq!(read(&[], "client_id=me&client_secret=a%3Ab+c"), pair("me", "a:b c"));
        for scheme in ["Basic ", "BASIC ", "basic   "] {
            assert_eq!(read(&[&basic_of("me:hush").replace("Basic ", scheme)], ""), pair("me", "hush"), "{scheme}");
        }
        assert_eq!(read(&[&basic_of("me:hush")], "client_id=me"), pair("me", "hush"));
        // The example of RFC 6749 section 2.3.1.
        assert_eq!(
            read(&["Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"], ""),
            pair("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw")
        );
    }

    #[test]
    fn what_stands_in_basic_is_encoded_as_in_a_form() {
        assert_eq!(read(&[&basic_of("a%3Ab:c%26d%3D+e%25:f")], ""), pair("a:b", "c&d= e%:f"));
        assert_eq!(read(&[&basic_of(":")], ""), pair("", ""));
    }

    proptest! {
        #[test]
        fn whatever_id_and_secret_are_they_come_through(id in any::<String>(), secret in any::<String>()) {
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            prop_assert_eq!(read(&[&basic_of(&format!("{}:{}", encoded(&id), encoded(&secret)))], ""), pair(&id, &secret));
        }

        #[test]
        fn whatever_a_header_holds_it_is_read_or_refused(bytes in any::<Vec<u8>>()) {
            let header = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(&bytes))).unwrap();
            prop_assert_eq!(basic(&header).is_some(), str::from_utf8(&bytes).is_ok_and(|text| text.contains(':') && !text.contains(['&', '='])));
        }
    }

    #[test]
    fn credentials_that_are_there_twice_are_an_invalid_request() {
        let basic = basic_of("me:hush");
        let twice = [
            read(&[&basic], "client_id=me&client_secret=hush"),
            read(&[&basic, &basic], ""),
            read(&[&basic], "client_id=you"),
            read(&[], "client_secret=hush"),
        ];
        assert!(twice.iter().all(invalid_request), "{twice:?}");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for unusable in ["Bearer me:hush", "Basic", "Basic ", "Basic !", "Basic bWU6aHVzaA", "Basic bWU6aHVzaA= =", ""] {
            assert_eq!(read(&[unusable], ""), Err(refused()), "{unusable}");
        }
        for unusable in ["nobody", "me:hu&sh", "m=e:hush"] {
            assert_eq!(read(&[&basic_of(unusable)], ""), Err(refused()), "{unusable}");
        }
        assert_eq!(read(&[&format!("Basic {}", STANDARD.encode(b"me:\xff"))], ""), Err(refused()));
        assert_eq!(read(&[], "client_id=me&client_assertion=x"), Err(refused()));
    }
}
