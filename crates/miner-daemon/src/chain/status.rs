//! Says what is known of the chain, for people.

use std::sync::Arc;
use std::time::Instant;

use chain::{Client, ConnectionState};
use common::call::miner::chain::ChainStatus;
use common::config::chain::Network;

use super::Scope;
use super::view::View;

/// Where a status comes from.
pub(crate) struct ChainSource {
    client: Client,
    network: Network,
    view: Arc<View>,
}

impl ChainSource {
    pub(super) fn new(scope: &Scope) -> Self {
        Self { client: scope.client.clone(), network: scope.settings.network, view: Arc::clone(&scope.view) }
    }

    /// Returns the status at `now`.
    pub(crate) fn status(&self, now: Instant) -> ChainStatus {
        let connection = self.client.connection().borrow().clone();
        let (endpoint, problem) = match &connection {
            ConnectionState::Up { endpoint, .. } => (Some(endpoint.to_string()), None),
            ConnectionState::Down { last, .. } => (None, last.as_ref().map(ToString::to_string)),
        };
        let best = *self.client.best().borrow();
        let runtime = self.client.runtime().borrow().clone();
        let age = |seen: Instant| u64::try_from(now.saturating_duration_since(seen).as_millis()).unwrap_or(u64::MAX);
        ChainStatus {
            network: self.network,
            endpoint,
            problem,
            best_block: best.map(|head| head.number),
            finalized_block: self.client.finalized().borrow().map(|head| head.number),
            head_age_ms: best.map(|head| age(head.seen)),
            spec_version: runtime.as_ref().map(|runtime| runtime.spec_version),
            differences: runtime
                .iter()
                .flat_map(|runtime| &runtime.compatibility.differences)
                .map(ToString::to_string)
                .collect(),
            subnets: self.view.statuses(now),
        }
    }
}
