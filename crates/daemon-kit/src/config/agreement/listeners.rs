//! Listeners and the subnets they serve.

use std::collections::BTreeMap;

use common::config::miner::ListenerConfig;
use common::config::subnet::SubnetProfiles;
use common::id::{Netuid, RouteName};

use super::{ConfigError, File};

pub(super) fn check(listeners: &[ListenerConfig], subnets: &SubnetProfiles) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    let mut wrong =
        |key: String, problem: String| errors.push(ConfigError::contradiction(File::MinerConfig, key, problem));
    if listeners.is_empty() {
        wrong("listeners".into(), "is empty: validators must reach the miner somewhere".into());
    }
    for (index, listener) in listeners.iter().enumerate() {
        let earlier = listeners.iter().take(index).position(|earlier| earlier.address == listener.address);
        if let Some(earlier) = earlier {
            wrong(format!("listeners[{index}].address"), format!("is that of listeners[{earlier}] too"));
        }
        if listener.netuids.is_empty() {
            wrong(format!("listeners[{index}].netuids"), "is empty: name the subnets served here".into());
        }
        for (place, netuid) in listener.netuids.iter().enumerate() {
            let key = format!("listeners[{index}].netuids[{place}]");
            if !subnets.subnets.contains_key(netuid) {
                wrong(key, format!("there is no profile of subnet {netuid} in subnet-profiles.json"));
            } else if listener.netuids.iter().take(place).any(|earlier| earlier == netuid) {
                wrong(key, format!("subnet {netuid} is listed twice"));
            }
        }
        for (route, [one, other]) in overlaps(&listener.netuids, subnets) {
            wrong(
                format!("listeners[{index}].netuids"),
                format!("subnets {one} and {other} both have route {route}: give each a listener of its own"),
            );
        }
    }
    errors
}

/// Returns the routes that two subnets of a listener share.
fn overlaps<'a>(netuids: &[Netuid], subnets: &'a SubnetProfiles) -> Vec<(&'a RouteName, [Netuid; 2])> {
    let mut owners: BTreeMap<&RouteName, Netuid> = BTreeMap::new();
    let mut overlaps = Vec::new();
    for netuid in netuids {
        let routes = subnets.subnets.get(netuid).into_iter().flat_map(|profile| profile.routes.keys());
        for route in routes {
            match owners.insert(route, *netuid) {
                Some(owner) if owner != *netuid => overlaps.push((route, [owner, *netuid])),
                Some(_) | None => {}
            }
        }
    }
    overlaps
}
