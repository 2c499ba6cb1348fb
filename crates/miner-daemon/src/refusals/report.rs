//! What was turned away since the start, for whoever asks why. Pure: time comes in as an argument.

use std::collections::HashMap;

use common::call::miner::refusals::{RefusalReport, RefusedReason, RefusedSender};
use common::record::RefusalReason;

use super::TurnedAway;

/// The most senders remembered of each reason.
const SENDERS: usize = 16;

/// Counts by reason, and the latest senders of each. Memory is bounded: there are few reasons.
#[derive(Debug, Default)]
pub(super) struct Report(HashMap<RefusalReason, OfReason>);

#[derive(Debug, Default)]
struct OfReason {
    count: u64,
    /// The latest last.
    senders: Vec<RefusedSender>,
}

impl Report {
    /// A request was turned away with these words.
    pub(super) fn add(&mut self, refusal: &TurnedAway, told: &str, unix_ms: u64) {
        let of_reason = self.0.entry(refusal.reason).or_default();
        of_reason.count += 1;
        let is_same = |sender: &RefusedSender| {
            sender.claimed == refusal.claimed && sender.peer == refusal.peer && sender.netuid == refusal.netuid
        };
        let senders = &mut of_reason.senders;
        let mut sender = match senders.iter().position(is_same) {
            Some(known) => senders.remove(known),
            None => {
                if senders.len() >= SENDERS {
                    senders.remove(0);
                }
                RefusedSender {
                    claimed: refusal.claimed.clone(),
                    peer: refusal.peer,
                    netuid: refusal.netuid,
                    count: 0,
                    last_unix_ms: 0,
                    told: String::new(),
                }
            }
        };
        sender.count += 1;
        sender.last_unix_ms = unix_ms;
        told.clone_into(&mut sender.told);
        senders.push(sender);
    }

    /// Returns everything; the most frequent reason first, and of its senders the latest.
    pub(super) fn read(&self, since_unix_ms: u64) -> RefusalReport {
        let reason = |(reason, of_reason): (&RefusalReason, &OfReason)| RefusedReason {
            reason: *reason,
            count: of_reason.count,
            last_unix_ms: of_reason.senders.last().map_or(0, |sender| sender.last_unix_ms),
            senders: of_reason.senders.iter().rev().cloned().collect(),
        };
        let mut reasons: Vec<_> = self.0.iter().map(reason).collect();
        reasons.sort_by_key(|reason| (std::cmp::Reverse(reason.count), reason.reason.name()));
        RefusalReport { since_unix_ms, reasons }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn refusal(reason: RefusalReason, peer: u32) -> TurnedAway {
        TurnedAway { netuid: None, claimed: None, peer: IpAddr::V4(Ipv4Addr::from_bits(peer)), reason }
    }

    #[test]
    fn the_most_frequent_reason_stands_first_with_its_latest_sender() {
        let mut report = Report::default();
        report.add(&refusal(RefusalReason::Stale, 1), "old", 10);
        report.add(&refusal(RefusalReason::BadBody, 1), "bad", 11);
        report.add(&refusal(RefusalReason::Stale, 2), "older", 12);
        report.add(&refusal(RefusalReason::Stale, 1), "oldest", 13);

        let read = report.read(5);

        let reasons: Vec<_> =
            read.reasons.iter().map(|reason| (reason.reason, reason.count, reason.last_unix_ms)).collect();
        assert_eq!(reasons, [(RefusalReason::Stale, 3, 13), (RefusalReason::BadBody, 1, 11)]);
        let first = &read.reasons[0].senders[0];
        assert_eq!((first.count, first.told.as_str(), read.since_unix_ms), (2, "oldest", 5));
    }

    #[test]
    fn of_a_flood_only_the_latest_senders_are_remembered_but_all_are_counted() {
        let mut report = Report::default();
        for peer in 0..100_000 {
            report.add(&refusal(RefusalReason::BadSignature, peer), "no", u64::from(peer));
        }

        let read = report.read(0);

        assert_eq!((read.reasons[0].count, read.reasons[0].senders.len()), (100_000, SENDERS));
        assert_eq!(read.reasons[0].senders[0].last_unix_ms, 99_999);
    }
}
