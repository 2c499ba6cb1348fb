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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::BlockHash;

    #[test]
    fn the_lowest_emission_goes_first_then_the_older_then_the_lower_uid() {
        let metagraph = of(&[(5, 10), (3, 20), (3, 10), (3, 10), (9, 1)]);

        assert_eq!(eviction_order(&metagraph), [2, 3, 1, 0, 4]);
        assert_eq!(registrations(&metagraph, 1), 3);
    }

    #[test]
    fn free_places_are_taken_first() {
        let mut metagraph = of(&[(5, 10), (3, 20)]);
        metagraph.max_uids = 10;

        assert_eq!(registrations(&metagraph, 1), 9);
    }

    #[test]
    fn immune_neurons_go_last() {
        let metagraph = of(&[(0, 950), (5, 10), (7, 901), (9, 900)]);

        // 1000 - 950 < 100, 1000 - 901 < 100, but 1000 - 900 is not.
        assert_eq!(eviction_order(&metagraph), [1, 3, 0, 2]);
        assert_eq!(immunity_left(&metagraph, &metagraph.neurons[0]), 50);
        assert_eq!(immunity_left(&metagraph, &metagraph.neurons[3]), 0);
    }

    #[test]
    fn immune_neurons_go_before_the_last_others() {
        let mut metagraph = of(&[(0, 950), (5, 10), (7, 20)]);
        metagraph.min_non_immune = 1;

        assert_eq!(eviction_order(&metagraph), [1, 0, 2]);
    }

    #[test]
    fn the_owners_own_hotkey_never_goes_and_others_of_the_owner_only_within_the_limit() {
        let mut metagraph = of(&[(0, 10), (0, 20), (0, 30)]);
        metagraph.owner_coldkey = [200; 32];
        metagraph.neurons[0].coldkey = [200; 32];
        metagraph.neurons[2].coldkey = [200; 32];
        metagraph.owner_hotkey = metagraph.neurons[2].hotkey;

        assert_eq!(eviction_order(&metagraph), [0, 1]);

        metagraph.immune_owner_uids = 2;

        assert_eq!(eviction_order(&metagraph), [1]);
        let hotkey = metagraph.neurons[2].hotkey;
        assert!(matches!(standing(&metagraph, &hotkey), Standing::Registered { eviction: Eviction::Never, .. }));
    }

    #[test]
    fn who_is_not_there_is_not_registered() {
        assert_eq!(standing(&of(&[(1, 1)]), &[99; 32]), Standing::NotRegistered);
    }

    fn registrations(metagraph: &Metagraph, uid: usize) -> u32 {
        let found = standing(metagraph, &metagraph.neurons[uid].hotkey);
        let Standing::Registered { eviction: Eviction::After { registrations }, .. } = found else {
            panic!("{found:?}")
        };
        registrations
    }

    /// Neurons by emission and block of registration, in a full subnet at block 1000 with an immunity of 100 blocks.
    fn of(neurons: &[(u64, u64)]) -> Metagraph {
        let neurons = neurons.iter().zip(0_u16..).map(|(&(emission, registered_at), uid)| Neuron {
            uid,
            hotkey: [u8::try_from(uid).unwrap(); 32],
            coldkey: [100; 32],
            active: true,
            validator_permit: false,
            axon: None,
            last_update: 0,
            registered_at,
            emission,
            incentive: 0,
            dividends: 0,
            consensus: 0,
            alpha_stake: 0,
            tao_stake: 0,
            total_stake: 0,
        });
        let neurons: Vec<Neuron> = neurons.collect();
        Metagraph::for_tests(u16::try_from(neurons.len()).unwrap(), BlockHash([0; 32]), neurons)
    }
}
