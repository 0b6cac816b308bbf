//! Who may, in a table.

use super::*;
use crate::{
    factors::policy::MfaPolicy,
    identity::{method::SecondFactors, role::Roles},
    sessions::authentication::Methods,
    testing::{caller, clock, demand_fresh, told},
    testkit::{
        MemoryAudit,
        samples::{client, context},
    },
};

fn authorize(with_factor: bool, mfa: MfaPolicy, audit: &MemoryAudit) -> Authorize {
    let demand = DemandFresh { mfa, ..demand_fresh() };
    Authorize { demand, with_factor, audit: Arc::new(audit.clone()), clock: clock() }
}

/// A person with these roles, with a factor or without, whose session was begun by these methods.
fn person(roles: &str, with_factor: bool, methods: &str) -> AdminCaller {
    let mut person = caller();
    person.user.roles = roles.parse::<Roles>().unwrap();
    person.user.second_factors = SecondFactors::of(with_factor, false, false);
    person.session.authentication.methods = methods.parse::<Methods>().unwrap();
    AdminCaller::Person(Box::new(person))
}

fn judged(
    caller: &AdminCaller,
    with_factor: bool,
    mfa: MfaPolicy,
    need: Scope,
) -> (Option<&'static str>, Vec<(&'static str, Option<&'static str>)>) {
    let audit = MemoryAudit::default();
    let outcome = authorize(with_factor, mfa, &audit).execute(caller, need, &context());
    let refusal = outcome.err().map(|refusal| match refusal {
        AdminRefusal::InsufficientScope(scope) => scope.name(),
        AdminRefusal::FactorRequired => "factor",
        AdminRefusal::NotFresh(NotFresh { level: Some(_), .. }) => "aal2",
        AdminRefusal::NotFresh(NotFresh { level: None, .. }) => "old",
    });
    (refusal, told(&audit.events()))
}

#[test]
fn people_need_the_role_and_where_it_is_asked_for_a_second_factor() {
    use MfaPolicy::{Off, Optional, Required};
    for (roles, has_factor, methods, with_factor, mfa, expected) in [
        ("admin", false, "pwd", false, Optional, None),
        ("admin staff", true, "pwd", false, Optional, None),
        ("", true, "pwd otp mfa", true, Optional, Some("admin:write")),
        ("administrator staff", true, "pwd otp mfa", true, Optional, Some("admin:write")),
        ("admin", false, "pwd", true, Optional, Some("factor")),
        ("admin", true, "pwd", true, Optional, Some("aal2")),
        ("admin", true, "pwd otp mfa", true, Optional, None),
        ("admin", true, "pwd", true, Off, Some("aal2")),
        ("admin", false, "pwd", true, Off, Some("factor")),
        ("admin", true, "hwk user mfa", true, Off, None),
        ("admin", false, "pwd", false, Required, Some("factor")),
        ("", false, "pwd", false, Required, Some("factor")),
        ("admin", true, "pwd otp mfa", false, Required, None),
    ] {
        let (refusal, events) = judged(&person(roles, has_factor, methods), with_factor, mfa, Scope::AdminWrite);
        assert_eq!(refusal, expected, "{roles}, {has_factor}, {methods}, {with_factor}, {mfa:?}");
        let reason = match expected {
            None => None,
            Some("factor" | "aal2") => Some("no_second_factor"),
            Some(_scope) => Some("insufficient_scope"),
        };
        assert_eq!(events, reason.map(|reason| ("admin_refused", Some(reason))).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_client_needs_the_very_scope() {
    for need in Scope::ALL {
        for granted in Scope::ALL {
            let caller = AdminCaller::Client(client("shop").id, Scopes::of([granted]));
            let (refusal, events) = judged(&caller, true, MfaPolicy::Required, need);
            assert_eq!(refusal, (granted != need).then_some(need.name()));
            assert_eq!(events.len(), usize::from(granted != need));
        }
    }
}

#[test]
fn an_export_takes_a_fresh_authentication() {
    let old = match person("admin", false, "pwd") {
        AdminCaller::Person(mut person) => {
            person.session.authentication.at -= chrono::TimeDelta::hours(2);
            AdminCaller::Person(person)
        }
        AdminCaller::Client(id, scopes) => AdminCaller::Client(id, scopes),
    };
    assert_eq!(judged(&old, false, MfaPolicy::Optional, Scope::AdminRead).0, None);
    let (refusal, events) = judged(&old, false, MfaPolicy::Optional, Scope::AdminExport);
    assert_eq!((refusal, events), (Some("old"), vec![("admin_refused", Some("not_fresh"))]));
    assert_eq!(judged(&person("admin", false, "pwd"), false, MfaPolicy::Optional, Scope::AdminExport).0, None);
}

#[test]
fn what_is_done_is_done_by_the_caller() {
    let (audit, shop) = (MemoryAudit::default(), client("shop").id);
    let authorize = authorize(false, MfaPolicy::Optional, &audit);
    let by = |caller: &AdminCaller| authorize.execute(caller, Scope::AdminRead, &context()).unwrap().actor;
    assert_eq!(by(&AdminCaller::Client(shop, Scopes::of([Scope::AdminRead]))), Actor::Client(shop));
    let AdminCaller::Person(ann) = person("admin", false, "pwd") else { panic!("no person") };
    assert_eq!(by(&AdminCaller::Person(ann.clone())), Actor::User(ann.user.id));
}
