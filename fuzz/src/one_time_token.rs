//! One-time tokens: only those signed here are valid, in one spelling, and say what their claims say; no signed input causes a panic.

use std::sync::LazyLock;

use auth_domain::factors::{
    one_time_token::{OneTimePurpose, OneTimeToken},
    ports::OneTimeTokenCodec,
};
use auth_domain::identity::user::AccountVersion;
use auth_infra::one_time_tokens::HmacOneTimeTokens;
use aws_lc_rs::{
    hkdf::{HKDF_SHA256, Salt},
    hmac::{self, HMAC_SHA256},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use serde_json::Value;

const SECRET: &[u8] = b"a refresh key of forty bytes, give or ta";

static CODEC: LazyLock<HmacOneTimeTokens> = LazyLock::new(|| HmacOneTimeTokens::new(SECRET).expect("a key"));
/// Like `CODEC`, but with another secret.
static STRANGER: LazyLock<HmacOneTimeTokens> =
    LazyLock::new(|| HmacOneTimeTokens::new(b"another refresh key, of forty bytes as w").expect("a key"));
/// Derived apart from the codec.
static KEY: LazyLock<hmac::Key> = LazyLock::new(|| {
    let extracted = Salt::new(HKDF_SHA256, &[]).extract(SECRET);
    hmac::Key::from(extracted.expand(&[b"auth-server one-time tokens v1"], HMAC_SHA256).expect("a key"))
});

/// One of each purpose.
fn genuine() -> [OneTimeToken; 3] {
    let user = "01890a5d-ac96-774b-bcce-b302099a8058".parse().expect("an id");
    let at = DateTime::from_timestamp_micros(1_800_000_000_123_456).expect("a time");
    let proven = AccountVersion { number: 7, changed_at: at };
    [
        OneTimePurpose::SecondStep { user, proven, authenticated_at: at },
        OneTimePurpose::RegisterPasskey { user, proven },
        OneTimePurpose::AssertPasskey,
    ]
    .map(|purpose| OneTimeToken { id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id"), purpose, expires_at: at })
}

/// The first byte determines the rest: `t` a token, `e` edits of genuine ones, `j` claims, which are encoded and get the right signature.
pub fn check(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    match mode {
        b'e' => edits(rest),
        b'j' => claims(rest),
        _ => str::from_utf8(rest).map_or((), |text| {
            let token = genuine().into_iter().find(|token| CODEC.encode(token) == text);
            assert_eq!(CODEC.decode(text), token, "{text}");
        }),
    }
}

/// Three bytes are an edit: the operation (insert, remove or replace), the place, and the new byte.
fn edits(data: &[u8]) {
    for token in genuine() {
        let text = CODEC.encode(&token);
        let mut bent = text.clone().into_bytes();
        for edit in data.chunks_exact(3) {
            let [what, place, with] = edit else { continue };
            // The top two bits of the first byte extend the place beyond 255.
            let at = (usize::from(*place) + 256 * usize::from(what >> 6)) % bent.len().max(1);
            match what % 3 {
                0 => bent.insert(at, *with),
                1 if at < bent.len() => drop(bent.remove(at)),
                _ => bent.get_mut(at).map_or((), |byte| *byte = *with),
            }
        }
        let Ok(bent) = String::from_utf8(bent) else { continue };
        assert_eq!(CODEC.decode(&bent), (bent == text).then_some(token), "{bent} for {text}");
    }
}

fn claims(json: &[u8]) {
    let encoded = URL_SAFE_NO_PAD.encode(json);
    let mut context = hmac::Context::with_key(&KEY);
    context.update(b"token");
    context.update(encoded.as_bytes());
    let text = format!("{encoded}.{}", URL_SAFE_NO_PAD.encode(context.sign()));
    let Some(token) = CODEC.decode(&text) else { return };
    let said: Value = serde_json::from_slice(json).expect("JSON");
    let again = CODEC.encode(&token);
    let (payload, _) = again.split_once('.').expect("two parts");
    let meant: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON");
    // Nobody signs them so, but serde reads members by their places too, and a purpose without any as null.
    let by_place = |value: &Value| value.is_array() || value.is_null();
    let is_odd = by_place(&said) || said["for"].as_object().is_some_and(|purpose| purpose.values().any(by_place));
    assert!(is_odd || said == meant, "{said} as {meant}");
    assert_eq!(CODEC.decode(&again).as_ref(), Some(&token), "said again, it means the same");
    assert_eq!(STRANGER.decode(&text), None, "whoever has another secret");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_codec_signs_is_signed_right_here_too() {
        for token in genuine() {
            let text = CODEC.encode(&token);
            let (encoded, mac) = text.split_once('.').expect("two parts");
            let signed = hmac::sign(&KEY, &[b"token", encoded.as_bytes()].concat());
            assert_eq!(URL_SAFE_NO_PAD.encode(signed), mac);
        }
    }
}
