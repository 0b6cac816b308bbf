//! How long certificates are still good for.

use std::iter;

use chrono::{DateTime, TimeDelta, Utc};
use rustls::pki_types::CertificateDer;
use x509_cert::{Certificate, der::Decode, time::Time};

use super::finding::Finding;

const TOPIC: &str = "certificate";

/// Enough time to notice that a renewal failed, and to renew.
const SOON: TimeDelta = TimeDelta::days(14);

/// Findings for the server's certificate in any case, and for the rest of its chain where something is wrong.
pub(crate) fn of_certificates(chain: &[CertificateDer<'_>], now: DateTime<Utc>) -> Vec<Finding> {
    let names = iter::once(String::new()).chain((2..).map(|number| format!("number {number} of the chain ")));
    let judged = chain.iter().zip(names).map(|(certificate, name)| judge(certificate, &name, now));
    judged.enumerate().filter(|(place, finding)| *place == 0 || !finding.is_fine()).map(|(_, finding)| finding).collect()
}

fn judge(certificate: &CertificateDer<'_>, name: &str, now: DateTime<Utc>) -> Finding {
    let Some((from, until)) = validity(certificate) else {
        return Finding::mind(TOPIC, format!("{name}has no dates that can be read; some clients will refuse it"));
    };
    let (begins, ends) = (from.format("%F %R UTC"), until.format("%F %R UTC"));
    let left = until - now;
    if left < TimeDelta::zero() {
        Finding::mind(TOPIC, format!("{name}expired on {ends}: clients refuse it. Renew it, then send SIGHUP"))
    } else if from > now {
        Finding::mind(TOPIC, format!("{name}is not valid before {begins}: clients refuse it. Is this machine's clock right?"))
    } else if left <= SOON {
        Finding::mind(TOPIC, format!("{name}expires on {ends}, in {} days: renew it, then send SIGHUP", left.num_days()))
    } else {
        Finding::fine(TOPIC, format!("{name}valid until {ends}"))
    }
}

/// From when to when, both included (RFC 5280 section 4.1.2.5).
fn validity(certificate: &CertificateDer<'_>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let Ok(certificate) = Certificate::from_der(certificate) else { return None };
    let validity = certificate.tbs_certificate().validity();
    Some((at(validity.not_before)?, at(validity.not_after)?))
}

fn at(time: Time) -> Option<DateTime<Utc>> {
    let Ok(seconds) = i64::try_from(time.to_unix_duration().as_secs()) else { return None };
    DateTime::from_timestamp(seconds, 0)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    /// Good for the whole of 2025, and the first second of the next year.
    fn of_2025() -> CertificateDer<'static> {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2026, 1, 1));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().into()
    }

    fn told(chain: &[CertificateDer<'_>], now: &str) -> Vec<String> {
        of_certificates(chain, now.parse().unwrap()).iter().map(|finding| finding.shown(false).to_string()).collect()
    }

    #[test]
    fn what_is_over_or_soon_will_be_is_told() {
        let chain = [of_2025()];
        for (now, expected) in [
            ("2024-12-31T23:59:59Z", "! certificate    is not valid before 2025-01-01 00:00 UTC"),
            ("2025-01-01T00:00:00Z", "✓ certificate    valid until 2026-01-01 00:00 UTC"),
            ("2025-12-17T23:59:59Z", "✓ certificate    valid until 2026-01-01 00:00 UTC"),
            ("2025-12-18T00:00:00Z", "! certificate    expires on 2026-01-01 00:00 UTC, in 14 days"),
            ("2026-01-01T00:00:00Z", "! certificate    expires on 2026-01-01 00:00 UTC, in 0 days"),
            ("2026-01-01T00:00:01Z", "! certificate    expired on 2026-01-01 00:00 UTC"),
        ] {
            let told = told(&chain, now);
            assert!(told.len() == 1 && told[0].starts_with(expected), "{now}: {told:?}");
        }
    }

    #[test]
    fn of_the_rest_of_the_chain_only_what_matters_is_told() {
        let chain = [of_2025(), of_2025(), CertificateDer::from(vec![0x30, 0x00])];
        let fine = told(&chain, "2025-06-01T00:00:00Z");
        assert!(fine.len() == 2 && fine[1].starts_with("! certificate    number 3 of the chain has no dates"), "{fine:?}");
        let late = told(&chain, "2027-01-01T00:00:00Z");
        assert!(late.len() == 3 && late[1].contains("number 2 of the chain expired"), "{late:?}");
    }
}
