//! How safe our place on a subnet is. Pure: a function of one metagraph.

use std::collections::HashSet;

use crate::head::Account;
use crate::metagraph::{Metagraph, Neuron};

/// A hotkey's standing on a subnet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// It has no place.
    NotRegistered,
    /// It has one.
    Registered {
        /// Its place.
        uid: u16,
        /// So many blocks it cannot be evicted while others can. 0: it can.
        immunity_blocks_left: u64,
        /// How soon it would be evicted.
        eviction: Eviction,
    },
}

/// How soon a neuron would be evicted by new ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Eviction {
    /// Never: it is the subnet owner's.
    Never,
    /// So many new neurons later. 1: the next one.
    After {
        /// Places still free, and neurons that would go first, and this one.
        registrations: u32,
    },
}

/// Tells the standing of a hotkey.
#[must_use]
pub fn standing(metagraph: &Metagraph, hotkey: &Account) -> Standing {
    let Some(neuron) = metagraph.by_hotkey(hotkey) else { return Standing::NotRegistered };
    let order = eviction_order(metagraph);
    let place = order.iter().position(|&uid| uid == neuron.uid);
    let free = usize::from(metagraph.max_uids).saturating_sub(metagraph.neurons.len());
    let eviction = match place {
        Some(place) => {
            let registrations = u32::try_from(free.saturating_add(place).saturating_add(1)).unwrap_or(u32::MAX);
            Eviction::After { registrations }
        }
        None => Eviction::Never,
    };
    Standing::Registered { uid: neuron.uid, immunity_blocks_left: immunity_left(metagraph, neuron), eviction }
}

/// Blocks for which a neuron is still immune.
#[must_use]
pub fn immunity_left(metagraph: &Metagraph, neuron: &Neuron) -> u64 {
    let age = metagraph.block.saturating_sub(neuron.registered_at);
    u64::from(metagraph.immunity_period).saturating_sub(age)
}

/// The uids in the order in which the chain would evict them, if nothing else changed: the lowest emission first, of equal
/// ones the older, then the lower uid; immune ones only when too few others are left; the owner's never.
#[must_use]
pub fn eviction_order(metagraph: &Metagraph) -> Vec<u16> {
    let owners = owners(metagraph);
    let mut others: Vec<&Neuron> = metagraph.neurons.iter().filter(|neuron| !owners.contains(&neuron.hotkey)).collect();
    others.sort_by_key(|neuron| (neuron.emission, neuron.registered_at, neuron.uid));
    let (immune, free): (Vec<&Neuron>, Vec<&Neuron>) =
        others.into_iter().partition(|neuron| immunity_left(metagraph, neuron) > 0);
    let may_go = free.len().saturating_sub(usize::from(metagraph.min_non_immune));
    let (first, last) = free.split_at(may_go);
    first.iter().chain(&immune).chain(last).map(|neuron| neuron.uid).collect()
}

/// The owner's hotkeys that are never evicted: the subnet's own, then those registered first.
fn owners(metagraph: &Metagraph) -> HashSet<Account> {
    let limit = usize::from(metagraph.immune_owner_uids);
    let mut owned: Vec<&Neuron> =
        metagraph.neurons.iter().filter(|neuron| neuron.coldkey == metagraph.owner_coldkey).collect();
    owned.sort_by_key(|neuron| (neuron.registered_at, neuron.uid));
    let mut kept: Vec<Account> = owned.into_iter().take(limit).map(|neuron| neuron.hotkey).collect();
    let named = metagraph.owner_hotkey;
    if metagraph.by_hotkey(&named).is_some() && !kept.contains(&named) {
        kept.insert(0, named);
        kept.truncate(limit);
    }
    kept.into_iter().collect()
}
