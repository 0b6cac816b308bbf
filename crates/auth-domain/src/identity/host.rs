//! Hosts, as URLs name them: what may stand there, and which of them is this machine.

use std::net::IpAddr;

/// A name in ASCII or an address as it is looked up: in lower case, an IPv6 address without its brackets. `None` for anything else.
#[must_use]
pub fn looked_up(host: &str) -> Option<String> {
    let bare = bare(host);
    let is_name = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    (is_name || bare.parse::<IpAddr>().is_ok()).then(|| bare.to_ascii_lowercase())
}

/// What is looked up, as URLs have it: an IPv6 address in brackets (RFC 3986 section 3.2.2).
#[must_use]
pub fn in_url(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// Whether a host is this machine: the name that stands for it (RFC 6761 section 6.3), or an address of its own.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let bare = bare(host);
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_has_no_brackets_and_comes_back_with_them() {
        for (given, found) in
            [("Mail.Example", "mail.example"), ("a_b-c", "a_b-c"), ("[2001:DB8::1]", "2001:db8::1"), ("192.0.2.1", "192.0.2.1")]
        {
            assert_eq!(looked_up(given).as_deref(), Some(found));
            assert_eq!(in_url(found), given.to_ascii_lowercase());
        }
        for given in ["", "[]", "münchen.example", "a b", "[2001:db8::1", "2001:db8::g"] {
            assert_eq!(looked_up(given), None, "{given}");
        }
    }

    #[test]
    fn this_machine_has_a_name_and_addresses() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example.org", "10.0.0.1", "0.0.0.0", "[::]", "example.org", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
