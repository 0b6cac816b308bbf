//! Who signs from now on, and what has to be done so that somebody always does.

use chrono::{DateTime, Utc};

use super::{AT_ONCE, KeyRing, KeyState, KeyTimeline, MOMENT};
use crate::sessions::token::CLOCK_SKEW;
use crate::{identity::ids::KeyId, signing_keys::key::SigningKey};

impl KeyRing {
    /// The first key of a deployment that is in use, before it signs: the shared secret signs until verifiers can know it. There is
    /// no such time once a key has signed, nor for a key that waits for no verifier. One from the future was made before the clock
    /// was set back.
    #[must_use]
    pub fn first_to_come(&self, at: DateTime<Utc>) -> Option<&SigningKey> {
        let first = self
            .timelines()
            .filter(|timeline| timeline.comes_to_sign())
            .map(|timeline| &timeline.key)
            .min_by_key(|key| key.signs_from)?;
        let waits = first.created_at < first.signs_from && first.created_at <= at + CLOCK_SKEW;
        (waits && at < first.signs_from).then_some(first)
    }

    /// From when on nobody signs, neither a key nor the secret before the first one: `now` or later. `None` if there is always one,
    /// or will be as soon as a new one could sign.
    #[must_use]
    pub fn silent_from(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut at = self.first_to_come(now).map_or(now, |first| first.signs_from);
        if self.signer(at).is_none() {
            // Another server's clock may be a little ahead, and its key about to sign.
            at = self.next_start(now).filter(|start| *start <= now + CLOCK_SKEW).unwrap_or(at);
        }
        loop {
            match self.signer(at).and_then(|key| self.find(&key.id)) {
                Some(timeline) => at = timeline.end?,
                // No new key could sign sooner.
                None => match self.next_start(at) {
                    Some(start) if start <= at.max(now + AT_ONCE) + MOMENT => at = start,
                    Some(_) | None => return Some(at),
                },
            }
        }
    }

    /// When the next key starts to sign.
    #[must_use]
    pub fn next_start(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.timelines().filter(|timeline| timeline.state(now) == KeyState::Pending).map(|timeline| timeline.key.signs_from).min()
    }

    /// When a new key signs that is wanted from a time on: earlier where nobody would sign before, but not before all servers know
    /// it. Where no key has signed yet, the secret does until then.
    #[must_use]
    pub fn start_of_next(&self, wanted: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let secret_signs = self.first_to_come(now).is_some() || !self.timelines().any(KeyTimeline::comes_to_sign);
        if secret_signs { wanted } else { self.start_without_silence(wanted, now) }
    }

    /// The same, where the secret is not to sign.
    #[must_use]
    pub fn start_without_silence(&self, wanted: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let silent_from = self.silent_from(now).unwrap_or(wanted);
        wanted.min(silent_from.max(now + AT_ONCE))
    }

    /// The keys as they are once one has been taken out of use from a time on.
    #[must_use]
    pub fn without(&self, id: &KeyId, from: DateTime<Utc>) -> Self {
        let end = |key: &SigningKey| Some(key.retired_at.map_or(from, |at| at.min(from)));
        let ending = |key: &SigningKey| if key.id == *id { end(key) } else { key.retired_at };
        Self::of(
            self.timelines().map(|timeline| SigningKey { retired_at: ending(&timeline.key), ..timeline.key.clone() }).collect(),
        )
    }

    /// When a key in use may end so that somebody always signs: as soon as all servers can know, or, where it may go on signing for
    /// so long, once another starts. `None` if a new key has to follow.
    #[must_use]
    pub fn earliest_end(&self, id: &KeyId, may_go_on: bool, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at_once = now + AT_ONCE;
        let others = self
            .timelines()
            .filter(|timeline| timeline.key.id != *id && timeline.is_in_use(now))
            .map(|timeline| timeline.key.signs_from);
        let mut ends: Vec<_> = others.filter(|start| may_go_on && *start > at_once).collect();
        ends.push(at_once);
        ends.sort_unstable();
        ends.into_iter().find(|end| self.without(id, *end).silent_from(now).is_none())
    }
}
