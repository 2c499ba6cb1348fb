//! Subnet profiles: numbers in their ranges, and models of vendors that exist.

use std::collections::BTreeMap;

use common::config::answering::Respond;
use common::config::miner::Vendor;
use common::config::subnet::{SubnetProfile, SubnetProfiles};
use common::id::VendorName;

use super::{ConfigError, File};
use crate::config::nearest::{hint, nearest};

pub(super) fn check(subnets: &SubnetProfiles, vendors: &BTreeMap<VendorName, Vendor>) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    for (netuid, profile) in &subnets.subnets {
        let found = ranges(profile).into_iter().chain(models(profile, vendors));
        errors.extend(found.map(|(key, problem)| {
            ConfigError::contradiction(File::SubnetProfiles, format!("subnets.{netuid}.{key}"), problem)
        }));
    }
    errors
}

fn ranges(profile: &SubnetProfile) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if !(0.0..=1.0).contains(&profile.participation_rate) {
        found.push(("participation_rate".into(), "must be from 0 (no task) to 1 (every task)".into()));
    }
    if !(400..=599).contains(&profile.decline.status) {
        found.push(("decline.status".into(), "must be from 400 to 599: anything else looks like an answer".into()));
    }
    if profile.max_tokens_per_task == 0 {
        found.push(("max_tokens_per_task".into(), "must be at least 1".into()));
    }
    if profile.routes.is_empty() {
        found.push(("routes".into(), "is empty: nothing would be served".into()));
    }
    if profile.prompt_strategies.is_empty() {
        found.push(("prompt_strategies".into(), "is empty: name one, such as direct".into()));
    }
    found.extend(answering(profile));
    found
}

fn answering(profile: &SubnetProfile) -> Vec<(String, String)> {
    let Respond { decline_price, min_worth, full_stake_share, pace_slack } = profile.respond;
    let share = |number: f64| (0.0..=1.0).contains(&number);
    let rules = [
        (profile.temperature.is_none_or(|t| (0.0..=2.0).contains(&t)), "temperature", "must be from 0 to 2"),
        ((2..=5).contains(&profile.samples), "samples", "must be from 2 to 5: each is a call of its own"),
        (decline_price.is_finite() && decline_price >= 0.0, "respond.decline_price", "must be 0 or more"),
        (share(min_worth), "respond.min_worth", "must be from 0 (everybody) to 1"),
        (
            share(full_stake_share) && full_stake_share > 0.0,
            "respond.full_stake_share",
            "must be above 0, and at most 1",
        ),
        (share(pace_slack), "respond.pace_slack", "must be from 0 to 1"),
    ];
    rules.into_iter().filter(|(holds, ..)| !holds).map(|(_, key, problem)| (key.into(), problem.into())).collect()
}

fn models(profile: &SubnetProfile, vendors: &BTreeMap<VendorName, Vendor>) -> Vec<(String, String)> {
    let asks_models = profile.routes.values().any(|route| route.action.answer_form().is_some());
    if profile.preferred_models.is_empty() && asks_models {
        return vec![("preferred_models".into(), "is empty, but there are routes that a model must answer".into())];
    }
    let unknown = |vendor: &VendorName| {
        let hint = hint(nearest(vendor.as_str(), vendors.keys().map(VendorName::as_str)));
        format!("there is no vendor {vendor} in miner-config.json{hint}")
    };
    let models = profile.preferred_models.iter().enumerate();
    models
        .filter(|(_, model)| !vendors.contains_key(&model.vendor))
        .map(|(index, model)| (format!("preferred_models[{index}]"), unknown(&model.vendor)))
        .collect()
}
