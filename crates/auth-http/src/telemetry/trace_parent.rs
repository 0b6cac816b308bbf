//! The trace that a request belongs to (W3C Trace Context, section 3.2).

use actix_web::http::header::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Ids in lower-case hexadecimal, neither of them all zero, and whether the caller records its part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceParent {
    pub trace_id: String,
    pub parent_id: String,
    pub sampled: bool,
}

impl TraceParent {
    /// The `traceparent` of a head; `None` where it is missing, malformed or repeated.
    #[must_use]
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(TRACEPARENT);
        let only = all.next().filter(|_| all.next().is_none())?;
        let Ok(text) = only.to_str() else { return None };
        Self::parse(text)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.splitn(5, '-');
        let (version, trace_id, parent_id, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        // Later versions may have more behind the flags; this one has not.
        let ends_well = version != "00" || fields.next().is_none();
        let well_formed =
            is_hex(version, 2) && version != "ff" && is_id(trace_id, 32) && is_id(parent_id, 16) && is_hex(flags, 2);
        let Ok(flags) = u8::from_str_radix(flags, 16) else { return None };
        (well_formed && ends_well).then(|| Self {
            trace_id: trace_id.to_owned(),
            parent_id: parent_id.to_owned(),
            sampled: flags & 1 == 1,
        })
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const PARENT: &str = "b7ad6b7169203331";

    fn taken(values: &[&str]) -> Option<TraceParent> {
        let request = values.iter().fold(TestRequest::default(), |request, value| request.append_header((TRACEPARENT, *value)));
        TraceParent::of(request.to_http_request().headers())
    }

    #[test]
    fn the_caller_s_trace_is_taken_over() {
        for (text, sampled) in [
            (format!("00-{TRACE}-{PARENT}-01"), true),
            (format!("00-{TRACE}-{PARENT}-00"), false),
            (format!("00-{TRACE}-{PARENT}-ff"), true),
            (format!("cc-{TRACE}-{PARENT}-01"), true),
            (format!("cc-{TRACE}-{PARENT}-01-what-the-future-brings"), true),
        ] {
            let expected = TraceParent { trace_id: TRACE.to_owned(), parent_id: PARENT.to_owned(), sampled };
            assert_eq!(taken(&[&text]), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_malformed_is_as_good_as_none() {
        for text in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{PARENT}"),
            format!("00-{TRACE}-{PARENT}-1"),
            format!("00-{TRACE}-{PARENT}-0g"),
            format!("00-{TRACE}-{PARENT}-01-more"),
            format!("00-{TRACE}-{PARENT}-01-"),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("0-{TRACE}-{PARENT}-01"),
            format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
            format!("00-{}-{PARENT}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}0-{PARENT}-01"),
            format!("00-{TRACE}-{PARENT}\"-01"),
        ] {
            assert_eq!(taken(&[&text]), None, "{text}");
        }
        let fine = format!("00-{TRACE}-{PARENT}-01");
        assert_eq!(taken(&[&fine, &fine]), None, "two");
        assert_eq!(taken(&[]), None);
    }
}
