//! Lists: origins of pages and apps, networks of proxies.

use super::{faulty, read};

#[test]
fn origins_are_origins() {
    for fine in [
        "https://app.example.org",
        "http://localhost:3000",
        "https://[::1]:8443",
        "https://192.0.2.1",
        "HTTPS://App.Example.ORG",
        "https://münchen.example",
        "http://dev_box.local",
        "capacitor://localhost",
        "ionic://localhost:8100",
        "tauri://localhost",
        "app://-",
        "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai",
        "moz-extension://0b4fd1a3-6b0b-4d8e-9a1c-9c2d3e4f5a6b",
        "safari-web-extension://E7A1A8BC-0F8F-4B44-9D44-3A0B6B6D0D6A",
        "Com.Example.App://[::1]:1",
    ] {
        assert!(!faulty("ALLOWED_ORIGINS", fine), "{fine}");
    }
    for wrong in [
        "*",
        "https://*.example.org",
        "app.example.org",
        "https://x.org/",
        "https://x.org/a",
        "https://u@x.org",
        "null",
        "https://x.org?q",
        "ftp://x.org",
        "https://x`y.org",
        "https://{x}.org",
        "https://x&y.org",
        "capacitor://",
        "capacitor:///",
        "capacitor:localhost",
        "capacitor://localhost/",
        "capacitor://localhost/x",
        "capacitor://u@localhost",
        "capacitor://localhost?q",
        "capacitor://localhost#f",
        "capacitor://*",
        "chrome-extension://a%2Fb",
        "*://localhost",
        "://localhost",
        "localhost:3000",
        "file://",
        "file:///x",
        "file://localhost",
        "ws://x.org",
        "wss://x.org",
        "data://x",
        "blob:https://x.org",
        "blob://x.org",
        "javascript://x.org",
        "about:blank",
        "about://blank",
        &format!("{}://localhost", "a".repeat(65)),
    ] {
        assert!(faulty("ALLOWED_ORIGINS", wrong), "{wrong}");
    }
    let several = read(&[("ALLOWED_ORIGINS", " https://a.org:443 ,, https://B.org,")]).unwrap();
    assert_eq!(several.http.allowed_origins, ["https://a.org", "https://b.org"], "as browsers send them");
    let apps = read(&[("ALLOWED_ORIGINS", "Capacitor://localhost,safari-web-extension://E7A1,tauri://localhost:80")]).unwrap();
    let taken = ["capacitor://localhost", "safari-web-extension://E7A1", "tauri://localhost:80"];
    assert_eq!(apps.http.allowed_origins, taken, "as apps send them: who is behind a scheme of theirs is for them to spell");
}

#[test]
fn where_origins_are_listed_the_servers_own_is_one() {
    let listed = |list: &str, own: &str| read(&[("ALLOWED_ORIGINS", list), ("PUBLIC_URL", own)]).unwrap().http.allowed_origins;
    assert_eq!(listed("https://app.x.org", "https://auth.x.org"), ["https://app.x.org", "https://auth.x.org"]);
    assert_eq!(listed("https://auth.x.org", "https://AUTH.x.org:443"), ["https://auth.x.org"]);
    assert!(listed("", "https://auth.x.org").is_empty());
    assert_eq!(listed("https://app.x.org", ""), ["https://app.x.org"]);
}

#[test]
fn proxies_are_networks_and_mapped_ones_are_ipv4() {
    let taken = |text: &str| read(&[("TRUSTED_PROXIES", text)]).unwrap().http.trusted_proxies;
    let same = |text: &str, plain: &str| assert_eq!(taken(text), [plain.parse().unwrap()], "{text}");
    same("10.0.0.0/8", "10.0.0.0/8");
    same("127.0.0.1", "127.0.0.1/32");
    same("::1", "::1/128");
    same("fd00::/8", "fd00::/8");
    same("::/0", "::/0");
    // Addresses of clients and proxies are compared as IPv4 where they are mapped.
    same("::ffff:127.0.0.1", "127.0.0.1/32");
    same("::FFFF:7f00:1", "127.0.0.1/32");
    same("::ffff:10.0.0.0/104", "10.0.0.0/8");
    same("::ffff:0:0/96", "0.0.0.0/0");
    for wrong in
        ["::ffff:10.0.0.0/95", "::ffff:10.0.0.0/8", "10.0.0.0/33", "::1/129", "[::1]", "localhost", "10.0.0.1:80", "*", "10.0.0"]
    {
        assert!(faulty("TRUSTED_PROXIES", wrong), "{wrong}");
    }
}
