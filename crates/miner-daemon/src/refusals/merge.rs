//! Makes one record of refusals that are alike. Pure.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use common::record::{Refusal, RefusalReason};

use super::TurnedAway;

/// Stands for the peers of refusals that were merged by reason alone.
const MANY_PEERS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Merges like refusals. The `single` most frequent sorts get a record each; the rest, and what was only counted, is
/// merged by reason, as coming from `0.0.0.0` and claiming nothing.
pub(super) fn merge(
    refusals: impl Iterator<Item = TurnedAway>,
    mut by_reason: HashMap<RefusalReason, u64>,
    single: usize,
) -> Vec<Refusal> {
    let mut alike: HashMap<TurnedAway, u64> = HashMap::new();
    for refusal in refusals {
        *alike.entry(refusal).or_default() += 1;
    }
    let mut alike: Vec<_> = alike.into_iter().collect();
    alike.sort_by_key(|(_, count)| Reverse(*count));
    let rest = alike.split_off(single.min(alike.len()));
    for (refusal, count) in rest {
        *by_reason.entry(refusal.reason).or_default() += count;
    }
    let singles = alike.into_iter().map(|(refusal, count)| Refusal {
        netuid: refusal.netuid,
        claimed: refusal.claimed,
        peer: refusal.peer,
        reason: refusal.reason,
        count,
    });
    let merged = by_reason.into_iter().map(|(reason, count)| Refusal {
        netuid: None,
        claimed: None,
        peer: MANY_PEERS,
        reason,
        count,
    });
    singles.chain(merged).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::id::Netuid;

    fn turned_away(last_octet: u8, reason: RefusalReason) -> TurnedAway {
        TurnedAway { netuid: Some(Netuid(1)), claimed: None, peer: IpAddr::from([192, 0, 2, last_octet]), reason }
    }

    fn total(records: &[Refusal]) -> u64 {
        records.iter().map(|record| record.count).sum()
    }

    #[test]
    fn like_refusals_are_one_record() {
        let refusals = [
            turned_away(1, RefusalReason::Replay),
            turned_away(2, RefusalReason::Replay),
            turned_away(1, RefusalReason::Replay),
            turned_away(1, RefusalReason::Stale),
        ];

        let records = merge(refusals.into_iter(), HashMap::new(), 10);

        assert_eq!(records.len(), 3);
        assert_eq!(records[0].count, 2);
        assert_eq!(records[0].peer, IpAddr::from([192, 0, 2, 1]));
        assert_eq!(total(&records), 4);
    }

    #[test]
    fn in_a_flood_the_rarest_are_merged_by_reason_and_none_is_lost() {
        let flood = (0..=255).map(|peer| turned_away(peer, RefusalReason::BadSignature));
        let loudest = [turned_away(7, RefusalReason::BadSignature)];

        let records = merge(flood.chain(loudest), HashMap::from([(RefusalReason::Stale, 5)]), 1);

        assert_eq!(records.len(), 3);
        assert_eq!((records[0].peer, records[0].count), (IpAddr::from([192, 0, 2, 7]), 2));
        assert!(records[1..].iter().all(|record| record.peer == MANY_PEERS && record.netuid.is_none()));
        assert_eq!(total(&records), 257 + 5);
    }
}
