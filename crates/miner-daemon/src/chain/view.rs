//! What requests need to know of the chain: kept up to date by the workers beside this file, read without waiting.
//!
//! What is known is used until something newer is: a chain that cannot be reached stops no answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use common::call::miner::chain::{AxonStatus, MetagraphStatus, Registration, SubnetStatus};
use common::id::{Netuid, Ss58};
use tokio::sync::watch;

use crate::admission::Standing;

/// The subnets that are listened for. Without a chain there is none, and nothing is known of any.
#[derive(Debug, Default)]
pub(crate) struct View {
    subnets: BTreeMap<Netuid, Subnet>,
}

/// What is known of one subnet.
#[derive(Debug)]
pub(crate) struct Subnet {
    registration: watch::Sender<Registration>,
    callers: watch::Sender<Option<Callers>>,
    axon: watch::Sender<AxonStatus>,
    last_epoch_block: watch::Sender<Option<u64>>,
}

/// The neurons of a subnet as callers, at one block.
#[derive(Clone, Debug)]
pub(crate) struct Callers {
    /// Numbers for people.
    pub(crate) summary: MetagraphStatus,
    /// Each neuron by its hotkey.
    pub(crate) standings: Arc<HashMap<Ss58, Standing>>,
}

impl View {
    /// Nothing is known yet of these subnets.
    pub(crate) fn of(netuids: impl IntoIterator<Item = Netuid>) -> Self {
        Self { subnets: netuids.into_iter().map(|netuid| (netuid, Subnet::unknown())).collect() }
    }

    /// Returns a subnet that is listened for.
    pub(crate) fn subnet(&self, netuid: Netuid) -> Option<&Subnet> {
        self.subnets.get(&netuid)
    }

    /// Returns the subnets' numbers.
    pub(crate) fn netuids(&self) -> impl Iterator<Item = Netuid> {
        self.subnets.keys().copied()
    }

    /// Returns what is known of a caller.
    pub(crate) fn standing(&self, netuid: Netuid, caller: &Ss58) -> Option<Standing> {
        let callers = self.subnet(netuid)?.callers.borrow();
        callers.as_ref()?.standings.get(caller).copied()
    }

    /// Whether it is known that nothing can be earned in a subnet now.
    pub(crate) fn is_deregistered(&self, netuid: Netuid) -> bool {
        self.subnet(netuid).is_some_and(|subnet| *subnet.registration.borrow() == Registration::NotRegistered)
    }

    /// Returns once [`View::is_deregistered`] is true, which may be never.
    pub(crate) async fn deregistered(&self, netuid: Netuid) {
        let Some(subnet) = self.subnet(netuid) else { return std::future::pending().await };
        let mut registration = subnet.registration.subscribe();
        // An error would mean that the sender is gone, and it is borrowed.
        drop(registration.wait_for(|known| *known == Registration::NotRegistered).await);
    }

    /// Returns everything for people.
    pub(crate) fn statuses(&self) -> Vec<SubnetStatus> {
        self.subnets.iter().map(|(netuid, subnet)| subnet.status(*netuid)).collect()
    }
}

impl Subnet {
    fn unknown() -> Self {
        Self {
            registration: watch::Sender::new(Registration::Unknown),
            callers: watch::Sender::new(None),
            axon: watch::Sender::new(AxonStatus::Unknown),
            last_epoch_block: watch::Sender::new(None),
        }
    }

    /// Returns whether the hotkey has a place.
    pub(crate) fn registration(&self) -> Registration {
        *self.registration.borrow()
    }

    /// Changes whether the hotkey has a place, and returns what was known before.
    pub(crate) fn set_registration(&self, registration: Registration) -> Registration {
        self.registration.send_replace(registration)
    }

    /// Changes who may call.
    pub(crate) fn set_callers(&self, callers: Callers) {
        self.callers.send_replace(Some(callers));
    }

    /// Says that who may call has not been read for long.
    pub(crate) fn mark_callers_stale(&self) {
        self.callers.send_if_modified(|callers| match callers {
            Some(callers) => !std::mem::replace(&mut callers.summary.stale, true),
            None => false,
        });
    }

    /// Returns the block of the newest metagraph.
    pub(crate) fn metagraph_block(&self) -> Option<u64> {
        self.callers.borrow().as_ref().map(|callers| callers.summary.block)
    }

    /// Changes what stands on the chain as our axon, and returns what was known before.
    pub(crate) fn set_axon(&self, axon: AxonStatus) -> AxonStatus {
        self.axon.send_replace(axon)
    }

    /// An epoch was reported.
    pub(crate) fn set_last_epoch_block(&self, block: u64) {
        self.last_epoch_block.send_replace(Some(block));
    }

    fn status(&self, netuid: Netuid) -> SubnetStatus {
        SubnetStatus {
            netuid,
            registration: self.registration(),
            axon: self.axon.borrow().clone(),
            metagraph: self.callers.borrow().as_ref().map(|callers| callers.summary),
            last_epoch_block: *self.last_epoch_block.borrow(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBNET: Netuid = Netuid(7);
    const REGISTERED: Registration =
        Registration::Registered { uid: 3, immunity_blocks_left: None, eviction_distance: None };

    fn alice() -> Ss58 {
        "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap()
    }

    #[test]
    fn what_is_not_known_stops_nothing() {
        let view = View::of([SUBNET]);

        assert!(!view.is_deregistered(SUBNET));
        assert!(!view.is_deregistered(Netuid(8)));
        assert_eq!(view.standing(SUBNET, &alice()), None);
    }

    #[tokio::test]
    async fn a_lost_place_is_told_to_whoever_waits() {
        let view = View::of([SUBNET]);
        let subnet = view.subnet(SUBNET).unwrap();
        subnet.set_registration(REGISTERED);

        let lost = async {
            tokio::task::yield_now().await;
            subnet.set_registration(Registration::NotRegistered)
        };
        let ((), before) = tokio::join!(view.deregistered(SUBNET), lost);

        assert_eq!(before, REGISTERED);
        assert!(view.is_deregistered(SUBNET));
    }

    #[test]
    fn a_stale_metagraph_is_marked_and_still_used() {
        let view = View::of([SUBNET]);
        let subnet = view.subnet(SUBNET).unwrap();
        let standing = Standing { permit: true, stake: 5 };
        let summary = MetagraphStatus { block: 40, neurons: 1, validators: 1, stale: false };
        subnet.set_callers(Callers { summary, standings: Arc::new(HashMap::from([(alice(), standing)])) });

        subnet.mark_callers_stale();

        assert_eq!(view.standing(SUBNET, &alice()), Some(standing));
        assert_eq!(view.statuses()[0].metagraph, Some(MetagraphStatus { stale: true, ..summary }));
    }
}
