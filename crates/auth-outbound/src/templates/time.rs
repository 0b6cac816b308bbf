//! An instant in words, in UTC: the server knows nobody's time zone.

use auth_domain::identity::language::Language;
use chrono::{DateTime, Datelike, Timelike, Utc};

const ENGLISH: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const GERMAN: [&str; 12] =
    ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"];
const FRENCH: [&str; 12] =
    ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];
const SPANISH: [&str; 12] =
    ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"];

/// Down to the minute.
pub(super) fn in_words(instant: DateTime<Utc>, language: Language) -> String {
    let (year, day, clock) = (instant.year(), instant.day(), format!("{:02}:{:02} UTC", instant.hour(), instant.minute()));
    let month = |names: [&'static str; 12]| {
        names.into_iter().zip(1..).find(|(_, month)| *month == instant.month()).map_or("", |(name, _)| name)
    };
    match language {
        Language::English => format!("{day} {} {year}, {clock}", month(ENGLISH)),
        Language::German => format!("{day}. {} {year}, {clock}", month(GERMAN)),
        Language::French if day == 1 => format!("1er {} {year} à {clock}", month(FRENCH)),
        Language::French => format!("{day} {} {year} à {clock}", month(FRENCH)),
        Language::Spanish => format!("{day} de {} de {year}, {clock}", month(SPANISH)),
        Language::Chinese => format!("{year}年{}月{day}日 {clock}", instant.month()),
    }
}

#[cfg(test)]
mod tests {
    use auth_domain::identity::language::Language;
    use chrono::DateTime;

    use super::in_words;

    #[test]
    fn an_instant_is_written_as_the_language_writes_it() {
        let written =
            |text: &str| Language::ALL.map(|language| in_words(DateTime::parse_from_rfc3339(text).unwrap().to_utc(), language));
        assert_eq!(
            written("2026-03-01T09:05:59.999Z"),
            [
                "1 March 2026, 09:05 UTC",
                "1. März 2026, 09:05 UTC",
                "1er mars 2026 à 09:05 UTC",
                "1 de marzo de 2026, 09:05 UTC",
                "2026年3月1日 09:05 UTC",
            ]
        );
        assert_eq!(written("2026-12-31T23:59:00Z").first().map(String::as_str), Some("31 December 2026, 23:59 UTC"));
    }
}
