//! What has to be done with the keys, as it follows from the ring, the time and the policy alone.

use chrono::{DateTime, Utc};

use crate::{
    identity::ids::KeyId,
    signing_keys::{
        key::KeyAlgorithm,
        ring::{AT_ONCE, KeyPolicy, KeyRing, KeyState, MOMENT},
    },
};

/// When the next key starts to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Once verifiers have fetched it.
    Published,
    /// As soon as all servers know it. Verifiers that do not refetch for an unknown `kid` refuse its tokens for a while.
    AtOnce,
}

/// What happens to a key's tokens when it is taken out of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// They stay valid until they expire.
    Orderly,
    /// They are refused: somebody else may have the key.
    Compromised,
}

/// What an operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCommand<'a> {
    Rotate(When),
    /// This key, from elsewhere, is to be the next one.
    Import {
        id: &'a KeyId,
        algorithm: KeyAlgorithm,
        when: When,
    },
    Revoke(&'a KeyId, Revocation),
}

/// One change of the ring. Of several, each rests on those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChange {
    /// The next key is added, which signs from a time on.
    Create { signs_from: DateTime<Utc> },
    /// A key stops signing at a time.
    Retire { id: KeyId, at: DateTime<Utc> },
    /// A key's tokens are refused from a time on.
    Revoke { id: KeyId, at: DateTime<Utc> },
    /// A key is deleted.
    Forget { id: KeyId },
}

/// Why a command is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    #[error("the shared secret signs: there is no key to follow another")]
    SecretSigns,
    #[error("there is no such key")]
    NoSuchKey,
    #[error("the key is there already")]
    KnownKey,
    #[error("the key is for {}, and keys here are for {}", .its.name(), .ours.name())]
    OtherAlgorithm { its: KeyAlgorithm, ours: KeyAlgorithm },
    #[error("the key signs no more, and its tokens count until they expire")]
    OutOfUse,
    #[error("the key is revoked already")]
    Revoked,
}

/// What a command asks for. At no time afterwards does nobody sign.
///
/// # Errors
/// [`KeyRefusal`].
pub fn plan(
    ring: &KeyRing,
    command: KeyCommand<'_>,
    now: DateTime<Utc>,
    policy: Option<KeyPolicy>,
) -> Result<Vec<KeyChange>, KeyRefusal> {
    match command {
        KeyCommand::Rotate(when) => Ok(add(ring, when, now, policy.ok_or(KeyRefusal::SecretSigns)?)),
        KeyCommand::Import { id, algorithm, when } => {
            let policy = policy.ok_or(KeyRefusal::SecretSigns)?;
            if algorithm != policy.algorithm {
                return Err(KeyRefusal::OtherAlgorithm { its: algorithm, ours: policy.algorithm });
            }
            if ring.find(id).is_some() { Err(KeyRefusal::KnownKey) } else { Ok(add(ring, when, now, policy)) }
        }
        KeyCommand::Revoke(id, Revocation::Orderly) => retire(ring, id, now, policy),
        KeyCommand::Revoke(id, Revocation::Compromised) => revoke(ring, id, now, policy),
    }
}

fn add(ring: &KeyRing, when: When, now: DateTime<Utc>, policy: KeyPolicy) -> Vec<KeyChange> {
    let wanted = match when {
        When::Published => policy.signs_from(now),
        When::AtOnce => now + AT_ONCE,
    };
    vec![KeyChange::Create { signs_from: ring.start_of_next(wanted, now) }]
}

/// The key goes on signing until whoever verifies can know another.
fn retire(ring: &KeyRing, id: &KeyId, now: DateTime<Utc>, policy: Option<KeyPolicy>) -> Result<Vec<KeyChange>, KeyRefusal> {
    match ring.find(id).ok_or(KeyRefusal::NoSuchKey)?.state(now) {
        KeyState::Pending | KeyState::Active => {}
        KeyState::Retiring | KeyState::Gone => return Err(KeyRefusal::OutOfUse),
        KeyState::Revoked => return Err(KeyRefusal::Revoked),
    }
    // With other settings than the servers', no key would follow.
    let policy = policy.ok_or(KeyRefusal::SecretSigns)?;
    let retired = |at| KeyChange::Retire { id: id.clone(), at };
    if let Some(at) = ring.earliest_end(id, true, now) {
        return Ok(vec![retired(at)]);
    }
    let at = ring.start_of_next(policy.signs_from(now), now);
    Ok(vec![KeyChange::Create { signs_from: at }, retired(at)])
}

