//! Times as other systems write them.

use chrono::{DateTime, Utc};

use crate::foreign_time;

/// A time, with or without spaces around it.
pub(super) fn of_text(text: &str) -> Option<DateTime<Utc>> {
    foreign_time::read(text.trim())
}

/// Milliseconds since 1970.
pub(super) fn of_millis(millis: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_these_systems_write_them() {
        for (text, expected) in [
            ("2019-12-06T18:36:12.412Z", "2019-12-06T18:36:12.412+00:00"),
            ("2024-02-29 12:30:45.123456+00", "2024-02-29T12:30:45.123456+00:00"),
            ("2024-02-29 12:30:45+05:30", "2024-02-29T07:00:45+00:00"),
            ("2024-02-29T12:30:45.1234567+02:00", "2024-02-29T10:30:45.123456+00:00"),
            ("2024-02-29T12:30:45", "2024-02-29T12:30:45+00:00"),
            (" 2024-02-29 12:30:45 ", "2024-02-29T12:30:45+00:00"),
        ] {
            assert_eq!(of_text(text).map(|at| at.to_rfc3339()).as_deref(), Some(expected), "{text}");
        }
        for none in ["", "yesterday", "2024-02-30T00:00:00Z", "1709209845", "2024-02-29", "infinity", "0044-03-15 12:00:00+00 BC"]
        {
            assert_eq!(of_text(none), None, "{none}");
        }
        assert_eq!(of_millis(1_486_324_870_123).map(|at| at.to_rfc3339()).as_deref(), Some("2017-02-05T20:01:10.123+00:00"));
        assert_eq!(of_millis(i64::MAX), None);
    }
}
