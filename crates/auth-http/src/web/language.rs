//! The language that a request asks for.

use actix_web::{
    HttpRequest,
    http::header::{AcceptLanguage, Header, Preference, Quality},
};
use auth_domain::identity::language::Language;

/// The built-in language that `Accept-Language` likes best; `None` if it names none of them.
#[must_use]
pub(crate) fn asked_for(request: &HttpRequest) -> Option<Language> {
    let Ok(AcceptLanguage(mut ranges)) = AcceptLanguage::parse(request) else { return None };
    // What is worth nothing is not wanted (RFC 9110 section 12.4.2).
    ranges.retain(|range| range.quality > Quality::ZERO);
    AcceptLanguage(ranges).ranked().iter().find_map(|range| match range {
        Preference::Specific(tag) => Language::of_range(tag.as_str()),
        Preference::Any => None,
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{Language, asked_for};

    #[test]
    fn the_best_built_in_language_is_asked_for() {
        let asked = |header: &str| asked_for(&TestRequest::get().insert_header(("accept-language", header)).to_http_request());
        assert_eq!(asked("de-AT,en;q=0.5"), Some(Language::German));
        assert_eq!(asked("en;q=0.5, fr-CH;q=0.9, *;q=0.1"), Some(Language::French));
        assert_eq!(asked("it, pt;q=0.9, es;q=0.1"), Some(Language::Spanish));
        assert_eq!(asked("zh-Hans-CN"), Some(Language::Chinese));
        for none in ["it", "*", "de;q=0", "", "de;q=x", "\u{fc}"] {
            assert_eq!(asked(none), None, "{none}");
        }
        assert_eq!(asked_for(&TestRequest::get().to_http_request()), None);
    }
}
