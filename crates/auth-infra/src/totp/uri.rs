//! The URI that hands a secret to an app: <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but what RFC 3986 section 2.3 leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The issuer stands in the label too, for apps that do not know the parameter. A colon parts them there, and apps decode before they
/// look for it, so neither may have one: it becomes an underscore.
pub(super) fn key_uri(issuer: &str, account: &str, secret: &str) -> String {
    let (issuer, account) = (issuer.replace(':', "_"), account.replace(':', "_"));
    let (issuer, account) = (encoded(&issuer), encoded(&account));
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
}

fn encoded(text: &str) -> impl fmt::Display + use<'_> {
    utf8_percent_encode(text, ENCODED)
}
