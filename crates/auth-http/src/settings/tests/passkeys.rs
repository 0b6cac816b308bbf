//! Second factors and passkeys: what is on, and for which pages.

use auth_domain::factors::policy::MfaPolicy;

use super::*;

const KEY: (&str, &str) = ("KEY_ENCRYPTION_KEY", "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
const URL: (&str, &str) = ("PUBLIC_URL", "https://auth.example.org");

fn passkeys(variables: &[(&str, &str)]) -> Option<(String, Vec<String>)> {
    read(variables).unwrap().passkeys.map(|passkeys| (passkeys.rp_id, passkeys.origins))
}

fn fault(variables: &[(&str, &str)]) -> String {
    let faults = read(variables).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].to_string()
}

fn some(rp_id: &str, origins: &[&str]) -> Option<(String, Vec<String>)> {
    Some((rp_id.to_owned(), origins.iter().map(|origin| (*origin).to_owned()).collect()))
}

#[test]
fn whoever_requires_a_second_factor_needs_a_key_for_the_secrets() {
    assert_eq!(read(&[]).unwrap().mfa, MfaPolicy::Optional);
    assert_eq!(read(&[("MFA", "off")]).unwrap().mfa, MfaPolicy::Off);
    assert_eq!(read(&[("MFA", "required"), KEY]).unwrap().mfa, MfaPolicy::Required);
    let told = fault(&[("MFA", "required")]);
    assert!(told.starts_with("KEY_ENCRYPTION_KEY: is required with MFA=required"), "{told}");
    assert!(faulty("MFA", "on"));
}

#[test]
fn passkeys_are_on_where_people_reach_a_domain() {
    assert_eq!(passkeys(&[]), None);
    assert_eq!(passkeys(&[URL]), some("auth.example.org", &["https://auth.example.org"]));
    let local = ("PUBLIC_URL", "http://localhost:8000");
    assert_eq!(passkeys(&[local]), some("localhost", &["http://localhost:8000"]));
    for address in ["http://127.0.0.1:8000", "https://192.0.2.7", "https://[2001:db8::7]:8443"] {
        assert_eq!(passkeys(&[("PUBLIC_URL", address)]), None, "{address}");
    }
}

#[test]
fn the_pages_are_those_of_the_origins_that_belong_to_the_domain() {
    let allowed =
        "https://app.example.org,https://example.org,https://badexample.org,http://old.example.org,capacitor://localhost";
    let all = [URL, ("WEBAUTHN_RP_ID", "example.org"), ("ALLOWED_ORIGINS", allowed)];
    let expected = ["https://auth.example.org", "https://app.example.org", "https://example.org"];
    assert_eq!(passkeys(&all), some("example.org", &expected));
    let narrow = [URL, ("ALLOWED_ORIGINS", allowed)];
    assert_eq!(passkeys(&narrow), some("auth.example.org", &["https://auth.example.org"]));
}

#[test]
fn origins_may_be_apps_and_other_domains() {
    let hash = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS0H1xKCQcfIoGLEck";
    let listed = format!("https://shop.example,{hash}");
    let all = [URL, ("WEBAUTHN_ORIGINS", listed.as_str())];
    assert_eq!(passkeys(&all), some("auth.example.org", &["https://shop.example", hash]));
    let alone = [("WEBAUTHN_RP_ID", "example.org"), ("WEBAUTHN_ORIGINS", "https://example.org")];
    assert_eq!(passkeys(&alone), some("example.org", &["https://example.org"]));
    for wrong in
        ["example.org", "https://example.org/", "https://*", "android:apk-key-hash:short", "myapp://host", "http://example.org"]
    {
        let told = fault(&[URL, ("WEBAUTHN_ORIGINS", wrong)]);
        assert!(told.starts_with("WEBAUTHN_ORIGINS: "), "{told}");
    }
    let local = [("PUBLIC_URL", "http://localhost:8000"), ("WEBAUTHN_ORIGINS", "http://localhost:3000,http://127.0.0.1:3000")];
    assert_eq!(passkeys(&local), some("localhost", &["http://localhost:3000", "http://127.0.0.1:3000"]));
    let told = fault(&[URL, ("WEBAUTHN_ORIGINS", "http://localhost:3000")]);
    assert!(told.contains("unless WEBAUTHN_RP_ID is a loopback host"), "{told}");
}

#[test]
fn a_relying_party_is_a_domain_and_has_pages() {
    for wrong in
        ["127.0.0.1", "2130706433", "[::1]", "https://example.org", "example.org:443", "example.org/", "example.org.", "a b"]
    {
        let told = fault(&[URL, ("WEBAUTHN_RP_ID", wrong)]);
        assert!(told.starts_with("WEBAUTHN_RP_ID: must be a domain"), "{wrong}: {told}");
    }
    let told = fault(&[("WEBAUTHN_RP_ID", "example.org")]);
    assert!(told.starts_with("WEBAUTHN_ORIGINS: is required with WEBAUTHN_RP_ID"), "{told}");
    for url in [None, Some(("PUBLIC_URL", "https://192.0.2.7"))] {
        let all: Vec<_> = url.into_iter().chain([("WEBAUTHN_ORIGINS", "https://example.org")]).collect();
        let told = fault(&all);
        assert!(told.starts_with("WEBAUTHN_RP_ID: is required with WEBAUTHN_ORIGINS"), "{told}");
    }
}
