//! Random programs: who asks which of two servers for what.

use proptest::prelude::*;

pub const ACCOUNTS: usize = 2;
pub const CLIENTS: usize = 4;

#[derive(Debug, Clone, Copy)]
pub enum Scope {
    Local,
    Others,
    All,
}

/// Who does what. A client drops what was refused; one that holds nothing leaves it to the next that does.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    Register {
        account: usize,
        client: usize,
    },
    Login {
        account: usize,
        client: usize,
        right: bool,
    },
    Refresh {
        client: usize,
    },
    /// The server answers, and the client does not hear it.
    RefreshUnheard {
        client: usize,
    },
    /// A second tab, or a copy of its storage: what `from` holds, `to` holds too.
    Share {
        from: usize,
        to: usize,
    },
    /// Somebody presents any refresh token that was ever issued, counted from the newest of a session.
    Steal {
        session: usize,
        age: usize,
    },
    /// Something that takes an access token.
    Ask {
        client: usize,
        request: Request,
    },
    Disable {
        account: usize,
    },
    Enable {
        account: usize,
    },
}

#[derive(Debug, Clone, Copy)]
pub enum Request {
    Me,
    Logout(Scope),
    End { session: usize },
    ChangePassword { right: bool },
    Leave { right: bool },
}

#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub act: Act,
    pub server: usize,
}

pub fn scopes() -> impl Strategy<Value = Scope> {
    prop_oneof![3 => Just(Scope::Local), 1 => Just(Scope::Others), 1 => Just(Scope::All)]
}

fn requests() -> impl Strategy<Value = Request> {
    let mostly = prop::bool::weighted(0.8);
    prop_oneof![
        4 => Just(Request::Me),
        3 => scopes().prop_map(Request::Logout),
        3 => (0..64_usize).prop_map(|session| Request::End { session }),
        1 => mostly.prop_map(|right| Request::ChangePassword { right }),
        1 => mostly.prop_map(|right| Request::Leave { right }),
    ]
}

/// Mostly refreshes, since hashes are dear.
pub fn programs() -> impl Strategy<Value = Vec<Step>> {
    let (account, client, mostly) = (|| 0..ACCOUNTS, || 0..CLIENTS, prop::bool::weighted(0.8));
    let act = prop_oneof![
        2 => (account(), client()).prop_map(|(account, client)| Act::Register { account, client }),
        4 => (account(), client(), mostly).prop_map(|(account, client, right)| Act::Login { account, client, right }),
        24 => client().prop_map(|client| Act::Refresh { client }),
        8 => client().prop_map(|client| Act::RefreshUnheard { client }),
        4 => (client(), client()).prop_map(|(from, to)| Act::Share { from, to }),
        4 => (0..64_usize, 0..6_usize).prop_map(|(session, age)| Act::Steal { session, age }),
        12 => (client(), requests()).prop_map(|(client, request)| Act::Ask { client, request }),
        1 => account().prop_map(|account| Act::Disable { account }),
        4 => account().prop_map(|account| Act::Enable { account }),
    ];
    prop::collection::vec((act, 0..super::NUMBERS).prop_map(|(act, server)| Step { act, server }), 10..60)
}
