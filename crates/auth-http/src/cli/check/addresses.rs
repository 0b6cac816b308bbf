//! Whether every account can be found by its address.

use super::finding::Finding;
use crate::app::ports::{OddAddresses, Stuck};

const TOPIC: &str = "addresses";

pub(crate) fn of_addresses(odd: &OddAddresses) -> Vec<Finding> {
    let mut findings = Vec::new();
    if odd.rewritable > 0 {
        let text = format!("{} as an earlier release spelled them: `auth-server migrate` rewrites them", odd.rewritable);
        findings.push(Finding::mind(TOPIC, text));
    }
    findings.extend(stuck(odd).map(|text| Finding::mind(TOPIC, text)));
    if findings.is_empty() {
        findings.push(Finding::fine(TOPIC, "every account is found by its own"));
    }
    findings
}

/// The accounts whose address stays as it is, in one line; `None` where there are none.
pub(crate) fn stuck(odd: &OddAddresses) -> Option<String> {
    let named: Vec<_> = odd.named.iter().map(shown).collect();
    let more = if u64::try_from(named.len()).is_ok_and(|shown| shown < odd.stuck) { ", …" } else { "" };
    let told =
        || format!("{} account(s) cannot be found by their address (docs/operations.md): {}{more}", odd.stuck, named.join(", "));
    (odd.stuck > 0).then(told)
}

fn shown(Stuck { account, holder }: &Stuck) -> String {
    match holder {
        Some(holder) => format!("{account} (the address is that of {holder})"),
        None => format!("{account} (this release takes it for no address)"),
    }
}
