//! What all requests share, whichever listener they come in on.

use std::sync::Arc;

use bittensor::protocol::AnswerSigner;
use common::call::task::TaskCall;
use common::config::miner::Server;
use common::id::Ss58;
use daemon_kit::ipc::Client;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::admission::{Admission, Weight};
use crate::callers::CallerLog;
use crate::chain::view::View;
use crate::counts::Counts;
use crate::delivery::Deliveries;
use crate::limits::ConnectionLimits;
use crate::nonces::Nonces;
use crate::rates::Rates;
use crate::refusals::Refusals;

/// The miner's face to validators.
#[derive(Debug)]
pub(crate) struct Front {
    /// The hotkey that requests must be addressed to.
    pub(crate) hotkey: Ss58,
    /// The server's limits.
    pub(crate) limits: Server,
    /// Which nonces were used.
    pub(crate) nonces: Nonces,
    /// Who is answered.
    pub(crate) admission: Admission,
    /// How often.
    pub(crate) rates: Rates,
    /// Who came lately.
    pub(crate) callers: Arc<CallerLog>,
    /// Signs answers where a profile wants it.
    pub(crate) signer: AnswerSigner,
    /// What the chain says.
    pub(crate) chain: Arc<View>,
    /// The one who answers.
    pub(crate) tasks: Client<TaskCall>,
    /// What became of tasks.
    pub(crate) deliveries: Deliveries,
    /// What was turned away.
    pub(crate) refusals: Refusals,
    /// The requests in work.
    pub(crate) load: Arc<Load>,
}

/// The most bodies of senders who are not verified yet, that is how much memory strangers can hold: so many times the
/// largest body.
const UNVERIFIED: u32 = 128;
/// Those of one address.
const UNVERIFIED_PER_IP: u32 = 32;

/// How busy the server is. Unlike [`Front`] it may outlive the server.
#[derive(Debug)]
pub(crate) struct Load {
    /// The open connections.
    pub(crate) connections: Arc<ConnectionLimits>,
    /// What came since the start.
    pub(crate) counts: Arc<Counts>,
    /// Bodies that are read before their senders are verified.
    pub(crate) unverified: Arc<ConnectionLimits>,
    in_flight: Arc<Semaphore>,
    max_in_flight: u32,
}

impl Load {
    /// Nobody has come yet.
    pub(crate) fn new(limits: &Server) -> Self {
        Self {
            connections: ConnectionLimits::new(limits.max_connections, limits.max_connections_per_ip),
            counts: Arc::default(),
            unverified: ConnectionLimits::new(UNVERIFIED, UNVERIFIED_PER_IP),
            in_flight: Arc::new(Semaphore::new(
                usize::try_from(limits.max_in_flight).unwrap_or(Semaphore::MAX_PERMITS),
            )),
            max_in_flight: limits.max_in_flight,
        }
    }

    /// Takes a place for a request in work, if there is one now for a caller of this weight.
    pub(crate) fn begin(&self, weight: Weight) -> Option<OwnedSemaphorePermit> {
        if self.in_flight() >= weight.places(self.max_in_flight) {
            return None;
        }
        Arc::clone(&self.in_flight).try_acquire_owned().ok()
    }

    /// How many requests are in work.
    pub(crate) fn in_flight(&self) -> u32 {
        let free = u32::try_from(self.in_flight.available_permits()).unwrap_or(u32::MAX);
        self.max_in_flight.saturating_sub(free)
    }
}
