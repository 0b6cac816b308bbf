//! Query parameters: each parsed once at the edge, every fault of every parameter in one answer.

use std::{fmt::Display, str::FromStr};

use actix_web::HttpRequest;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{
    parameters::{ParameterFault, parameters, value},
    problem::{FieldError, Problem},
};

/// The parameters of a query that are not empty, and what is wrong with them. Those that nobody asks for are ignored, as members of
/// bodies are.
pub(crate) struct Query {
    given: Vec<(String, Zeroizing<String>)>,
    /// The names of those that are empty.
    empty: Vec<String>,
    faults: Vec<FieldError>,
}

impl Query {
    /// # Errors
    /// `malformed_request`: one is there twice, so two readers might believe different ones; or it is not UTF-8.
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let refused = |fault| match fault {
            ParameterFault::NotUtf8 => Problem::malformed("The query is not UTF-8"),
            ParameterFault::Twice => Problem::malformed("A parameter is there twice"),
        };
        let given = parameters(request.query_string().as_bytes()).map_err(refused)?;
        let empty = form_urlencoded::parse(request.query_string().as_bytes()).filter(|(_, value)| value.is_empty());
        Ok(Self { given, empty: empty.map(|(name, _)| name.into_owned()).collect(), faults: Vec::new() })
    }

    /// The text of a parameter.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        value(&self.given, name).map(str::to_owned)
    }

    /// What a parameter says; nothing where it is missing or wrong, which is told at the [end](Self::whole).
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &'static str, code: &'static str) -> Option<T> {
        match self.text(name)?.parse() {
            Ok(value) => Some(value),
            Err(rule) => self.fault(name, code, rule),
        }
    }

    /// One of these words.
    pub(crate) fn one_of<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Some(*value),
            None => {
                let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                self.fault(name, "unknown_value", format!("must be {}", known.join(" or ")))
            }
        }
    }

    /// One of these words, where saying nothing after the name is no way of leaving it out: it may have been meant as the one that is not
    /// the default.
    pub(crate) fn strictly_one_of<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        if self.empty.iter().any(|empty| empty == name) {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            return self.fault(name, "unknown_value", format!("must be {}", known.join(" or ")));
        }
        self.one_of(name, words)
    }

    /// How many are asked for.
    pub(crate) fn limit(&mut self, default: u32, most: u32) -> u32 {
        let Some(text) = self.text("limit") else { return default };
        // Only digits: what else parses as a number, a client does not mean.
        let number = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        match number.and_then(|text| text.parse().into_iter().next()).filter(|number| (1..=most).contains(number)) {
            Some(number) => number,
            None => self.fault("limit", "out_of_range", format!("must be a number from 1 to {most}")).unwrap_or(default),
        }
    }

    /// Tells what is wrong with a parameter.
    pub(crate) fn fault<T>(&mut self, name: &'static str, code: &'static str, rule: impl Display) -> Option<T> {
        self.faults.push(FieldError::new(name, code, rule));
        None
    }

    /// # Errors
    /// `validation_failed` with every fault.
    pub(crate) fn whole(self) -> Result<(), Problem> {
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::validation(self.faults)) }
    }
}

/// The same query with a cursor in it: where the next page is.
pub(crate) fn next_page(request: &HttpRequest, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "after") {
        query.append_pair(&name, &value);
    }
    query.append_pair("after", cursor);
    format!("<{}?{}>; rel=\"next\"", request.path(), query.finish())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn query(text: &str) -> Result<Query, Problem> {
        Query::of(&TestRequest::with_uri(&format!("/x?{text}")).to_http_request())
    }

    #[test]
    fn what_two_could_read_differently_is_refused() {
        for text in ["a=1&a=2", "a=1&%61=1", "a=&a=1", "a=%ff", "%ff=1", "unknown=1&unknown=2"] {
            assert!(query(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_fault_is_told() {
        let mut query = query("status=on&limit=0&id=x&other=1").unwrap();
        assert_eq!(query.one_of("status", &[("enabled", 1), ("disabled", 2)]), None);
        assert_eq!((query.limit(50, 200), query.parsed::<u8>("id", "no_number")), (50, None));
        assert_eq!(
            query.faults.iter().map(|fault| (&*fault.field, fault.code)).collect::<Vec<_>>(),
            [("status", "unknown_value"), ("limit", "out_of_range"), ("id", "no_number")]
        );
        assert!(query.whole().is_err());
    }

    #[test]
    fn a_limit_is_a_number_in_its_range() {
        for (text, limit) in [("", 50), ("limit=", 50), ("limit=1", 1), ("limit=200", 200), ("limit=007", 7)] {
            let mut query = query(text).unwrap();
            assert_eq!(query.limit(50, 200), limit, "{text}");
            assert!(query.whole().is_ok(), "{text}");
        }
        for text in ["0", "201", "-1", "%2B5", "5.0", "1e1", "99999999999999999999", "x", "+5", "%205"] {
            let mut query = query(&format!("limit={text}")).unwrap();
            query.limit(50, 200);
            assert!(query.whole().is_err(), "{text}");
        }
    }

    #[test]
    fn the_next_page_is_of_the_same_query() {
        let request = TestRequest::with_uri("/admin/users?prefix=a%26b&after=old&limit=2").to_http_request();
        assert_eq!(next_page(&request, "new"), "</admin/users?prefix=a%26b&limit=2&after=new>; rel=\"next\"");
    }
}
