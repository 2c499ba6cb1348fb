//! Answers what other processes ask of this one.

use std::sync::Arc;
use std::time::Instant;

use common::call::miner::refusals::ExplainRefusals;
use common::call::miner::{Listener, MinerCall, MinerStatus, MinerStatusQuery};
use common::id::Ss58;
use common::ipc::Reply;
use daemon_kit::Daemon;
use daemon_kit::ipc::{CallContext, Service};

use crate::callers::CallerLog;
use crate::chain::ChainSource;
use crate::front::Load;
use crate::refusals::Refusals;

/// The service behind `miner-daemon.sock`.
pub(crate) struct StatusService {
    /// The process.
    pub(crate) daemon: Daemon,
    /// The hotkey that validators address.
    pub(crate) hotkey: Ss58,
    /// What is listened on.
    pub(crate) listeners: Vec<Listener>,
    /// The chain, if one is configured.
    pub(crate) chain: Option<Arc<ChainSource>>,
    /// Who came lately.
    pub(crate) callers: Arc<CallerLog>,
    /// What was turned away.
    pub(crate) refusals: Refusals,
    /// How busy the server is.
    pub(crate) load: Arc<Load>,
}

impl StatusService {
    fn status(&self) -> MinerStatus {
        MinerStatus {
            process: self.daemon.process_status(),
            hotkey: self.hotkey.clone(),
            listeners: self.listeners.clone(),
            connections: self.load.connections.open(),
            in_flight: self.load.in_flight(),
            since_start: self.load.counts.snapshot(),
            callers: self.callers.statuses(),
            chain: self.chain.as_ref().map(|chain| chain.status(Instant::now())),
        }
    }
}

impl Service for StatusService {
    type Call = MinerCall;

    async fn handle(&self, call: Self::Call, _context: CallContext) -> Reply {
        match call {
            MinerCall::MinerStatusQuery(MinerStatusQuery {}) => Reply::of::<MinerStatusQuery>(Ok(self.status())),
            MinerCall::ExplainRefusals(ExplainRefusals {}) => {
                Reply::of::<ExplainRefusals>(Ok(self.refusals.explain(self.daemon.started_unix_ms)))
            }
        }
    }
}
