//! Times as other systems write them.

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};

/// A time with a zone, or else in UTC, cut to the microseconds that every database stores: RFC 3339, or with a space in the middle as
/// databases write it.
pub(crate) fn read(text: &str) -> Option<DateTime<Utc>> {
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"];
    let plain = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
    let with_zone = zoned.iter().find_map(|form| DateTime::parse_from_str(text, form).map_or(None, |at| Some(at.to_utc())));
    let without =
        || plain.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).map_or(None, |at| Some(at.and_utc())));
    with_zone.or_else(without).map(|at| at.trunc_subsecs(6))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, expected) in [
            ("2024-02-29 12:30:45.123456", "2024-02-29T12:30:45.123456+00:00"),
            ("2024-02-29 12:30:45", "2024-02-29T12:30:45+00:00"),
            ("2024-02-29T12:30:45.1234567", "2024-02-29T12:30:45.123456+00:00"),
            ("2024-02-29T12:30:45Z", "2024-02-29T12:30:45+00:00"),
            ("2024-02-29 12:30:45+02:00", "2024-02-29T10:30:45+00:00"),
        ] {
            assert_eq!(read(text).map(|at| at.to_rfc3339()).as_deref(), Some(expected), "{text}");
        }
        for none in ["", "yesterday", "2024-02-30 00:00:00", "1709209845", "2024-02-29"] {
            assert!(read(none).is_none(), "{none}");
        }
    }
}
