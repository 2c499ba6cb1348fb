//! Answers wallet-manager's calls; for now the same on both sockets.

use bittensor::wallet::{Inspection, Wallet};
use common::call::wallet::{WalletCall, WalletStatus, WalletStatusQuery};
use common::ipc::{Fault, FaultCode, Reply};
use daemon_kit::Daemon;
use daemon_kit::ipc::{CallContext, Service};

/// What a connection talks to.
pub(crate) struct WalletManager {
    daemon: Daemon,
    wallet: Wallet,
}

impl Service for WalletManager {
    type Call = WalletCall;

    async fn handle(&self, call: WalletCall, _: CallContext) -> Reply {
        match call {
            WalletCall::WalletStatusQuery(_) => Reply::of::<WalletStatusQuery>(self.status().await),
            WalletCall::QuoteOperation(_)
            | WalletCall::PerformOperation(_)
            | WalletCall::OperationQuery(_)
            | WalletCall::ListOperations(_)
            | WalletCall::ApproveOperation(_)
            | WalletCall::RejectOperation(_)
            | WalletCall::BalanceQuery(_)
            | WalletCall::EarningsQuery(_) => Reply::Fault(Fault::new(
                FaultCode::Unavailable,
                "there is no `chain` in miner-config.json: nothing can be read from or done on a chain",
            )),
        }
    }
}

impl WalletManager {
    /// Puts the parts together.
    pub(crate) fn new(daemon: Daemon, wallet: Wallet) -> Self {
        Self { daemon, wallet }
    }

    /// Logs what is wrong with the wallet now.
    pub(crate) async fn log_findings(&self) {
        match self.inspect().await {
            Ok(inspection) => {
                for finding in inspection.findings {
                    tracing::warn!(path = ?finding.path, problem = finding.problem, fix = finding.fix, "Wallet needs care");
                }
            }
            Err(fault) => tracing::error!(%fault, "Wallet could not be inspected"),
        }
    }

    async fn status(&self) -> Result<WalletStatus, Fault> {
        let inspection = self.inspect().await?;
        let names = &self.daemon.config.miner.wallet;
        Ok(WalletStatus {
            process: self.daemon.process_status(),
            name: names.name.clone(),
            coldkey: inspection.coldkey,
            coldkey_file: inspection.coldkey_file,
            hotkey_name: names.hotkey.clone(),
            hotkey: inspection.hotkey,
            hotkey_file: inspection.hotkey_file,
            findings: inspection.findings,
        })
    }

    /// Reads the files as they are now: a status is never older than its question.
    async fn inspect(&self) -> Result<Inspection, Fault> {
        let wallet = self.wallet.clone();
        tokio::task::spawn_blocking(move || wallet.inspect()).await.map_err(|error| {
            Fault::new(
                FaultCode::Internal,
                format!("the wallet could not be inspected: {error}; see this daemon's log"),
            )
        })
    }
}
