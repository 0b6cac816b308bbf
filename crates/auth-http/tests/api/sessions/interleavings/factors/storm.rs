//! Everything at once, on two servers: second steps by the same codes, while factors come and go.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;
use tokio::task::JoinSet;

use super::{forgive, next_step, reset};
use crate::{
    factors::{remove, replace_codes},
    service::{Answer, Owner, Service},
    sessions::{
        interleavings::{NUMBERS, Servers, new_address},
        reauthenticate::again,
        tokens::claims,
    },
};

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A login's second step by a code of these: the app's, or a recovery code.
    SecondStep {
        code: usize,
    },
    StepUp {
        code: usize,
    },
    Remove,
    Replace,
    Reset,
    ConfirmAnother,
}

#[derive(Debug, Clone, Copy)]
pub struct Action {
    kind: Kind,
    server: usize,
    /// How many questions are asked first, since nothing sleeps here.
    delay: usize,
}

/// How many different codes there are: more who show them than codes.
const CODES: usize = 3;

pub fn storms() -> impl Strategy<Value = Vec<Action>> {
    let kind = prop_oneof![
        8 => (0..CODES).prop_map(|code| Kind::SecondStep { code }),
        4 => (0..CODES).prop_map(|code| Kind::StepUp { code }),
        1 => Just(Kind::Remove),
        1 => Just(Kind::Replace),
        1 => Just(Kind::Reset),
        1 => Just(Kind::ConfirmAnother),
    ];
    prop::collection::vec((kind, 0..NUMBERS, 0..4_usize).prop_map(|(kind, server, delay)| Action { kind, server, delay }), 4..14)
}

/// One storm over one account, then its aftermath.
pub async fn weather(servers: &Servers, storm: &[Action]) {
    let service = &servers[0];
    let owner = service.enrol(&new_address()).await;
    let second = service.login_with(&owner.email, &owner.app).await.access().to_owned();
    let another = service.start_app(&owner.access).await;
    let mut tokens = Vec::new();
    for _ in storm {
        tokens.push(service.first_step(&owner.email).await);
    }
    let codes = [owner.app.code(), owner.codes[0].clone(), owner.codes[1].clone()];
    let mut running = JoinSet::new();
    for (action, token) in storm.iter().zip(tokens) {
        let service = servers[action.server].clone();
        let (action, codes, email) = (*action, codes.clone(), owner.email.clone());
        let (access, id, another) = ([owner.access.clone(), second.clone()], owner.app.id.clone(), another.clone());
        running.spawn(async move {
            for _question in 0..action.delay {
                service.me(&access[0]).await;
            }
            let answer = match action.kind {
                Kind::SecondStep { code } => Some(service.second_step(&token, &codes[code]).await),
                Kind::StepUp { code } => Some(again(&service, &access[action.delay % 2], json!({ "code": codes[code] })).await),
                Kind::Remove => Some(remove(&service, &access[0], &id).await),
                Kind::Replace => Some(replace_codes(&service, &access[0]).await),
                Kind::ConfirmAnother => Some(service.confirm_app(&access[0], &another, &another.code()).await),
                Kind::Reset => {
                    reset(&service.database, &email);
                    None
                }
            };
            (action, token, answer)
        });
    }
    judge(servers, &owner, running.join_all().await).await;
}

async fn judge(servers: &Servers, owner: &Owner, done: Vec<(Action, String, Option<Answer>)>) {
    let mut used = BTreeMap::<usize, usize>::new();
    let (mut begun, mut has_moved) = (Vec::new(), false);
    for (action, _, answer) in &done {
        let status = answer.as_ref().map_or(204, |answer| answer.status);
        assert!(status < 500, "{action:?}: {answer:?}");
        match action.kind {
            Kind::SecondStep { code } | Kind::StepUp { code } if status == 200 => *used.entry(code).or_default() += 1,
            Kind::SecondStep { .. } | Kind::StepUp { .. } => {}
            Kind::Remove | Kind::Replace | Kind::Reset | Kind::ConfirmAnother => has_moved |= status < 300,
        }
        if let (Kind::SecondStep { .. }, Some(answer)) = (action.kind, answer.as_ref().filter(|answer| answer.status == 200)) {
            assert_eq!(claims(answer.access())["acr"], "aal2");
            begun.push(answer.access().to_owned());
        }
    }
    assert!(used.values().all(|count| *count == 1), "a code counted twice: {used:?} {done:#?}");
    if !has_moved {
        let codes = done.iter().filter_map(|(action, ..)| match action.kind {
            Kind::SecondStep { code } | Kind::StepUp { code } => Some(code),
            Kind::Remove | Kind::Replace | Kind::Reset | Kind::ConfirmAnother => None,
        });
        let tried: BTreeSet<_> = codes.collect();
        // Ten wrong ones hold the rest.
        assert!(done.len() > 10 || tried.len() == used.len(), "a right code counted for nobody: {done:#?}");
    }
    for service in servers.iter() {
        let answers = futures_util::future::join_all(begun.iter().map(|access| service.me(access))).await;
        assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status)), "{answers:#?}");
    }
    aftermath(&servers[1], owner, &done, has_moved).await;
}

/// What the account asks for is what it has, and what waited for a second step does not get around that.
async fn aftermath(service: &Service, owner: &Owner, done: &[(Action, String, Option<Answer>)], has_moved: bool) {
    forgive(&service.database, &owner.email);
    next_step(&service.database, &owner.app.id);
    let login = service.login(&owner.email).await;
    let access = match login.status {
        200 => login.access().to_owned(),
        _ => service.second_step(login.text("mfa_token"), &owner.app.code()).await.body["access_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    };
    if access.is_empty() {
        // The app was removed and another one is there, or its own codes count no more.
        assert!(has_moved, "{done:#?}");
    } else {
        let listed = service.factors(&access).await.body;
        assert_eq!(listed["factors"].as_array().unwrap().is_empty(), login.status == 200, "{listed}");
        assert_eq!(claims(&access)["acr"], if login.status == 200 { "aal1" } else { "aal2" });
    }
    for (_, token, _) in done.iter().filter(|_| has_moved) {
        next_step(&service.database, &owner.app.id);
        for code in [&owner.app.code(), &owner.codes[5]] {
            assert_eq!(service.second_step(token, code).await.refusal(), (401, "token_invalid"), "of before");
        }
    }
}
