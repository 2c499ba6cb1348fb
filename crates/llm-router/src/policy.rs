//! A revision together with the profiles: everything that decisions follow, put together once.

use std::collections::BTreeMap;

use common::config::subnet::{ModelRef, SubnetProfile, SubnetProfiles};
use common::decision::ProfileRules;
use common::id::Netuid;
use common::strategy::{EpochClock, Revision, RevisionError};

use crate::chooser::Chooser;
use crate::playbook::{MessageBound, Playbook};
use crate::prior;
use crate::templates::TemplateError;

/// What decisions follow. Never changed: a new revision is a new policy.
#[derive(Clone, Debug)]
pub struct Policy {
    revision: Revision,
    subnets: BTreeMap<Netuid, SubnetPolicy>,
}

/// What decisions in one subnet follow.
#[derive(Clone, Debug)]
pub struct SubnetPolicy {
    pub(crate) chooser: Chooser,
    pub(crate) playbook: Playbook,
    pub(crate) rules: ProfileRules,
    pub(crate) temperature: Option<f64>,
}

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The revision cannot be followed.
    #[error(transparent)]
    Revision(#[from] RevisionError),
    /// What strategies say cannot be put together.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

impl Policy {
    /// Puts a revision and the profiles together. A subnet that the revision does not know is done as its profile says.
    ///
    /// # Errors
    /// The revision cannot be followed.
    pub fn new(revision: Revision, profiles: &SubnetProfiles, input_bound: MessageBound) -> Result<Self, PolicyError> {
        revision.check()?;
        let revision = prior::complete(revision, profiles);
        let mut subnets = BTreeMap::new();
        for (netuid, strategy) in &revision.subnets {
            let Some(profile) = profiles.subnets.get(netuid) else { continue };
            let policy = SubnetPolicy {
                chooser: Chooser::new(&revision, *netuid, strategy),
                playbook: Playbook::new(profile, input_bound)?,
                rules: rules(profile),
                temperature: profile.temperature,
            };
            subnets.insert(*netuid, policy);
        }
        Ok(Self { revision, subnets })
    }

    /// Returns the revision as it is followed: with every subnet that has a profile, and no other.
    #[must_use]
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// Returns what is followed in a subnet; none if no model is asked there.
    #[must_use]
    pub fn subnet(&self, netuid: Netuid) -> Option<&SubnetPolicy> {
        self.subnets.get(&netuid)
    }
}

impl SubnetPolicy {
    /// Returns the models of the ways of answering, each once.
    #[must_use]
    pub fn models(&self) -> &[ModelRef] {
        &self.chooser.models
    }

    /// Returns when epochs begin.
    #[must_use]
    pub fn epochs(&self) -> EpochClock {
        self.chooser.epochs
    }
}

fn rules(profile: &SubnetProfile) -> ProfileRules {
    ProfileRules {
        participation_rate: profile.participation_rate,
        max_tokens_per_task: profile.max_tokens_per_task,
        samples: profile.samples,
        respond: profile.respond,
    }
}
