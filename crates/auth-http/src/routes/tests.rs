//! What is found before a request is routed is where it is routed to, however its path is spelt.

use std::fmt::Debug;

use actix_web::{
    App, Error,
    body::{BoxBody, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse},
    http::Uri,
    middleware::{Next, from_fn},
    rt::System,
    test::{TestRequest, init_service, read_body},
    web,
};
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{TestCaseError, TestRunner},
};

use super::*;
use crate::web::matched::Matched;

fn table() -> RouteTable {
    RouteTable::of(&endpoints())
}

#[test]
fn each_route_says_what_it_needs() {
    let (general, sessions) = (json(General), json(Sessions));
    for (template, needs) in [
        ("/health", PROBE),
        ("/health/ready", PROBE),
        ("/docs", PUBLISHED),
        ("/docs/{file}", PUBLISHED),
        ("/openapi.json", PUBLISHED),
        ("/.well-known/jwks.json", PUBLISHED),
        ("/auth/login", general),
        ("/auth/register", general),
        ("/auth/login/factor", general),
        ("/auth/passkeys/login", general),
        ("/auth/passkeys/login/options", general),
        ("/auth/refresh", sessions),
        ("/auth/me", merge_patch(Sessions)),
        ("/auth/sessions/{id}", sessions),
        ("/auth/factors", sessions),
        ("/auth/factors/totp", sessions),
        ("/auth/factors/totp/{id}/confirm", sessions),
        ("/auth/factors/recovery-codes", sessions),
        ("/auth/factors/{id}", sessions),
        ("/auth/passkeys", sessions),
        ("/auth/passkeys/options", sessions),
        ("/.well-known/webauthn", PUBLISHED),
        ("/admin/users", json(Admin)),
        ("/admin/users/import", lines(Admin)),
        ("/admin/users/export", json(Admin)),
        ("/admin/users/{id}", merge_patch(Admin)),
        ("/admin/audit", json(Admin)),
        ("/console", PAGE),
        ("/console/{file}", PUBLISHED),
        ("/oauth/token", form(ByGrant)),
        ("/oauth/revoke", form(Sessions)),
        ("/oauth/introspect", form(Introspection)),
        ("/oauth/revocations", form(Introspection).cached()),
    ] {
        let known = endpoints().iter().map(|endpoint| endpoint.path).find(|path| *path == template);
        assert_eq!(table().named(template), Matched { template: known, needs }, "{template}");
    }
    for nothing in ["/oauth/introspection", "/oauth/nothing", "/healthy", "/docsy", "/nowhere", "", "*"] {
        assert_eq!(table().named(nothing), Matched { template: None, needs: general }, "{nothing}");
    }
}

/// One character of a path in one of a few ways, most of which are another path to a router.
fn spelt(character: char, way: u8) -> String {
    match (way, character) {
        (1, '/') => "//".to_owned(),
        (2, '/') => "/./".to_owned(),
        (3, '/') => "/x/../".to_owned(),
        (4, '/') => "%2F".to_owned(),
        (1, _) => format!("%{:02x}", u32::from(character)),
        (2, _) => format!("%{:02X}", u32::from(character)),
        (5, _) => character.to_ascii_uppercase().to_string(),
        _ => character.to_string(),
    }
}

/// The path of a route, spelt by those ways, with one of those ends.
fn spelling(
    slashes: &'static [u8],
    others: &'static [u8],
    ends: &'static [&'static str],
) -> impl Strategy<Value = (&'static str, String)> {
    let templates: Vec<_> = endpoints().iter().map(|endpoint| endpoint.path).collect();
    let ways = prop::collection::vec((select(slashes), select(others)), 64);
    (select(templates), select(&["", "http://x"][..]), ways, select(ends)).prop_map(|(template, host, ways, end)| {
        let path = template.replace(['{', '}'], "");
        let spelt: String =
            path.chars().zip(ways).map(|(c, (slash, other))| spelt(c, if c == '/' { slash } else { other })).collect();
        (template, format!("{host}{spelt}{end}"))
    })
}

/// Remembers what is found of a request, and lets it go on to its route.
async fn find(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let found = Matched::find(&request);
    let mut response = next.call(request).await?.map_into_boxed_body();
    response.response_mut().extensions_mut().insert(found);
    Ok(response)
}

/// Sends each target, and judges by where it came out and what was found of it before.
fn route<T: Debug>(targets: impl Strategy<Value = (T, String)>, judge: impl Fn(T, Matched) -> Result<(), TestCaseError>) {
    let system = System::new();
    let app = endpoints()
        .into_iter()
        .map(|endpoint| endpoint.path)
        .fold(App::new().app_data(table()).wrap(from_fn(find)), |app, template| {
            app.service(web::resource(template).to(move || async move { template }))
        });
    let app = system.block_on(init_service(app));
    let outcome = TestRunner::default().run(&targets, |(expected, target)| {
        let Ok(uri) = target.parse::<Uri>() else { return Ok(()) };
        let response = system.block_on(app.call(TestRequest::default().uri(&uri.to_string()).to_request())).unwrap();
        let found = *response.response().extensions().get::<Matched>().unwrap();
        let routed = system.block_on(read_body(response));
        prop_assert_eq!(found.template.unwrap_or_default().as_bytes(), &routed[..], "{}", target);
        judge(expected, found)
    });
    outcome.unwrap();
}

#[test]
fn percent_encoding_changes_nothing() {
    route(spelling(&[0], &[0, 1, 2], &["", "?x=/health", "#/docs"]), |template, found| {
        prop_assert_eq!(found, table().named(template));
        Ok(())
    });
}

#[test]
fn a_path_that_reads_like_a_template_is_routed_to_it() {
    let templates: Vec<_> = endpoints().iter().map(|endpoint| endpoint.path).collect();
    route(select(templates).prop_map(|template| (template, template.to_owned())), |template, found| {
        prop_assert_eq!(found, table().named(template));
        Ok(())
    });
}

#[test]
fn no_spelling_of_a_path_draws_on_a_larger_budget() {
    let ends = &["", "/", "//", ";x=1", "/.", "/..", "%2F", "%00", "%20", "%25", "?"];
    route(spelling(&[0, 0, 0, 1, 2, 3, 4], &[0, 0, 0, 0, 0, 1, 2, 5], ends), |template, found| {
        prop_assert!(found.template.is_none() || found.needs.budget == table().named(template).needs.budget, "{:?}", found);
        prop_assert!(found.template.is_some() || !found.needs.cached, "{:?}", found);
        Ok(())
    });
}

#[test]
fn any_path_counts_where_it_is_routed() {
    let segment =
        select(&["/", "auth", "login", "health", "docs", "oauth", ".well-known", "..", ".", "%2e", "%2F", "%ff", "x", ";"][..]);
    let path = prop::collection::vec(segment, 0..8).prop_map(|parts| ((), format!("/{}", parts.concat())));
    route(path, |(), _found| Ok(()));
}
