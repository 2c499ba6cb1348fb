//! What tracker itself finds wrong: daemons that are not heard of, and weights that fell.

use std::collections::BTreeMap;
use std::time::Duration;

use common::alert::{AlertSeverity, Condition, ConditionKind};
use common::id::Netuid;
use daemon_kit::Workers;
use tokio::time::{MissedTickBehavior, interval};

use crate::alerts::Alerts;
use crate::history::History;
use crate::watch::Watch;

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Looks at the silence of daemons for each look at the epochs, which are an hour apart.
const LOOKS_PER_READING: u32 = 30;
/// The newest epochs, whose mean is compared with that of the epochs before.
const NEW: usize = 3;
/// Epochs before that it takes to say what is usual.
const USUAL: usize = 10;

/// Reports until the workers stop.
pub(crate) async fn run(alerts: Alerts, watch: Watch, history: History, workers: Workers) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut look, mut fallen) = (0_u32, Vec::new());
    loop {
        tokio::select! {
            () = workers.stopping() => return,
            _ = ticks.tick() => {}
        }
        if look.is_multiple_of(LOOKS_PER_READING) {
            match history.incentives().await {
                Ok(incentives) => fallen = falls(&incentives),
                Err(error) => tracing::warn!(%error, "Epochs cannot be read"),
            }
        }
        look = look.wrapping_add(1);
        let mut conditions: Vec<_> = watch.silent().into_iter().map(silence).collect();
        conditions.extend(fallen.iter().cloned());
        alerts.report("tracker", &conditions);
    }
}

fn silence((service, silence): (&str, Duration)) -> Condition {
    let severity = match service {
        // It only watches.
        "wallet-manager" => AlertSeverity::Warning,
        _ => AlertSeverity::Critical,
    };
    // Round: a text that changes with every second would be another text in every message.
    let detail = format!("not heard of for more than {} s", silence.as_secs() / 20 * 20);
    Condition { kind: ConditionKind::DaemonDown, subject: service.to_owned(), severity, detail }
}

/// Finds the subnets whose last incentives are far below what was usual; each list has the newest first.
fn falls(incentives: &BTreeMap<Netuid, Vec<u16>>) -> Vec<Condition> {
    let fall = |(netuid, incentives): (&Netuid, &Vec<u16>)| {
        let (new, before) = incentives.split_at_checked(NEW)?;
        if before.len() < USUAL {
            return None;
        }
        let (new, usual) = (mean(new), mean(before));
        (new < usual * 0.6).then(|| Condition {
            kind: ConditionKind::ScoreDrop,
            subject: format!("subnet {netuid}"),
            severity: AlertSeverity::Warning,
            detail: format!(
                "incentive of the last {NEW} epochs {:.3} %, usual {:.3} %",
                new * 100.0 / f64::from(u16::MAX),
                usual * 100.0 / f64::from(u16::MAX)
            ),
        })
    };
    incentives.iter().filter_map(fall).collect()
}

fn mean(values: &[u16]) -> f64 {
    values.iter().copied().map(f64::from).sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fallen(new: [u16; 3], before: &[u16]) -> usize {
        falls(&[(Netuid(33), [&new, before].concat())].into()).len()
    }

    #[test]
    fn only_a_lasting_fall_against_a_known_habit_is_told() {
        assert_eq!(fallen([100, 100, 100], &[1_000; 10]), 1);
        assert_eq!(fallen([0, 0, 0], &[1_000; 20]), 1);
        assert_eq!(fallen([0, 900, 1_000], &[1_000; 10]), 0);
        assert_eq!(fallen([700, 700, 700], &[1_000; 10]), 0);
        assert_eq!(fallen([0, 0, 0], &[1_000; 9]), 0);
        assert_eq!(fallen([0, 0, 0], &[0; 10]), 0);
    }
}
