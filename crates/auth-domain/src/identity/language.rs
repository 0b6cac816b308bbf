//! The languages that mails and pages are written in.

use std::{fmt, str::FromStr};

/// A built-in language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    English,
    German,
    French,
    Spanish,
    Chinese,
}

/// The text is no tag of a built-in language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be en, de, fr, es or zh")]
pub struct UnknownLanguage;

impl Language {
    pub const ALL: [Self; 5] = [Self::English, Self::German, Self::French, Self::Spanish, Self::Chinese];

    /// Its primary tag (RFC 5646 section 2.2.1).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Chinese => "zh",
        }
    }

    /// The built-in language that a range asks for (RFC 4647 section 3.3.1): `de-AT` asks for German.
    #[must_use]
    pub fn of_range(range: &str) -> Option<Self> {
        let primary = range.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.tag() == text).ok_or(UnknownLanguage)
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn a_range_asks_for_the_language_of_its_primary_tag() {
        assert_eq!(Language::of_range("de-AT"), Some(Language::German));
        assert_eq!(Language::of_range("ZH-Hant-TW"), Some(Language::Chinese));
        assert_eq!((Language::of_range("den"), Language::of_range("*"), Language::of_range("")), (None, None, None));
    }

    #[test]
    fn a_tag_is_read_as_it_is_written() {
        for language in Language::ALL {
            assert_eq!(language.to_string().parse(), Ok(language));
        }
        assert!("DE".parse::<Language>().is_err() && "it".parse::<Language>().is_err());
    }
}
