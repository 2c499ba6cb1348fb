//! Limits: unique, limiting something, naming what exists, and at least one over everything.

use std::collections::BTreeMap;

use common::config::budget::{Limit, LimitScope, TokenBudgets};
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
            subnet_problem(limit, subnets).map(|problem| ("scope.netuid", problem)),
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
    let unlimited = limit.max_tokens.is_none() && limit.max_usd.is_none();
    unlimited.then(|| "is missing, and so is max_usd: a limit needs one of them".to_owned())
}

fn vendor_problem(limit: &Limit, vendors: &BTreeMap<VendorName, Vendor>) -> Option<String> {
    let vendor = limit.scope.vendor.as_ref().filter(|vendor| !vendors.contains_key(*vendor))?;
    let hint = hint(nearest(vendor.as_str(), vendors.keys().map(VendorName::as_str)));
    Some(format!("there is no vendor {vendor} in miner-config.json{hint}"))
}

fn subnet_problem(limit: &Limit, subnets: &SubnetProfiles) -> Option<String> {
    let netuid = limit.scope.netuid.filter(|netuid| !subnets.subnets.contains_key(netuid))?;
    Some(format!("there is no profile of subnet {netuid} in subnet-profiles.json"))
}
