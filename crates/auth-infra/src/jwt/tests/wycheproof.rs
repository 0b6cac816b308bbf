//! Project Wycheproof's JSON Web Signatures for HS256, through the adapter's own signature step.

use wycheproof_ng_kdf_jose::json_web::{TestName, TestSet};

use super::*;
use crate::jwt::jws::HmacKey;

/// Where we differ. 372 and 373 are called valid because some libraries skip characters outside base64url; ours must not, so that
/// each token has one spelling. 367 and 370 are the same bytes as 357, which is valid (C2SP/wycheproof issue 236).
const DISPUTED: [(usize, bool); 4] = [(367, true), (370, true), (372, false), (373, false)];

#[test]
fn every_vector_for_hs256_is_judged_as_wycheproof_judges_it() {
    let (mut accepted, mut refused) = (0, 0);
    for group in TestSet::load(TestName::JsonWebSignature).unwrap().test_groups {
        let Some(secret) = group.private_key.as_ref().filter(|key| key["kty"] == "oct" && key["alg"] == "HS256") else {
            continue;
        };
        let key = HmacKey::hs256(&URL_SAFE_NO_PAD.decode(secret["k"].as_str().unwrap()).unwrap()).unwrap();
        for test in group.tests {
            let jws = test.jws.unwrap();
            let token = jws.as_str().map_or_else(|| jws.to_string(), str::to_owned);
            let disputed = DISPUTED.iter().find(|(id, _)| *id == test.tc_id);
            let expected = disputed.map_or(!test.result.must_fail(), |(_, ours)| *ours);
            assert_eq!(key.verify(&token).is_ok(), expected, "{} {}", test.tc_id, test.comment);
            *if expected { &mut accepted } else { &mut refused } += 1;
        }
    }
    assert_eq!((accepted, refused), (10, 30));
}
