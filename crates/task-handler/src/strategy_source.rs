//! The strategy that is followed now. Whoever learns a better one installs its revision here; tasks that are being decided
//! keep the one they began with.

use std::sync::Arc;

use common::config::subnet::SubnetProfiles;
use common::strategy::Revision;
use llm_router::{Policy, PolicyError, prior};
use tokio::sync::watch;

/// The strategy that is followed now. Clones share it.
#[derive(Clone, Debug)]
pub struct StrategySource {
    profiles: Arc<SubnetProfiles>,
    current: watch::Sender<Arc<Followed>>,
}

/// A policy, and its revision as it is kept.
#[derive(Debug)]
pub struct Followed {
    /// What decisions follow.
    pub policy: Policy,
    /// The revision as text, with every subnet in it.
    pub json: String,
    /// What tells it from any other; profiles change what revision 0 is.
    pub key: String,
}

impl StrategySource {
    /// Begins with what the profiles say, which is revision 0.
    ///
    /// # Errors
    /// The profiles cannot be followed.
    pub fn new(profiles: SubnetProfiles) -> Result<Self, PolicyError> {
        let first = Followed::new(prior(&profiles), &profiles)?;
        Ok(Self { profiles: Arc::new(profiles), current: watch::Sender::new(Arc::new(first)) })
    }

    /// Returns what is followed now.
    #[must_use]
    pub fn current(&self) -> Arc<Followed> {
        Arc::clone(&self.current.borrow())
    }

    /// Follows a revision from now on, unless a newer one is followed. Returns whether it is.
    ///
    /// # Errors
    /// The revision cannot be followed; the old one still is.
    pub fn install(&self, revision: Revision) -> Result<bool, PolicyError> {
        let number = revision.number;
        let followed = Arc::new(Followed::new(revision, &self.profiles)?);
        let is_newer = self.current.send_if_modified(|current| {
            let is_newer = number > current.policy.revision().number;
            if is_newer {
                *current = followed;
            }
            is_newer
        });
        if is_newer {
            tracing::info!(revision = number, "Following a new revision of the strategy");
        }
        Ok(is_newer)
    }
}

impl Followed {
    fn new(revision: Revision, profiles: &SubnetProfiles) -> Result<Self, PolicyError> {
        let policy = Policy::new(revision, profiles, llm::input_token_bound)?;
        // Numbers, names and lists can always be written.
        let json = serde_json::to_string(policy.revision()).unwrap_or_default();
        let key = format!("{}-{:016x}", policy.revision().number, digest(&json));
        Ok(Self { policy, json, key })
    }
}

/// FNV-1a: tells texts apart that nobody has made to be alike.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> StrategySource {
        let profiles = include_str!("../../../config/examples/subnet-profiles.json");
        StrategySource::new(serde_json::from_str(profiles).unwrap()).unwrap()
    }

    fn revision(number: u64) -> Revision {
        Revision { number, ..source().current().policy.revision().clone() }
    }

    #[test]
    fn only_a_newer_revision_is_followed() {
        let source = source();

        let installed = [5, 4, 5, 6].map(|number| source.install(revision(number)).unwrap());

        assert_eq!(installed, [true, false, false, true]);
        assert_eq!(source.current().policy.revision().number, 6);
    }

    #[test]
    fn a_revision_that_cannot_be_followed_changes_nothing() {
        let source = source();

        assert!(source.install(Revision { canary_share: 0.5, ..revision(9) }).is_err());
        assert_eq!(source.current().policy.revision().number, 0);
    }

    #[test]
    fn revisions_of_one_number_with_other_contents_have_other_keys() {
        let (one, other) = (source(), source());
        one.install(revision(1)).unwrap();
        other.install(Revision { seed: 7, ..revision(1) }).unwrap();

        assert_ne!(one.current().key, other.current().key);
    }
}
