//! What is wrong with the miner's place on the chain and with who calls it, for tracker's alerts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use common::alert::{AlertSeverity, Condition, ConditionKind};
use common::call::miner::chain::{AxonStatus, ChainStatus, Registration, SubnetStatus};
use common::call::tracker::Vital;
use daemon_kit::beat;

use crate::chain::ChainSource;
use crate::front::Load;

/// A head that is older than this stands still: a block comes every 12 s.
const STALLED_MS: u64 = 120_000;
/// So many requests that are turned away within [`BURST_TIME`] are no mistake of a validator's.
const BURST: u64 = 600;
const BURST_TIME: Duration = Duration::from_secs(60);

/// Looks at what the daemon knows.
pub(crate) struct Health {
    chain: Option<Arc<ChainSource>>,
    load: Arc<Load>,
    refused: Mutex<Window>,
}

impl Health {
    pub(crate) fn new(chain: Option<Arc<ChainSource>>, load: Arc<Load>) -> Self {
        Self { chain, load, refused: Mutex::default() }
    }
}

impl beat::Health for Health {
    async fn look(&self) -> (Vec<Condition>, Vec<Vital>) {
        let now = Instant::now();
        let chain = self.chain.as_ref().map(|chain| chain.status(now));
        let refused = self.load.counts.snapshot().refused;
        let lately = self.refused.lock().unwrap_or_else(PoisonError::into_inner).add(refused, now);
        let conditions = chain.iter().flat_map(of_chain).chain(of_refusals(lately)).collect();
        (conditions, Vec::new())
    }
}

/// Totals of the last minute.
#[derive(Debug, Default)]
struct Window(VecDeque<(Instant, u64)>);

impl Window {
    /// Notes a total and returns by how much it has grown in the window.
    fn add(&mut self, total: u64, now: Instant) -> u64 {
        while self.0.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > BURST_TIME) {
            self.0.pop_front();
        }
        self.0.push_back((now, total));
        self.0.front().map_or(0, |(_, first)| total.saturating_sub(*first))
    }
}

fn of_refusals(lately: u64) -> Option<Condition> {
    (lately >= BURST).then(|| {
        let detail = "hundreds of requests a minute are turned away".to_owned();
        condition(ConditionKind::SpoofingBurst, "front door", AlertSeverity::Warning, detail)
    })
}

fn of_chain(chain: &ChainStatus) -> Vec<Condition> {
    let mut conditions: Vec<_> = chain.subnets.iter().flat_map(of_subnet).collect();
    let stalled = match (&chain.endpoint, chain.head_age_ms) {
        (None, _) => Some("no node answers".to_owned()),
        (Some(_), Some(age_ms)) if age_ms > STALLED_MS => Some("no new block for more than 2 min".to_owned()),
        (Some(_), _) => None,
    };
    conditions
        .extend(stalled.map(|detail| condition(ConditionKind::ChainStalled, "chain", AlertSeverity::Critical, detail)));
    if let Some(first) = chain.differences.first() {
        let spec = chain.spec_version.unwrap_or_default();
        let detail = format!("{} differences, such as: {first}", chain.differences.len());
        conditions.push(condition(
            ConditionKind::SpecChanged,
            &format!("runtime {spec}"),
            AlertSeverity::Warning,
            detail,
        ));
    }
    conditions
}

fn of_subnet(subnet: &SubnetStatus) -> Vec<Condition> {
    let name = format!("subnet {}", subnet.netuid);
    let registration = match subnet.registration {
        Registration::NotRegistered => {
            let detail = "no task is answered, nothing is spent".to_owned();
            Some(condition(ConditionKind::Deregistered, &name, AlertSeverity::Critical, detail))
        }
        Registration::Registered { evicted_after: Some(1), immunity_blocks_left, .. } => {
            let detail = match immunity_blocks_left {
                Some(blocks @ 1..) => {
                    format!("the next registration replaces us once {blocks} blocks of immunity are over")
                }
                Some(0) | None => "the next registration replaces us".to_owned(),
            };
            Some(condition(ConditionKind::AtRisk, &name, AlertSeverity::Warning, detail))
        }
        Registration::Registered { .. } | Registration::Unknown => None,
    };
    let axon = match &subnet.axon {
        AxonStatus::Failed { problem } => {
            Some(condition(ConditionKind::AxonUnpublished, &name, AlertSeverity::Warning, problem.clone()))
        }
        AxonStatus::Unknown | AxonStatus::Off | AxonStatus::Published { .. } | AxonStatus::Pending { .. } => None,
    };
    registration.into_iter().chain(axon).collect()
}

