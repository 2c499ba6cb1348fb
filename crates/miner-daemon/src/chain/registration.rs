//! Watches at every block whether the hotkey has its place in each subnet: without it nothing may be spent.

use std::time::SystemTime;

use common::call::miner::chain::Registration;
use common::epoch::RegistrationChange;
use common::id::{EntryId, Netuid};
use common::record::{Entry, Record};
use daemon_kit::{Durability, outbox};

use super::Scope;
use crate::clock;

/// Watches until the daemon stops.
pub(super) async fn watch(scope: Scope) {
    let netuids: Vec<_> = scope.view.netuids().collect();
    let numbers: Vec<_> = netuids.iter().map(|netuid| netuid.0).collect();
    let account = scope.hotkey.public();
    let mut known = None;
    while let Some(block) = scope.next_block(known).await {
        known = Some(block.head().hash);
        match block.uids(&numbers, &account).await {
            Ok(uids) => {
                for (netuid, uid) in netuids.iter().zip(uids) {
                    note(&scope, *netuid, uid, block.number()).await;
                }
            }
            // The next block is another chance; the connection itself tells of one that is lost.
            Err(error) => tracing::debug!(%error, block = block.number(), "Registrations cannot be read"),
        }
    }
}

async fn note(scope: &Scope, netuid: Netuid, uid: Option<u16>, block: u64) {
    let Some(subnet) = scope.view.subnet(netuid) else { return };
    let before = subnet.registration();
    let Some(now) = changed(before, uid) else { return };
    subnet.set_registration(now);
    let hotkey = &scope.address;
    match (before, uid) {
        (_, None) => tracing::error!(
            %netuid, %hotkey, block,
            "The hotkey is not registered: nothing is spent for the subnet; register it again to go on"
        ),
        (_, Some(uid)) => tracing::info!(%netuid, uid, block, "The hotkey is registered"),
    }
    // What was so before this start is no change.
    if before != Registration::Unknown {
        record(scope, RegistrationChange { netuid, hotkey: hotkey.clone(), block, uid }).await;
    }
}

/// Returns the new state if a place was won, lost or changed.
fn changed(before: Registration, uid: Option<u16>) -> Option<Registration> {
    match (before, uid) {
        (Registration::NotRegistered, None) => None,
        (_, None) => Some(Registration::NotRegistered),
        (Registration::Registered { uid: known, .. }, Some(uid)) if known == uid => None,
        (_, Some(uid)) => Some(Registration::Registered { uid, immunity_blocks_left: None, evicted_after: None }),
    }
}

async fn record(scope: &Scope, change: RegistrationChange) {
    let unix_ms = clock::unix_ms(SystemTime::now());
    let entry = Entry { id: EntryId::new(unix_ms, rand::random()), unix_ms, record: Record::Registration(change) };
    match scope.store.run(Durability::Lazy, move |connection| outbox::push(connection, &entry)).await {
        Ok(()) => scope.courier.notify(),
        Err(error) => {
            let error = anyhow::Error::new(error);
            tracing::error!(error = format!("{error:#}"), "A change of the registration cannot be recorded");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAFE: Registration =
        Registration::Registered { uid: 3, immunity_blocks_left: Some(7), evicted_after: Some(9) };

    #[test]
    fn the_same_place_is_no_change() {
        assert_eq!(changed(SAFE, Some(3)), None);
        assert_eq!(changed(Registration::NotRegistered, None), None);
    }

    #[test]
    fn a_place_that_is_lost_won_or_moved_is_one() {
        let fresh = |uid| Registration::Registered { uid, immunity_blocks_left: None, evicted_after: None };

        assert_eq!(changed(SAFE, None), Some(Registration::NotRegistered));
        assert_eq!(changed(Registration::Unknown, None), Some(Registration::NotRegistered));
        assert_eq!(changed(Registration::NotRegistered, Some(5)), Some(fresh(5)));
        assert_eq!(changed(SAFE, Some(5)), Some(fresh(5)));
    }
}
