//! What every [`ClientTokenCodec`](crate::oauth::ports::ClientTokenCodec) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::{SubsecRound, TimeDelta};

use crate::{
    oauth::{
        client::Client,
        client_token::ClientClaims,
        scope::{Scope, Scopes},
    },
    sessions::token::{InvalidToken, TokenId, TokenKind},
    testkit::{
        fixtures::ClientCodecs,
        samples::{after, claims, client, id, start},
    },
};

/// One test per clause: `client_token_codec_contract!(fixture)`, where the fixture is a future of [`ClientCodecs`].
#[macro_export]
macro_rules! client_token_codec_contract {
    ($fresh:expr) => {
        $crate::clauses! { [] $fresh; oauth::client_token_codec:
            reads_back_what_it_wrote_of_a_client,
            keeps_times_of_clients_to_the_second,
            tells_clients_from_people,
            refuses_a_token_of_another_key_for_clients,
            refuses_an_altered_token_of_a_client,
            refuses_what_is_no_token_of_a_client,
            refuses_a_token_of_a_client_at_another_time,
        }
    };
}

/// What a token says that a client got at the start.
fn said() -> ClientClaims {
    let scopes = Scopes::of([Scope::AdminRead, Scope::AdminExport]);
    let orders = Client { scopes: Scopes::of(Scope::ALL), scopes_version: 3, ..client("orders") };
    ClientClaims::of(&orders, TokenId(id()), scopes, start().trunc_subsecs(0), TimeDelta::minutes(15))
}

pub async fn reads_back_what_it_wrote_of_a_client(codecs: &ClientCodecs) {
    for scopes in [Scopes::default(), Scopes::of([Scope::AdminWrite]), Scopes::of(Scope::ALL)] {
        for scopes_version in [0, 1, i64::MAX] {
            let claims = ClientClaims { scopes: scopes.clone(), scopes_version, ..said() };
            let token = codecs.codec.encode(&claims).unwrap();
            assert_eq!(codecs.codec.decode(&token, start()), Ok(claims));
        }
    }
}

pub async fn keeps_times_of_clients_to_the_second(codecs: &ClientCodecs) {
    let claims = ClientClaims { issued_at: start(), expires_at: after(900), ..said() };
    let read = codecs.codec.decode(&codecs.codec.encode(&claims).unwrap(), start()).unwrap();
    assert_eq!((read.issued_at, read.expires_at), (start().trunc_subsecs(0), after(900).trunc_subsecs(0)));
}

pub async fn tells_clients_from_people(codecs: &ClientCodecs) {
    let token = codecs.codec.encode(&said()).unwrap();
    for kind in [TokenKind::Access, TokenKind::Refresh] {
        assert_eq!(codecs.of_people.decode(kind, &token, start()), Err(InvalidToken::Invalid));
        let of_a_person = codecs.of_people.encode(&claims(kind)).unwrap();
        assert_eq!(codecs.codec.decode(&of_a_person, start()), Err(InvalidToken::Invalid));
    }
}

pub async fn refuses_a_token_of_another_key_for_clients(codecs: &ClientCodecs) {
    let token = codecs.stranger.encode(&said()).unwrap();
    for now in [start(), after(1_000_000)] {
        assert_eq!(codecs.codec.decode(&token, now), Err(InvalidToken::Invalid));
    }
}

pub async fn refuses_an_altered_token_of_a_client(codecs: &ClientCodecs) {
    let token = codecs.codec.encode(&said()).unwrap();
    let mut forgeries: Vec<String> = (0..token.len()).filter_map(|end| token.get(..end)).map(str::to_owned).collect();
    forgeries
        .extend(["A", "=", " ", "\n", ".", ".AAAA"].iter().flat_map(|more| [format!("{token}{more}"), format!("{more}{token}")]));
    for (place, letter) in token.char_indices() {
        for other in ['A', 'b', '0', '.', ' '].into_iter().filter(|other| *other != letter) {
            let mut forged = token.clone();
            forged.replace_range(place..place + letter.len_utf8(), &other.to_string());
            forgeries.push(forged);
        }
    }
    for forged in forgeries {
        assert_eq!(codecs.codec.decode(&forged, start()), Err(InvalidToken::Invalid), "{forged:?}");
    }
}

pub async fn refuses_what_is_no_token_of_a_client(codecs: &ClientCodecs) {
    for text in ["", ".", "..", "null", "{}", "a.b.c", "\0", "🦀.🦀.🦀", "e30.e30.e30", "client||||||", &"a.".repeat(5000)]
    {
        assert_eq!(codecs.codec.decode(text, start()), Err(InvalidToken::Invalid), "{text}");
    }
}

pub async fn refuses_a_token_of_a_client_at_another_time(codecs: &ClientCodecs) {
    let claims = said();
    let token = codecs.codec.encode(&claims).unwrap();
    let read = |at, seconds| codecs.codec.decode(&token, at + TimeDelta::seconds(seconds)).map(drop);
    assert_eq!((read(claims.expires_at, 9), read(claims.expires_at, 10)), (Ok(()), Err(InvalidToken::Expired)));
    assert_eq!((read(claims.issued_at, -10), read(claims.issued_at, -11)), (Ok(()), Err(InvalidToken::Invalid)));
}
