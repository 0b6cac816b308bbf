//! The media type that a body has to be of.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use data_url::mime::Mime;

use crate::web::problem::Problem;

/// The media type of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    Json,
    /// JSON, or as such a merge patch (RFC 7396).
    MergePatch,
    /// An OAuth form (RFC 6749 appendix B), on OAuth's routes alone: a plain HTML form can send it. That does no harm there:
    /// browsers add no credentials by themselves, and these routes act only on what the form contains.
    Form,
    /// JSON, one value a line.
    Lines,
}

impl Media {
    /// Its subtypes of `application`.
    fn subtypes(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["json"],
            Self::MergePatch => &["merge-patch+json", "json"],
            Self::Form => &["x-www-form-urlencoded"],
            Self::Lines => &["x-ndjson"],
        }
    }

    fn refusal(self) -> Problem {
        match self {
            Self::Json => Problem::unsupported_media_type(),
            Self::MergePatch => Problem::not_a_patch(),
            Self::Form => Problem::not_a_form(),
            Self::Lines => Problem::not_lines(),
        }
    }
}

/// Accepts one media type only, in UTF-8 and without a Content-Encoding. Where that is JSON, anything that a plain HTML form
/// could send is refused (OWASP ASVS 5.0: 3.5.2).
///
/// # Errors
/// `unsupported_media_type`.
pub(crate) fn check_media_type(headers: &HeaderMap, media: Media) -> Result<(), Problem> {
    let mut types = headers.get_all(header::CONTENT_TYPE);
    let only = types.next().filter(|_| types.next().is_none());
    let fits = only.is_some_and(|value| is_written_in(media, value));
    if fits && !headers.contains_key(header::CONTENT_ENCODING) { Ok(()) } else { Err(media.refusal()) }
}

/// With any parameters, since none of them changes what JSON or a form is. By the rules of browsers, so that none of them sees
/// another media type than we do.
fn is_written_in(wanted: Media, value: &HeaderValue) -> bool {
    let text: String = value.as_bytes().iter().copied().map(char::from).collect();
    let fits = |media: &Mime| wanted.subtypes().iter().any(|subtype| media.matches("application", subtype));
    text.parse::<Mime>().is_ok_and(|media| fits(&media) && media.get_parameter("charset").is_none_or(is_utf_8))
}

/// Whether text of this charset is UTF-8: US-ASCII always is.
fn is_utf_8(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|name| charset.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn accepts(headers: &[(&str, &str)]) -> bool {
        takes(Media::Json, headers)
    }

    fn takes(media: Media, headers: &[(&str, &str)]) -> bool {
        let mut request = TestRequest::default();
        for header in headers {
            request = request.append_header(*header);
        }
        check_media_type(request.to_http_request().headers(), media).is_ok()
    }

    /// Parameters as RFC 9110 section 5.6.6 has them, and other names of UTF-8 and of its part US-ASCII.
    const PARAMETERS: [&str; 16] = [
        "",
        "; charset=utf-8",
        ";charset=\"UTF-8\"",
        " ;charset=utf-8",
        "\t;\tCharset=UTF8\t",
        " ; ; charset=us-ascii ;",
        ";charset=US-ASCII",
        "; charset=ascii",
        "; charset=\"utf\\-8\"",
        "; odd=1",
        "; profile=\"https://x.org; charset=utf-16\"",
        "; odd=\"a\\\"; charset=utf-16\"",
        ";odd=~|`; charset=utf8",
        "; odd=\"\u{fc}\"",
        "; q=0.5 ; Charset=\"Utf8\"; v=2",
        ";",
    ];

    #[test]
    fn json_in_utf_8_is_taken() {
        assert!(accepts(&[("content-type", "Application/JSON")]));
        for parameters in PARAMETERS {
            assert!(accepts(&[("content-type", &format!("application/json{parameters}"))]), "{parameters}");
        }
    }

    #[test]
    fn oauth_takes_forms_alone() {
        let form = "application/x-www-form-urlencoded";
        for (value, fits) in
            [(form, true), ("Application/X-WWW-Form-URLencoded; charset=UTF-8", true), ("application/json", false)]
        {
            assert_eq!(takes(Media::Form, &[("content-type", value)]), fits, "{value}");
        }
        for parameters in PARAMETERS {
            assert!(takes(Media::Form, &[("content-type", &format!("{form}{parameters}"))]), "{parameters}");
        }
        assert!(!takes(Media::Form, &[("content-type", form), ("content-encoding", "gzip")]));
    }

    #[test]
    fn a_merge_patch_may_say_that_it_is_one() {
        for (value, fits) in
            [("application/merge-patch+json", true), ("application/json", true), ("application/json-patch+json", false)]
        {
            assert_eq!(takes(Media::MergePatch, &[("content-type", value)]), fits, "{value}");
        }
        for parameters in PARAMETERS {
            assert!(takes(Media::MergePatch, &[("content-type", &format!("application/merge-patch+json{parameters}"))]));
        }
        assert!(!accepts(&[("content-type", "application/merge-patch+json")]));
    }

    #[test]
    fn lines_say_that_they_are_lines() {
        for (value, fits) in [
            ("application/x-ndjson", true),
            ("Application/X-NDJSON; charset=UTF-8", true),
            ("application/ndjson", false),
            ("application/json", false),
            ("text/plain", false),
        ] {
            assert_eq!(takes(Media::Lines, &[("content-type", value)]), fits, "{value}");
        }
        assert!(!takes(Media::Lines, &[("content-type", "application/x-ndjson"), ("content-encoding", "gzip")]));
    }

    #[test]
    fn anything_else_is_refused() {
        for value in ["text/plain", "application/x-www-form-urlencoded", "application/json-patch+json", "application/vnd.x+json"]
        {
            assert!(!accepts(&[("content-type", value)]), "{value}");
        }
        for value in
            ["text/json", "application/jsonx", "application/json, application/json", "application /json", "", "json", ";"]
        {
            assert!(!accepts(&[("content-type", value)]), "{value}");
        }
        for charset in ["utf-16", "utf-8x", "\"utf-8 x\"", "iso-8859-1", "windows-1252", "\"\"", "\"utf-16\u{fc}\"", "utf-7"] {
            for before in ["", "odd=1;", "odd=\"; charset=utf-8\";"] {
                assert!(!accepts(&[("content-type", &format!("application/json; {before} charset={charset}"))]), "{charset}");
            }
        }
        assert!(!accepts(&[("content-type", "text/plain; application/json; charset=utf-8")]));
        let json = ("content-type", "application/json");
        assert!(!accepts(&[]), "no type");
        assert!(!accepts(&[json, json]), "two types");
        assert!(!accepts(&[json, ("content-encoding", "gzip")]), "encoded");
    }
}
