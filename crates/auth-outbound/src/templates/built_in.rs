//! The templates that are part of the program.

/// What the parts of every mail look like.
pub(super) const LAYOUTS: [(&str, &str); 2] =
    [("layout.html", include_str!("../../templates/layout.html")), ("layout.txt", include_str!("../../templates/layout.txt"))];

macro_rules! words {
    ($language:literal: $($name:literal),+) => {
        [$((
            concat!($language, "/", $name, ".jinja"),
            include_str!(concat!("../../templates/", $language, "/", $name, ".jinja")),
        )),+]
    };
    ($($language:literal)+) => {
        [$(words!(
            $language: "common", "verify", "reset", "invitation", "change", "account_exists", "password_changed",
            "email_change_requested", "email_changed", "new_network", "account_deleted", "factor_added", "factor_removed",
            "passkey_added", "passkey_removed", "recovery_code_used", "recovery_codes_replaced", "factors_reset", "passkey_cloned"
        )),+]
    };
}

/// What they say; `common` is what all mails of a language share.
pub(super) const WORDS: [[(&str, &str); 19]; 5] = words!("en" "de" "fr" "es" "zh");
