//! Parameters, form-encoded: of a form (RFC 6749 appendix B) or a query.

use std::collections::HashSet;

use url::form_urlencoded;
use zeroize::Zeroizing;

/// What is wrong with all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterFault {
    NotUtf8,
    /// Of two, two readers might believe different ones (RFC 6749 section 3.2).
    Twice,
}

/// Each parameter, decoded once. One without a value is as if it were not there (RFC 6749 section 3.2). As many names as fit in cost
/// no more than their length.
///
/// # Errors
/// [`ParameterFault`].
pub(crate) fn parameters(bytes: &[u8]) -> Result<Vec<(String, Zeroizing<String>)>, ParameterFault> {
    let (mut parameters, mut names) = (Vec::new(), HashSet::new());
    for (name, value) in form_urlencoded::parse(bytes) {
        // What the parser puts in the place of bytes that are not UTF-8.
        if name.contains(char::REPLACEMENT_CHARACTER) || value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(ParameterFault::NotUtf8);
        }
        if !names.insert(name.to_string()) {
            return Err(ParameterFault::Twice);
        }
        parameters.push((name.into_owned(), Zeroizing::new(value.into_owned())));
    }
    parameters.retain(|(_, value)| !value.is_empty());
    Ok(parameters)
}

/// The value of a parameter.
pub(crate) fn value<'a>(parameters: &'a [(String, Zeroizing<String>)], name: &str) -> Option<&'a str> {
    parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}
