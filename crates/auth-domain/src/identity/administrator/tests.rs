//! Which changes take an administrator away.

use super::{Another, LastAdministrator};
use crate::{
    identity::{
        method::SecondFactors,
        role::Roles,
        user::{AccountState, User},
    },
    testkit::samples::{start, user},
};

fn administrator(with_factor: bool) -> User {
    let second_factors = SecondFactors::of(with_factor, false, false);
    User { roles: "admin".parse().unwrap(), second_factors, ..user("ann@example.org") }
}

#[test]
fn whoever_could_act_and_cannot_any_more_is_taken_away() {
    let ann = administrator(true);
    let demoted = User { roles: Roles::default(), ..ann.clone() };
    let disabled = User { state: AccountState::Disabled { since: start() }, ..ann.clone() };
    for with_factor in [true, false] {
        let keep = LastAdministrator::Stays { with_factor };
        for after in [None, Some(&demoted), Some(&disabled)] {
            assert_eq!(keep.needs(&ann, after), Some(Another { with_factor }));
            assert_eq!(LastAdministrator::MayGo.needs(&ann, after), None);
        }
        assert_eq!(keep.needs(&ann, Some(&User { roles: "admin other".parse().unwrap(), ..ann.clone() })), None);
        for other in [&demoted, &disabled] {
            assert_eq!(keep.needs(other, None), None, "it could not act before");
        }
    }
}

#[test]
fn a_factor_counts_where_administrators_need_one() {
    let (ann, bare) = (administrator(true), administrator(false));
    let keep = |with_factor| LastAdministrator::Stays { with_factor };
    assert_eq!(keep(true).needs(&ann, Some(&bare)), Some(Another { with_factor: true }));
    assert_eq!(keep(false).needs(&ann, Some(&bare)), None);
    assert_eq!((keep(true).needs(&bare, None), keep(false).needs(&bare, None)), (None, Some(Another { with_factor: false })));
}
