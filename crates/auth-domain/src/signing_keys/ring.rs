//! Keys whose signatures others can verify. The state of a key follows from its times alone.

mod succession;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    identity::ids::KeyId,
    sessions::token::{ACCESS_MAX_MINUTES, CLOCK_SKEW},
    signing_keys::key::{FreshKey, KeyAlgorithm, SigningKey},
};

/// How far ahead "at once" is: longer than any server goes without reading the keys.
pub const AT_ONCE: TimeDelta = TimeDelta::seconds(3);

/// The least time in which nobody signs that counts as such.
pub const MOMENT: TimeDelta = TimeDelta::milliseconds(1);

/// How long a key stays published after it stops signing: the longest life of an access token, and a minute for clock skew.
pub const PUBLISHED_AFTER: TimeDelta = TimeDelta::minutes(ACCESS_MAX_MINUTES + 1);

/// How keys are made and rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPolicy {
    pub algorithm: KeyAlgorithm,
    /// How long verifiers may cache the keys.
    pub cached_for: TimeDelta,
    /// How long one key signs.
    pub signs_for: TimeDelta,
}

/// The state of a key at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, but not signing yet.
    Pending,
    /// The one that signs.
    Active,
    /// No longer signing, but published until its last token has expired.
    Retiring,
    Revoked,
    Gone,
}

/// All known keys, ordered by number, each with the time that it stops signing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyRing(Vec<KeyTimeline>);

/// A key, and when it stops signing, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTimeline {
    pub key: SigningKey,
    end: Option<DateTime<Utc>>,
}

impl KeyPolicy {
    /// When a key that is made now may sign: once it has been published for longer than verifiers cache.
    #[must_use]
    pub fn signs_from(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + self.cached_for + CLOCK_SKEW
    }

    /// Whether it is time to make the next key.
    #[must_use]
    pub fn is_due(&self, ring: &KeyRing, now: DateTime<Utc>) -> bool {
        ring.newest(now).is_some_and(|newest| self.signs_from(now) >= newest.signs_from + self.signs_for)
    }
}

impl KeyRing {
    /// A key signs until it is taken out of use, or until one with a greater number starts to sign.
    #[must_use]
    pub fn of(mut keys: Vec<SigningKey>) -> Self {
        keys.sort_unstable_by_key(|key| std::cmp::Reverse(key.number));
        let mut superseded: Option<DateTime<Utc>> = None;
        let mut timelines: Vec<_> = keys
            .into_iter()
            .map(|key| {
                let end = [key.retired_at, key.revoked_at, superseded].into_iter().flatten().min();
                let timeline = KeyTimeline { key, end };
                if timeline.comes_to_sign() {
                    superseded = Some(superseded.map_or(timeline.key.signs_from, |at| at.min(timeline.key.signs_from)));
                }
                timeline
            })
            .collect();
        timelines.reverse();
        Self(timelines)
    }

    /// Ordered by number.
    pub fn timelines(&self) -> impl DoubleEndedIterator<Item = &KeyTimeline> {
        self.0.iter()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that signs at a time, if one does.
    #[must_use]
    pub fn signer(&self, at: DateTime<Utc>) -> Option<&SigningKey> {
        self.timelines().find(|timeline| timeline.state(at) == KeyState::Active).map(|timeline| &timeline.key)
    }

    /// The last key made that signs or will sign.
    #[must_use]
    pub fn newest(&self, now: DateTime<Utc>) -> Option<&SigningKey> {
        self.timelines().rev().find(|timeline| timeline.is_in_use(now)).map(|timeline| &timeline.key)
    }

    #[must_use]
    pub fn find(&self, id: &KeyId) -> Option<&KeyTimeline> {
        self.timelines().find(|timeline| timeline.key.id == *id)
    }

    /// The next key, which signs from a time on.
    #[must_use]
    pub fn next(&self, fresh: FreshKey, signs_from: DateTime<Utc>, now: DateTime<Utc>) -> SigningKey {
        let FreshKey { id, algorithm, public, private } = fresh;
        let number = self.0.last().map_or(1, |timeline| timeline.key.number + 1);
        SigningKey { id, number, algorithm, public, private, created_at: now, signs_from, retired_at: None, revoked_at: None }
    }

    /// What verifiers may fetch.
    pub fn published(&self, at: DateTime<Utc>) -> impl Iterator<Item = &SigningKey> {
        self.timelines().filter(move |timeline| timeline.is_published(at)).map(|timeline| &timeline.key)
    }

    /// Whether an unexpired token may be signed with the shared secret: whether, within the life of a token, there was a time
    /// when no key signed. The clock of the server that signed may be a little ahead.
    #[must_use]
    pub fn leaves_room_for_the_secret(&self, now: DateTime<Utc>) -> bool {
        let (since, until) = (now - PUBLISHED_AFTER, now + CLOCK_SKEW);
        let ends = self.0.iter().filter_map(|timeline| timeline.end).filter(|end| (since..=until).contains(end));
        [since, now].into_iter().chain(ends).any(|at| self.signer(at).is_none())
    }
}

impl KeyTimeline {
    /// When it stops signing, as far as that is known.
    #[must_use]
    pub fn end(&self) -> Option<DateTime<Utc>> {
        self.end
    }

    /// Whether it ever signs.
    fn comes_to_sign(&self) -> bool {
        self.end.is_none_or(|end| end > self.key.signs_from)
    }

    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> KeyState {
        let since = |time: Option<DateTime<Utc>>| time.is_some_and(|time| time <= now);
        if since(self.key.revoked_at) {
            KeyState::Revoked
        } else if !self.comes_to_sign() || since(self.end.map(|end| end + PUBLISHED_AFTER)) {
            KeyState::Gone
        } else if now < self.key.signs_from {
            KeyState::Pending
        } else if since(self.end) {
            KeyState::Retiring
        } else {
            KeyState::Active
        }
    }

    /// Whether it signs, or will.
    #[must_use]
    pub fn is_in_use(&self, now: DateTime<Utc>) -> bool {
        matches!(self.state(now), KeyState::Pending | KeyState::Active)
    }

    /// Whether it can be deleted: everything that it signed has expired.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        let expired = self.end.is_some_and(|end| end + PUBLISHED_AFTER <= now);
        expired && matches!(self.state(now), KeyState::Gone | KeyState::Revoked)
    }

    #[must_use]
    pub fn is_published(&self, now: DateTime<Utc>) -> bool {
        matches!(self.state(now), KeyState::Pending | KeyState::Active | KeyState::Retiring)
    }

    /// Whether tokens that it signed are valid. The clock of the server that signed may be a little ahead.
    #[must_use]
    pub fn verifies(&self, now: DateTime<Utc>) -> bool {
        self.is_published(now) && self.key.signs_from <= now + CLOCK_SKEW
    }
}

#[cfg(test)]
mod tests;
