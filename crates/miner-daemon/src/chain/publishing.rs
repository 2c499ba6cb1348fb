//! Keeps what stands on the chain as our axon true: published when it is missing or wrong, and only then.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use chain::serving::{Decision, Served, Wanted};
use chain::{Axon, ChainError};
use common::call::miner::chain::{AxonStatus, Registration};
use common::config::chain as config;
use common::id::Netuid;

use super::Scope;
use super::address;

/// The version that the axon says it speaks: that of SDK 10.5.0, which validators' dendrites check for nothing.
const SDK_VERSION: u32 = 10_005_000;
/// How long a transaction is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
/// From one look at what stands on the chain to the next: an address can change, and another miner can overwrite it.
const RECHECK: Duration = Duration::from_secs(600);
/// After something that may be over soon.
const RETRY: Duration = Duration::from_secs(12);
/// After something that an operator must mend.
const RETRY_LATER: Duration = Duration::from_secs(120);

/// Publishes until the daemon stops.
pub(super) async fn publish(scope: Scope, netuid: Netuid, port: u16, axon: config::Axon) {
    let Some(subnet) = scope.view.subnet(netuid) else { return };
    if !axon.publish {
        subnet.set_axon(AxonStatus::Off);
        return;
    }
    loop {
        let registered = subnet.wait_for_registration(|known| matches!(known, Registration::Registered { .. }));
        let stopping = scope.workers.token();
        if stopping.run_until_cancelled(registered).await.is_none() {
            return;
        }
        let Some((status, wait)) = stopping.run_until_cancelled(once(&scope, netuid, port, &axon)).await else {
            return;
        };
        tell(netuid, &subnet.set_axon(status.clone()), &status);
        let lost = subnet.wait_for_registration(|known| !matches!(known, Registration::Registered { .. }));
        // A place that is lost and won again has no axon.
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = lost => { subnet.set_axon(AxonStatus::Unknown); }
            () = scope.workers.stopping() => return,
        }
    }
}

/// Looks once, publishes if need be, and says when to look again.
async fn once(scope: &Scope, netuid: Netuid, port: u16, axon: &config::Axon) -> (AxonStatus, Duration) {
    let ip = match address::external(axon).await {
        Ok(ip) => ip,
        Err(error) => {
            let problem = format!("{:#}", anyhow::Error::new(error));
            return (AxonStatus::Failed { problem }, RETRY_LATER);
        }
    };
    let port = axon.port.map_or(port, std::num::NonZeroU16::get);
    let wanted = Wanted { axon: Axon { ip, port, protocol: chain::HTTP, version: SDK_VERSION }, certificate: None };
    let network = scope.settings.network;
    let served = scope.client.serve(netuid.0, &scope.hotkey, &wanted, network, PATIENCE).await;
    judge(served, ip, port, scope.settings.timing.block)
}

fn judge(served: Result<Served, ChainError>, ip: IpAddr, port: u16, block: Duration) -> (AxonStatus, Duration) {
    let address = SocketAddr::new(ip, port);
    match served {
        Ok(Served::Now(_) | Served::Not(Decision::Serve | Decision::Keep)) => {
            (AxonStatus::Published { address }, RECHECK)
        }
        Ok(Served::Not(Decision::Wait { until_block })) => {
            let reason = format!("the chain takes a new axon from block {until_block} on");
            (AxonStatus::Pending { reason }, block)
        }
        Ok(Served::Not(Decision::Refuse(problem))) => {
            (AxonStatus::Failed { problem: format!("{address}: {problem}") }, RETRY_LATER)
        }
        Err(error @ ChainError::FateUnknown { .. }) => (AxonStatus::Pending { reason: error.to_string() }, RETRY),
        Err(error) if error.is_retryable() => (AxonStatus::Pending { reason: error.to_string() }, RETRY),
        Err(error) => (AxonStatus::Failed { problem: error.to_string() }, RETRY_LATER),
    }
}

/// Each change is told once.
fn tell(netuid: Netuid, before: &AxonStatus, now: &AxonStatus) {
    if before == now {
        return;
    }
    match now {
        AxonStatus::Published { address } => tracing::info!(%netuid, %address, "The axon stands on the chain"),
        AxonStatus::Failed { problem } => tracing::error!(%netuid, problem, "The axon cannot be published"),
        AxonStatus::Pending { reason } => tracing::debug!(%netuid, reason, "The axon is not published yet"),
        AxonStatus::Unknown | AxonStatus::Off => {}
    }
}

#[cfg(test)]
mod tests {
    use chain::serving::AddressProblem;

    use super::*;

    const BLOCK: Duration = Duration::from_secs(12);

    fn judged(served: Result<Served, ChainError>) -> (AxonStatus, Duration) {
        judge(served, [1, 2, 3, 4].into(), 8091, BLOCK)
    }

    #[test]
    fn what_stands_there_is_looked_at_again() {
        let (status, wait) = judged(Ok(Served::Not(Decision::Keep)));

        assert_eq!(status, AxonStatus::Published { address: "1.2.3.4:8091".parse().unwrap() });
        assert_eq!(wait, RECHECK);
    }

    #[test]
    fn the_chains_rate_limit_is_waited_for_block_by_block() {
        let (status, wait) = judged(Ok(Served::Not(Decision::Wait { until_block: 77 })));

        assert_eq!(status, AxonStatus::Pending { reason: "the chain takes a new axon from block 77 on".into() });
        assert_eq!(wait, BLOCK);
    }

    #[test]
    fn what_only_an_operator_can_mend_is_a_failure() {
        for served in [Ok(Served::Not(Decision::Refuse(AddressProblem::Private))), Err(ChainError::UnknownSubnet(7))] {
            let (status, wait) = judged(served);

            assert!(matches!(status, AxonStatus::Failed { .. }), "{status:?}");
            assert_eq!(wait, RETRY_LATER);
        }
    }

    #[test]
    fn what_passes_by_itself_is_tried_again_soon() {
        let (status, wait) = judged(Err(ChainError::Disconnected));

        assert!(matches!(status, AxonStatus::Pending { .. }), "{status:?}");
        assert_eq!(wait, RETRY);
    }
}