/// The key ends as soon as all servers can know, and another signs by then.
fn revoke(ring: &KeyRing, id: &KeyId, now: DateTime<Utc>, policy: Option<KeyPolicy>) -> Result<Vec<KeyChange>, KeyRefusal> {
    let at = now + AT_ONCE;
    let revoked = KeyChange::Revoke { id: id.clone(), at };
    match ring.find(id).ok_or(KeyRefusal::NoSuchKey)?.state(now) {
        KeyState::Pending | KeyState::Active => {}
        KeyState::Retiring => return Ok(vec![revoked]),
        KeyState::Gone => return Err(KeyRefusal::OutOfUse),
        KeyState::Revoked => return Err(KeyRefusal::Revoked),
    }
    // With other settings than the servers', no key would follow.
    let policy = policy.ok_or(KeyRefusal::SecretSigns)?;
    if ring.earliest_end(id, false, now).is_some() {
        return Ok(vec![revoked]);
    }
    let signs_from = ring.without(id, at).start_without_silence(policy.signs_from(now), now);
    Ok(vec![KeyChange::Create { signs_from }, revoked])
}

/// What is left to do after a change: where nobody will sign, a key is made.
#[must_use]
pub fn end_silence(ring: &KeyRing, now: DateTime<Utc>, policy: KeyPolicy) -> Vec<KeyChange> {
    if ring.silent_from(now).is_some() { add(ring, When::Published, now, policy) } else { Vec::new() }
}

/// What a server that starts demands: the one that started last decides what signs. In a new deployment nobody has cached
/// anything, and the first key may sign at once.
#[must_use]
pub fn reconcile(ring: &KeyRing, is_new: bool, now: DateTime<Utc>, policy: Option<KeyPolicy>) -> Vec<KeyChange> {
    let Some(policy) = policy else { return retire_all(ring, now) };
    let fits = ring.newest(now).is_some_and(|newest| newest.algorithm == policy.algorithm);
    if fits && ring.silent_from(now).is_none() {
        return Vec::new();
    }
    vec![KeyChange::Create { signs_from: if is_new { now } else { start(ring, policy, now) } }]
}

/// Lets the shared secret sign once all servers know. Tokens that keys have signed stay valid until they expire.
fn retire_all(ring: &KeyRing, now: DateTime<Utc>) -> Vec<KeyChange> {
    // Those as well that another has followed: without that one they would sign again.
    let to_retire = ring.timelines().filter(|timeline| timeline.key.retired_at.is_none() && !timeline.is_over(now));
    to_retire.map(|timeline| KeyChange::Retire { id: timeline.key.id.clone(), at: now + AT_ONCE }).collect()
}

/// What is due as keys age: the next key, also where otherwise nobody would sign, and the end of those that are over.
#[must_use]
pub fn maintain(ring: &KeyRing, now: DateTime<Utc>, policy: Option<KeyPolicy>) -> Vec<KeyChange> {
    let lacks_one = |policy: &KeyPolicy| policy.is_due(ring, now) || ring.silent_from(now).is_some();
    let create = policy.filter(lacks_one).map(|policy| KeyChange::Create {
        // The keys have vanished: nothing is to be fetched before the first one signs, and the secret is not to sign again.
        signs_from: if ring.is_empty() { now } else { start(ring, policy, now) },
    });
    let over = ring.timelines().filter(|timeline| timeline.is_over(now));
    create.into_iter().chain(over.map(|timeline| KeyChange::Forget { id: timeline.key.id.clone() })).collect()
}

/// When the next key signs. Where nobody would sign, a server with the shared secret may have taken the keys out of use: the moment
/// in which none signs lets what that one signs with the secret count here.
fn start(ring: &KeyRing, policy: KeyPolicy, now: DateTime<Utc>) -> DateTime<Utc> {
    let start = ring.start_of_next(policy.signs_from(now), now);
    if ring.silent_from(now) == Some(start) { start + MOMENT } else { start }
}

#[cfg(test)]
mod tests;
