//! What holds now, and what of its changes an operator is told. Pure: time comes in as an argument.

use std::collections::BTreeMap;

use common::alert::{Alert, AlertChange, Condition, ConditionKind};

/// What an alert is known by: the same trouble is one alert, however its words change.
pub(crate) type Key = (ConditionKind, String);

/// All alerts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Board {
    open: BTreeMap<Key, Open>,
    /// When the others ended.
    ended: BTreeMap<Key, u64>,
}

/// An alert that holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Open {
    pub(crate) alert: Alert,
    /// Whether the operator was told.
    pub(crate) told: bool,
}

/// Something that happened to an alert.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Change {
    pub(crate) change: AlertChange,
    pub(crate) condition: Condition,
    /// Whether the operator is told, not only the list of events.
    pub(crate) is_told: bool,
}

impl Board {
    /// Goes on from what was stored.
    pub(crate) fn resume(open: impl IntoIterator<Item = Open>, ended: BTreeMap<Key, u64>) -> Self {
        let open = open.into_iter().map(|open| (key(&open.alert.condition), open)).collect();
        Self { open, ended }
    }

    /// Takes in all that a daemon says holds now, and returns what that changes. What it does not say any more has ended; what others
    /// say is not touched. A condition that returns within `cooldown_ms` is told only once it has held for that long.
    pub(crate) fn report(
        &mut self,
        reporter: &str,
        conditions: &[Condition],
        now_ms: u64,
        cooldown_ms: u64,
    ) -> Vec<Change> {
        let mut changes = self.end_what_is_missing(reporter, conditions, now_ms);
        for condition in conditions {
            changes.extend(self.take(reporter, condition, now_ms, cooldown_ms));
        }
        self.ended.retain(|_, ended_ms| now_ms < ended_ms.saturating_add(cooldown_ms));
        changes
    }

    /// Returns what holds, the most severe first.
    pub(crate) fn alerts(&self) -> Vec<Alert> {
        let mut alerts: Vec<_> = self.open.values().map(|open| open.alert.clone()).collect();
        alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.condition.severity), alert.since_unix_ms));
        alerts
    }

    /// Returns what holds with whether it was told, for the store.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Open> {
        self.open.values()
    }

    /// Returns what ended lately, for the store.
    pub(crate) fn ended(&self) -> impl Iterator<Item = (&Key, u64)> {
        self.ended.iter().map(|(key, ended_ms)| (key, *ended_ms))
    }

    fn end_what_is_missing(&mut self, reporter: &str, conditions: &[Condition], now_ms: u64) -> Vec<Change> {
        let is_missing = |own: &Key, open: &Open| {
            open.alert.reporter == reporter && !conditions.iter().any(|condition| key(condition) == *own)
        };
        let gone: Vec<_> = self.open.extract_if(.., |own, open| is_missing(own, open)).collect();
        let ended = |(key, Open { alert, told })| {
            self.ended.insert(key, now_ms);
            Change { change: AlertChange::Cleared, condition: alert.condition, is_told: told }
        };
        gone.into_iter().map(ended).collect()
    }

    fn take(&mut self, reporter: &str, condition: &Condition, now_ms: u64, cooldown_ms: u64) -> Option<Change> {
        let key = key(condition);
        let returned = self.ended.get(&key).is_some_and(|ended_ms| now_ms < ended_ms.saturating_add(cooldown_ms));
        let told = |change, is_told| Some(Change { change, condition: condition.clone(), is_told });
        let Some(open) = self.open.get_mut(&key) else {
            let alert = Alert { condition: condition.clone(), reporter: reporter.to_owned(), since_unix_ms: now_ms };
            self.open.insert(key, Open { alert, told: !returned });
            return told(AlertChange::Raised, !returned);
        };
        let before = std::mem::replace(&mut open.alert.condition, condition.clone()).severity;
        reporter.clone_into(&mut open.alert.reporter);
        let was_told = open.told;
        open.told |= condition.severity > before || now_ms >= open.alert.since_unix_ms.saturating_add(cooldown_ms);
        match condition.severity.cmp(&before) {
            std::cmp::Ordering::Greater => told(AlertChange::Worsened, true),
            // It is no passing trouble after all.
            std::cmp::Ordering::Less | std::cmp::Ordering::Equal if open.told && !was_told => {
                told(AlertChange::Raised, true)
            }
            std::cmp::Ordering::Less => told(AlertChange::Eased, false),
            std::cmp::Ordering::Equal => None,
        }
    }
}

fn key(condition: &Condition) -> Key {
    (condition.kind, condition.subject.clone())
}

