//! A clock that goes wrong and is put right: nobody is taken for a thief, and no session is lost.

use chrono::TimeDelta;

use super::fixture::{Fixture, Refusal, ann, context, right};
use crate::{audit::kind::EventKind, maintenance::prune::Pruned, sessions::token::TokenPair, testing::entered};

const DAY: TimeDelta = TimeDelta::days(1);
const HOUR: TimeDelta = TimeDelta::hours(1);

impl Fixture {
    async fn enter(&self) -> TokenPair {
        entered(self.login().execute(&ann(), right(), &context()).await.unwrap())
    }

    async fn refreshed(&self, pair: &TokenPair) -> Result<TokenPair, Refusal> {
        Ok(self.refresh().execute(&pair.refresh, &context()).await?)
    }

    async fn knows(&self, pair: &TokenPair) -> Result<(), Refusal> {
        Ok(self.authenticate().execute(&pair.access).await.map(drop)?)
    }

    fn has_seen_no_thief(&self) {
        let kinds = self.audit.kinds();
        assert!(!kinds.contains(&EventKind::TokenReused) && !kinds.contains(&EventKind::SessionEnded), "{kinds:?}");
    }
}

fn refused<T>(words: &str) -> Result<T, Refusal> {
    Err(Refusal::No(words.to_owned()))
}

#[tokio::test]
async fn an_hour_back_makes_tokens_wait_and_ends_nothing() {
    let fixture = Fixture::new().await;
    let first = fixture.enter().await;
    fixture.clock.advance(HOUR * 2);
    let second = fixture.refreshed(&first).await.unwrap();

    fixture.clock.advance(-HOUR);
    assert_eq!(fixture.knows(&second).await, refused("the token is not valid"), "issued in an hour");
    assert_eq!(fixture.refreshed(&second).await.map(drop), refused("the token is not valid"));
    let lost = fixture.refreshed(&first).await.unwrap();
    assert_eq!(fixture.knows(&lost).await, Ok(()), "whose answer was lost gets it again, and is let in");
    let meanwhile = fixture.enter().await;
    assert_eq!(fixture.knows(&meanwhile).await, Ok(()), "the day's business goes on");
    let meanwhile = fixture.refreshed(&meanwhile).await.unwrap();

    fixture.clock.advance(HOUR);
    assert_eq!(fixture.knows(&second).await, Ok(()));
    for pair in [&second, &meanwhile] {
        let next = fixture.refreshed(pair).await.unwrap();
        assert_eq!(fixture.knows(&next).await, Ok(()));
    }
    fixture.has_seen_no_thief();
}

#[tokio::test]
async fn a_day_forward_and_back_again_loses_no_session() {
    let fixture = Fixture::new().await;
    let (active, idle, nearly_over) = (fixture.enter().await, fixture.enter().await, fixture.enter().await);
    fixture.clock.advance(DAY * 6);
    let (active, idle) = (fixture.refreshed(&active).await.unwrap(), fixture.refreshed(&idle).await.unwrap());
    fixture.clock.advance(HOUR * 12);

    fixture.clock.advance(DAY);
    assert_eq!(fixture.knows(&active).await, refused("the token has expired"));
    assert_eq!(fixture.refreshed(&nearly_over).await.map(drop), refused("the token has expired"));
    let ahead = fixture.refreshed(&active).await.unwrap();
    assert_eq!(fixture.knows(&ahead).await, Ok(()));
    let prune = fixture.prune();
    assert_eq!(prune.execute().await.unwrap(), Pruned::AllDone);

    fixture.clock.advance(-DAY);
    assert!(fixture.refreshed(&nearly_over).await.is_ok(), "seemed over for a while, and was not forgotten");
    assert!(fixture.refreshed(&idle).await.is_ok());
    assert_eq!(fixture.refreshed(&ahead).await.map(drop), refused("the token is not valid"), "issued tomorrow");
    let again = fixture.refreshed(&active).await.unwrap();
    assert_eq!(fixture.knows(&again).await, Ok(()), "the token before it still opens the session");

    fixture.clock.advance(DAY);
    assert!(fixture.refreshed(&ahead).await.is_ok(), "tomorrow has come");
    fixture.has_seen_no_thief();
}
