//! Revision 0: what is done before anything has been learnt, as the profiles say.

use std::collections::BTreeMap;

use common::config::subnet::{SubnetProfile, SubnetProfiles};
use common::strategy::{Arm, ArmShare, EpochClock, FORMAT, MAX_ARMS, Revision, ShareTable, SubnetStrategy};

/// 361 blocks of twelve seconds: the usual epoch.
const EPOCH_MS: u64 = 361 * 12_000;

/// Makes the first revision. Every model, effort and strategy together is a way of answering, in the profile's order, and the
/// first is always drawn; nothing is tried out.
#[must_use]
pub fn prior(profiles: &SubnetProfiles) -> Revision {
    let subnets = profiles.subnets.iter().filter_map(|(netuid, profile)| Some((*netuid, subnet(profile)?)));
    Revision { version: FORMAT, number: 0, seed: 0, canary_share: 0.0, subnets: subnets.collect() }
}

/// Fits a revision to the profiles: a subnet that it does not know is done as the profile says, and one without a profile is
/// left out.
pub(crate) fn complete(revision: Revision, profiles: &SubnetProfiles) -> Revision {
    let mut learnt = revision.subnets;
    let subnets: BTreeMap<_, _> = prior(profiles)
        .subnets
        .into_iter()
        .map(|(netuid, prior)| (netuid, learnt.remove(&netuid).unwrap_or(prior)))
        .collect();
    Revision { subnets, ..revision }
}

/// Nothing if no model is named, as where every route is answered without one.
fn subnet(profile: &SubnetProfile) -> Option<SubnetStrategy> {
    let efforts: Vec<_> = match profile.efforts.as_slice() {
        [] => vec![None],
        efforts => efforts.iter().copied().map(Some).collect(),
    };
    let mut arms: Vec<Arm> = Vec::new();
    for model in &profile.preferred_models {
        for effort in &efforts {
            for strategy in &profile.prompt_strategies {
                let arm = Arm { model: model.clone(), effort: *effort, strategy: strategy.clone() };
                if arms.len() < MAX_ARMS && !arms.contains(&arm) {
                    arms.push(arm);
                }
            }
        }
    }
    if arms.is_empty() {
        return None;
    }
    let table = ShareTable { validator: None, class: None, shares: vec![ArmShare { arm: 0, share: 1.0 }] };
    let epochs = EpochClock { number: 0, start_unix_ms: 0, length_ms: EPOCH_MS };
    Some(SubnetStrategy { epochs, arms, tables: vec![table], callers: Vec::new() })
}
