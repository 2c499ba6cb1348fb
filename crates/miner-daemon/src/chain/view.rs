//! What requests need to know of the chain: kept up to date by the workers beside this file, read without waiting.
//!
//! What is known is used until something newer is: a chain that cannot be reached stops no answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use common::call::miner::chain::{AxonStatus, MetagraphStatus, Registration, SubnetStatus};
use common::id::{Netuid, Ss58};
use tokio::sync::watch;

use crate::admission::{Standing, Weight};

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
    /// Somebody came who is not known.
    question: AtomicBool,
}

/// The neurons of a subnet as callers.
#[derive(Clone, Debug)]
pub(crate) struct Callers {
    /// The block they were read at.
    pub(crate) block: u64,
    /// How many there are.
    pub(crate) neurons: u16,
    /// How many of them may set weights.
    pub(crate) validators: u16,
    /// From when on they are called stale; they are used all the same.
    pub(crate) fresh_until: Instant,
    /// What the neuron with the most stake has.
    pub(crate) most_stake: u64,
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

    /// Returns what is known of a caller. One who is not known may be new: the neurons are read again before long.
    pub(crate) fn standing(&self, netuid: Netuid, caller: &Ss58) -> Option<Standing> {
        let subnet = self.subnet(netuid)?;
        let known = subnet.callers.borrow().as_ref().and_then(|callers| callers.standings.get(caller).copied());
        if known.is_none() {
            subnet.ask();
        }
        known
    }

    /// Returns how much stake a caller has of what the largest validator has; all of it where that is not known.
    pub(crate) fn weight(&self, netuid: Netuid, caller: &Ss58) -> Weight {
        let Some(subnet) = self.subnet(netuid) else { return Weight::FULL };
        let callers = subnet.callers.borrow();
        let Some(callers) = callers.as_ref() else { return Weight::FULL };
        // Whoever is admitted without being known was put on a list by the operator.
        callers.standings.get(caller).map_or(Weight::FULL, |standing| Weight::of(standing.stake, callers.most_stake))
    }

    /// Whether it is known that nothing can be earned in a subnet now.
    pub(crate) fn is_deregistered(&self, netuid: Netuid) -> bool {
        self.subnet(netuid).is_some_and(|subnet| *subnet.registration.borrow() == Registration::NotRegistered)
    }

    /// Returns once [`View::is_deregistered`] is true, which may be never.
    pub(crate) async fn deregistered(&self, netuid: Netuid) {
        let Some(subnet) = self.subnet(netuid) else { return std::future::pending().await };
        subnet.wait_for_registration(|known| *known == Registration::NotRegistered).await;
    }

    /// Returns everything for people.
    pub(crate) fn statuses(&self, now: Instant) -> Vec<SubnetStatus> {
        self.subnets.iter().map(|(netuid, subnet)| subnet.status(*netuid, now)).collect()
    }
}

impl Subnet {
    fn unknown() -> Self {
        Self {
            registration: watch::Sender::new(Registration::Unknown),
            callers: watch::Sender::new(None),
            axon: watch::Sender::new(AxonStatus::Unknown),
            last_epoch_block: watch::Sender::new(None),
            question: AtomicBool::new(false),
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

    /// Returns once the registration is as wished.
    pub(crate) async fn wait_for_registration(&self, wished: impl FnMut(&Registration) -> bool) {
        // An error would mean that the sender is gone, and it is borrowed.
        drop(self.registration.subscribe().wait_for(wished).await);
    }

    /// Asks for the neurons to be read again.
    pub(crate) fn ask(&self) {
        self.question.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asks for the neurons to be read again.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.question.load(Ordering::Relaxed)
    }

    /// The neurons are being read now.
    pub(crate) fn take_question(&self) {
        self.question.store(false, Ordering::Relaxed);
    }

    /// Changes who may call.
    pub(crate) fn set_callers(&self, callers: Callers) {
        self.callers.send_replace(Some(callers));
    }

    /// Changes what stands on the chain as our axon, and returns what was known before.
    pub(crate) fn set_axon(&self, axon: AxonStatus) -> AxonStatus {
        self.axon.send_replace(axon)
    }

    /// An epoch was reported.
    pub(crate) fn set_last_epoch_block(&self, block: u64) {
        self.last_epoch_block.send_replace(Some(block));
    }

    fn status(&self, netuid: Netuid, now: Instant) -> SubnetStatus {
        SubnetStatus {
            netuid,
            registration: self.registration(),
            axon: self.axon.borrow().clone(),
            metagraph: self.callers.borrow().as_ref().map(|callers| callers.status(now)),
            last_epoch_block: *self.last_epoch_block.borrow(),
        }
    }
}

impl Callers {
    fn status(&self, now: Instant) -> MetagraphStatus {
        let Self { block, neurons, validators, fresh_until, .. } = *self;
        MetagraphStatus { block, neurons, validators, stale: now >= fresh_until }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SUBNET: Netuid = Netuid(7);
    const REGISTERED: Registration =
        Registration::Registered { uid: 3, immunity_blocks_left: None, evicted_after: None };

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
    fn old_neurons_are_called_stale_and_still_used() {
        let start = Instant::now();
        let view = View::of([SUBNET]);
        let standing = Standing { permit: true, stake: 5 };
        view.subnet(SUBNET).unwrap().set_callers(Callers {
            block: 40,
            neurons: 1,
            validators: 1,
            fresh_until: start + Duration::from_secs(60),
            most_stake: 5,
            standings: Arc::new(HashMap::from([(alice(), standing)])),
        });

        let stale = [59, 60].map(|seconds| {
            let statuses = view.statuses(start + Duration::from_secs(seconds));
            statuses[0].metagraph.unwrap().stale
        });

        assert_eq!(stale, [false, true]);
        assert_eq!(view.standing(SUBNET, &alice()), Some(standing));
    }

    #[test]
    fn a_stranger_is_a_reason_to_read_the_neurons_again() {
        let view = View::of([SUBNET]);
        let subnet = view.subnet(SUBNET).unwrap();
        let before = subnet.is_asked_for();

        view.standing(SUBNET, &alice());

        assert!(!before && subnet.is_asked_for());
    }
}
