//! Where all servers count, in a build that can and in one that cannot.

use super::{faulty, read};

#[test]
fn unset_each_server_counts_by_itself() {
    assert!(read(&[]).unwrap().rate_limit_url.is_none());
    assert!(read(&[("RATE_LIMIT_URL", "")]).unwrap().rate_limit_url.is_none());
}

#[cfg(feature = "redis")]
#[test]
fn a_url_is_read_and_shown_without_its_password() {
    let settings = read(&[("RATE_LIMIT_URL", "rediss://app:s3cret@limits.internal")]).unwrap();
    assert_eq!(settings.rate_limit_url.as_ref().unwrap().to_string(), "rediss://limits.internal:6379");
    assert!(!format!("{settings:?}").contains("s3cret"));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "redis://:s3cret@[::1]:6380\n").unwrap();
    let settings = read(&[("RATE_LIMIT_URL_FILE", file.path().to_str().unwrap())]).unwrap();
    assert_eq!(settings.rate_limit_url.unwrap().to_string(), "redis://[::1]:6380");
    assert!(faulty("RATE_LIMIT_URL", "redis://s3cret@limits.internal"));
}

#[cfg(not(feature = "redis"))]
#[test]
fn without_the_feature_the_fault_names_it() {
    assert!(faulty("RATE_LIMIT_URL", "redis://limits.internal"));
    let faults = read(&[("RATE_LIMIT_URL", "redis://:s3cret@limits.internal")]).unwrap_err();
    assert!(faults[0].rule.contains("the feature `redis`") && !faults[0].rule.contains("s3cret"), "{faults:?}");
}
