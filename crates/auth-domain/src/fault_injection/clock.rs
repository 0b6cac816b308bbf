//! A clock that goes wrong and is put right: nobody is taken for a thief, and no session is lost.

use chrono::TimeDelta;

use super::world::{Refusal, World, ann, origin, right};
use crate::{audit::kind::EventKind, maintenance::prune::Pruned, sessions::token::TokenPair};

const DAY: TimeDelta = TimeDelta::days(1);
const HOUR: TimeDelta = TimeDelta::hours(1);

impl World {
    async fn enter(&self) -> TokenPair {
        self.login().execute(&ann(), right(), &origin()).await.unwrap()
    }

    async fn refreshed(&self, pair: &TokenPair) -> Result<TokenPair, Refusal> {
        Ok(self.refresh().execute(&pair.refresh, &origin()).await?)
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
    let world = World::new().await;
    let first = world.enter().await;
    world.clock.advance(HOUR * 2);
    let second = world.refreshed(&first).await.unwrap();

    world.clock.advance(-HOUR);
    assert_eq!(world.knows(&second).await, refused("the token is not valid"), "issued in an hour");
    assert_eq!(world.refreshed(&second).await.map(drop), refused("the token is not valid"));
    let lost = world.refreshed(&first).await.unwrap();
    assert_eq!(world.knows(&lost).await, Ok(()), "whose answer was lost gets it again, and is let in");
    let meanwhile = world.enter().await;
    assert_eq!(world.knows(&meanwhile).await, Ok(()), "the day's business goes on");
    let meanwhile = world.refreshed(&meanwhile).await.unwrap();

    world.clock.advance(HOUR);
    assert_eq!(world.knows(&second).await, Ok(()));
    for pair in [&second, &meanwhile] {
        let next = world.refreshed(pair).await.unwrap();
        assert_eq!(world.knows(&next).await, Ok(()));
    }
    world.has_seen_no_thief();
}

#[tokio::test]
async fn a_day_forward_and_back_again_loses_no_session() {
    let world = World::new().await;
    let (active, idle, nearly_over) = (world.enter().await, world.enter().await, world.enter().await);
    world.clock.advance(DAY * 6);
    let (active, idle) = (world.refreshed(&active).await.unwrap(), world.refreshed(&idle).await.unwrap());
    world.clock.advance(HOUR * 12);

    world.clock.advance(DAY);
    assert_eq!(world.knows(&active).await, refused("the token has expired"));
    assert_eq!(world.refreshed(&nearly_over).await.map(drop), refused("the token has expired"));
    let ahead = world.refreshed(&active).await.unwrap();
    assert_eq!(world.knows(&ahead).await, Ok(()));
    let prune = world.prune();
    assert_eq!(prune.execute().await.unwrap(), Pruned::AllDone);

    world.clock.advance(-DAY);
    assert!(world.refreshed(&nearly_over).await.is_ok(), "seemed over for a while, and was not forgotten");
    assert!(world.refreshed(&idle).await.is_ok());
    assert_eq!(world.refreshed(&ahead).await.map(drop), refused("the token is not valid"), "issued tomorrow");
    let again = world.refreshed(&active).await.unwrap();
    assert_eq!(world.knows(&again).await, Ok(()), "the token before it still opens the session");

    world.clock.advance(DAY);
    assert!(world.refreshed(&ahead).await.is_ok(), "tomorrow has come");
    world.has_seen_no_thief();
}
