//! The one spelling of a text that can be written in several ways.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// Normalization Form C (UAX 15): `e` followed by an acute accent becomes `é`.
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    const { ComposingNormalizerBorrowed::new_nfc() }.normalize(text)
}
