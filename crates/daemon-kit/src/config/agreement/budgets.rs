//! Limits: unique, limiting something, naming what exists, and at least one over everything.

use std::collections::BTreeMap;

use common::config::budget::{Limit, LimitScope, LimitWindow, TokenBudgets};
use common::config::miner::Vendor;
use common::config::subnet::SubnetProfiles;
use common::id::VendorName;

use super::{ConfigError, File};
use crate::config::nearest::{hint, nearest};

pub(super) fn check(
    budgets: &TokenBudgets,
    vendors: &BTreeMap<VendorName, Vendor>,
    subnets: &SubnetProfiles,
) -> Vec<ConfigError> {
    let mut found = Vec::new();
    if !budgets.limits.iter().any(|limit| limit.scope == LimitScope::default()) {
        let problem = "no limit is without scope: one must hold for every call, so that nothing is spent without limit";
        found.push(("limits".to_owned(), problem.to_owned()));
    }
    for (index, limit) in budgets.limits.iter().enumerate() {
        let earlier = budgets.limits.get(..index).unwrap_or_default();
        let of_limit = [
            name_problem(limit, earlier).map(|problem| ("name", problem)),
            amount_problem(limit).map(|problem| ("max_tokens", problem)),
            vendor_problem(limit, vendors).map(|problem| ("scope.vendor", problem)),
            key_problem(limit, vendors).map(|problem| ("scope.key", problem)),
            model_problem(limit, subnets).map(|problem| ("scope.model", problem)),
            subnet_problem(limit, subnets).map(|problem| ("scope.netuid", problem)),
            earnings_problem(limit).map(|(key, problem)| (key, problem.to_owned())),
        ];
        found.extend(of_limit.into_iter().flatten().map(|(key, problem)| (format!("limits[{index}].{key}"), problem)));
    }
    found.into_iter().map(|(key, problem)| ConfigError::contradiction(File::TokenBudgets, key, problem)).collect()
}

fn name_problem(limit: &Limit, earlier: &[Limit]) -> Option<String> {
    let again = earlier.iter().position(|earlier| earlier.name == limit.name);
    match again {
        Some(index) => Some(format!("limits[{index}] has the same name: a name stands for one limit")),
        None => limit.name.is_empty().then(|| "is empty".to_owned()),
    }
}

fn amount_problem(limit: &Limit) -> Option<String> {
    let unlimited = limit.max_tokens.is_none() && limit.max_usd.is_none() && limit.of_earnings.is_none();
    unlimited.then(|| "is missing, and so are max_usd and of_earnings: a limit needs one of them".to_owned())
}

fn earnings_problem(limit: &Limit) -> Option<(&'static str, &'static str)> {
    let share = limit.of_earnings.as_ref()?;
    match limit.window {
        LimitWindow::Day | LimitWindow::Month => {}
        LimitWindow::Minute | LimitWindow::Total => {
            return Some((
                "window",
                "must be day or month where of_earnings is: a share is of what was earned in as long",
            ));
        }
    }
    if !(1..=100).contains(&share.percent) {
        return Some(("of_earnings.percent", "must be from 1 to 100; floor_usd is what may be spent in any case"));
    }
    (share.max_age_hours == 0).then_some(("of_earnings.max_age_hours", "must be at least 1"))
}

fn vendor_problem(limit: &Limit, vendors: &BTreeMap<VendorName, Vendor>) -> Option<String> {
    let vendor = limit.scope.vendor.as_ref().filter(|vendor| !vendors.contains_key(*vendor))?;
    let hint = hint(nearest(vendor.as_str(), vendors.keys().map(VendorName::as_str)));
    Some(format!("there is no vendor {vendor} in miner-config.json{hint}"))
}

fn key_problem(limit: &Limit, vendors: &BTreeMap<VendorName, Vendor>) -> Option<String> {
    let keys = || vendors.values().filter_map(|vendor| vendor.credential.as_deref());
    let key = limit.scope.key.as_deref().filter(|key| !keys().any(|known| known == *key))?;
    let hint = hint(nearest(key, keys()));
    Some(format!("no vendor in miner-config.json has the credential {key}{hint}"))
}

fn model_problem(limit: &Limit, subnets: &SubnetProfiles) -> Option<String> {
    let preferred = || subnets.subnets.values().flat_map(|profile| &profile.preferred_models).map(|name| &name.model);
    let model = limit.scope.model.as_ref().filter(|model| !preferred().any(|known| known == *model))?;
    let hint = hint(nearest(model.as_str(), preferred().map(|model| model.as_str())));
    Some(format!("no profile in subnet-profiles.json prefers a model {model}{hint}"))
}

fn subnet_problem(limit: &Limit, subnets: &SubnetProfiles) -> Option<String> {
    let netuid = limit.scope.netuid.filter(|netuid| !subnets.subnets.contains_key(netuid))?;
    Some(format!("there is no profile of subnet {netuid} in subnet-profiles.json"))
}