#[cfg(test)]
mod tests {
    use common::alert::AlertSeverity;
    use common::alert::AlertSeverity::{Critical, Warning};
    use proptest::prelude::*;

    use super::*;

    const COOLDOWN: u64 = 1_000;

    fn budget(severity: AlertSeverity) -> Condition {
        let (kind, subject) = (ConditionKind::Budget, "daily".to_owned());
        Condition { kind, subject, severity, detail: "of the day".into() }
    }

    /// Reports of one daemon, and what was made of them: the change, and whether it was told.
    fn reported(reports: &[(u64, &[Condition])]) -> Vec<(AlertChange, bool)> {
        let mut board = Board::default();
        let report =
            |&(now_ms, conditions): &(u64, &[Condition])| board.report("task-handler", conditions, now_ms, COOLDOWN);
        reports.iter().flat_map(report).map(|change| (change.change, change.is_told)).collect()
    }

    #[test]
    fn an_alert_is_told_once_however_often_it_is_reported_and_so_is_its_end() {
        let holds = [budget(Warning)];

        let told = reported(&[(0, &holds), (10, &holds), (20, &[]), (30, &[])]);

        assert_eq!(told, [(AlertChange::Raised, true), (AlertChange::Cleared, true)]);
    }

    #[test]
    fn what_gets_worse_is_told_at_once_and_what_eases_is_only_noted() {
        let told = reported(&[(0, &[budget(Warning)]), (10, &[budget(Critical)]), (20, &[budget(Warning)])]);

        assert_eq!(told, [(AlertChange::Raised, true), (AlertChange::Worsened, true), (AlertChange::Eased, false)]);
    }

    #[test]
    fn what_comes_and_goes_is_told_the_first_time_only() {
        let holds = [budget(Warning)];

        let told = reported(&[(0, &holds), (100, &[]), (200, &holds), (300, &[]), (400, &holds)]);

        let is_told: Vec<_> = told.iter().map(|(_, is_told)| *is_told).collect();
        assert_eq!(is_told, [true, true, false, false, false]);
    }

    #[test]
    fn what_returned_and_stays_is_told_after_all() {
        let holds = [budget(Warning)];

        let told =
            reported(&[(0, &holds), (100, &[]), (200, &holds), (1_199, &holds), (1_200, &holds), (1_300, &holds)]);

        assert_eq!(told.last(), Some(&(AlertChange::Raised, true)));
        assert_eq!(told.len(), 4);
    }

    #[test]
    fn a_daemon_ends_only_its_own_alerts() {
        let mut board = Board::default();
        board.report("task-handler", &[budget(Warning)], 0, COOLDOWN);

        let changes = board.report("miner-daemon", &[], 10, COOLDOWN);

        assert_eq!(changes, []);
        assert_eq!(board.alerts().len(), 1);
    }

    proptest! {
        #[test]
        fn every_alert_that_was_told_is_told_to_have_ended(
            reports in proptest::collection::vec((0_u64..3_000, 0_usize..4), 1..40),
        ) {
            let mut board = Board::default();
            let (mut now_ms, mut open) = (0, false);

            for (step_ms, level) in reports {
                now_ms += step_ms;
                let conditions: Vec<_> = match level {
                    0 => vec![],
                    1 => vec![budget(AlertSeverity::Notice)],
                    2 => vec![budget(Warning)],
                    _ => vec![budget(Critical)],
                };
                for change in board.report("task-handler", &conditions, now_ms, COOLDOWN) {
                    match change.change {
                        AlertChange::Raised if change.is_told => {
                            prop_assert!(!open);
                            open = true;
                        }
                        AlertChange::Worsened => open = true,
                        AlertChange::Cleared => {
                            prop_assert_eq!(change.is_told, open);
                            open = false;
                        }
                        AlertChange::Raised | AlertChange::Eased => {}
                    }
                }
            }
        }

        #[test]
        fn a_board_goes_on_as_it_was_stored(levels in proptest::collection::vec(0_usize..3, 1..20)) {
            let mut board = Board::default();
            for (now_ms, level) in (0..).step_by(300).zip(levels) {
                let conditions: Vec<_> = [budget(Warning), budget(Critical)].into_iter().take(level.min(1)).collect();
                board.report("task-handler", &conditions, now_ms, COOLDOWN);
            }

            let ended = board.ended().map(|(key, ended_ms)| (key.clone(), ended_ms)).collect();
            let again = Board::resume(board.open().cloned(), ended);

            prop_assert_eq!(again, board);
        }
    }
}