fn condition(kind: ConditionKind, subject: &str, severity: AlertSeverity, detail: String) -> Condition {
    Condition { kind, subject: subject.to_owned(), severity, detail }
}

#[cfg(test)]
mod tests {
    use common::config::chain::Network;
    use common::id::Netuid;

    use super::*;

    fn chain(registration: Registration, axon: AxonStatus) -> ChainStatus {
        let netuid = Netuid(33);
        ChainStatus {
            network: Network::Finney,
            endpoint: Some("wss://node".into()),
            problem: None,
            best_block: Some(9),
            finalized_block: Some(8),
            head_age_ms: Some(3_000),
            spec_version: Some(400),
            differences: vec![],
            subnets: vec![SubnetStatus { netuid, registration, axon, metagraph: None, last_epoch_block: None }],
        }
    }

    fn registered(evicted_after: Option<u32>) -> Registration {
        Registration::Registered { uid: 7, immunity_blocks_left: Some(12), evicted_after }
    }

    fn told(chain: &ChainStatus) -> Vec<(ConditionKind, String, AlertSeverity)> {
        of_chain(chain).into_iter().map(|told| (told.kind, told.subject, told.severity)).collect()
    }

    #[test]
    fn nothing_is_wrong_with_a_safe_place_or_one_that_is_not_known_yet() {
        assert_eq!(told(&chain(registered(Some(2)), AxonStatus::Off)), []);
        assert_eq!(told(&chain(Registration::Unknown, AxonStatus::Unknown)), []);
    }

    #[test]
    fn a_lost_or_endangered_place_is_told_by_its_subnet() {
        let subnet = || "subnet 33".to_owned();
        let failed = AxonStatus::Failed { problem: "the port is 0".into() };

        let lost = told(&chain(Registration::NotRegistered, AxonStatus::Off));
        let endangered = told(&chain(registered(Some(1)), failed));

        assert_eq!(lost, [(ConditionKind::Deregistered, subnet(), AlertSeverity::Critical)]);
        assert_eq!(
            endangered,
            [
                (ConditionKind::AtRisk, subnet(), AlertSeverity::Warning),
                (ConditionKind::AxonUnpublished, subnet(), AlertSeverity::Warning),
            ]
        );
    }

    #[test]
    fn a_chain_that_stands_still_or_has_changed_is_told() {
        let good = || chain(registered(None), AxonStatus::Off);
        let old = ChainStatus { head_age_ms: Some(STALLED_MS + 1), ..good() };
        let gone = ChainStatus { endpoint: None, head_age_ms: None, ..good() };
        let changed = ChainStatus { differences: vec!["add_stake".into()], ..good() };

        let kinds = |chain: &ChainStatus| told(chain).into_iter().map(|(kind, ..)| kind).collect::<Vec<_>>();

        assert_eq!(kinds(&old), [ConditionKind::ChainStalled]);
        assert_eq!(kinds(&gone), [ConditionKind::ChainStalled]);
        assert_eq!(kinds(&changed), [ConditionKind::SpecChanged]);
    }

    #[test]
    fn only_the_refusals_of_the_last_minute_are_a_burst() {
        let start = Instant::now();
        let mut window = Window::default();

        let first = window.add(10_000, start);
        let second = window.add(10_000 + BURST, start + Duration::from_secs(30));
        let later = window.add(10_001 + BURST, start + Duration::from_secs(120));

        assert_eq!((first, second, later), (0, BURST, 0));
        assert!(of_refusals(BURST).is_some() && of_refusals(BURST - 1).is_none());
    }
}
