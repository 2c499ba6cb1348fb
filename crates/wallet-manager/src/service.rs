//! Answers wallet-manager's calls. Rights belong to the socket a call comes in on, never to what the caller says.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bittensor::wallet::{Inspection, Wallet};
use common::call::wallet::balance::{BalanceQuery, EarningsQuery};
use common::call::wallet::operation::{
    ApproveOperation, ListOperations, OperationQuery, OperationView, Origin, PerformOperation, QuoteOperation,
    RejectOperation,
};
use common::call::wallet::{
    ColdkeyState, ColdkeyStatus, ConfirmTotp, EnrolTotp, KeyPresence, Lock, TotpConfirmed, TotpEnrolment, Unlock,
    WalletCall, WalletStatus, WalletStatusQuery,
};
use common::id::OperationId;
use common::ipc::{Fault, FaultCode, Reply};
use daemon_kit::Daemon;
use daemon_kit::ipc::{CallContext, Service};

use crate::desk::{Desk, is_registration};
use crate::keyring::{Keyring, KeyringState, Presence, UnlockError};
use crate::totp::{Totp, TotpError};

/// Who calls on a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rights {
    /// miner-daemon, on `wallet.sock`.
    Miner,
    /// The operator, on `wallet-admin.sock`.
    Operator,
}

impl Rights {
    /// Whose operations these are.
    fn origin(self) -> Origin {
        match self {
            Self::Miner => Origin::Miner,
            Self::Operator => Origin::Operator,
        }
    }
}

/// What a connection talks to.
pub(crate) struct Counter {
    /// The same for both sockets.
    pub(crate) manager: Arc<WalletManager>,
    /// What may be asked here.
    pub(crate) rights: Rights,
}

impl Service for Counter {
    type Call = WalletCall;

    async fn handle(&self, call: WalletCall, context: CallContext) -> Reply {
        if self.rights == Rights::Miner && is_for_the_operator(&call) {
            let message = "only the operator may ask this, on wallet-admin.sock";
            return Reply::Fault(Fault::new(FaultCode::Denied, message));
        }
        let manager = &self.manager;
        match call {
            WalletCall::WalletStatusQuery(_) => Reply::of::<WalletStatusQuery>(manager.status().await),
            WalletCall::Unlock(call) => Reply::of::<Unlock>(manager.unlock(call).await),
            WalletCall::Lock(_) => Reply::of::<Lock>(manager.lock().await),
            WalletCall::EnrolTotp(_) => Reply::of::<EnrolTotp>(manager.enrol_totp().await),
            WalletCall::ConfirmTotp(call) => Reply::of::<ConfirmTotp>(manager.confirm_totp(call).await),
            WalletCall::QuoteOperation(call) => Reply::of::<QuoteOperation>(manager.desk.quote(call).await),
            WalletCall::PerformOperation(call) => Reply::of::<PerformOperation>(
                manager.desk.perform(call, self.rights.origin(), context.deadline.into()).await,
            ),
            WalletCall::OperationQuery(call) => Reply::of::<OperationQuery>(manager.desk.find(call)),
            WalletCall::ListOperations(call) => Reply::of::<ListOperations>(Ok(manager.desk.list(call))),
            WalletCall::ApproveOperation(call) => {
                Reply::of::<ApproveOperation>(manager.approve(call, context.deadline.into()).await)
            }
            WalletCall::RejectOperation(call) => Reply::of::<RejectOperation>(manager.desk.reject(call).await),
            WalletCall::BalanceQuery(_) => Reply::of::<BalanceQuery>(manager.desk.balance().await),
            WalletCall::EarningsQuery(call) => Reply::of::<EarningsQuery>(manager.desk.earnings(call).await),
        }
    }
}

fn is_for_the_operator(call: &WalletCall) -> bool {
    match call {
        WalletCall::WalletStatusQuery(_) | WalletCall::OperationQuery(_) => false,
        WalletCall::QuoteOperation(call) => !is_registration(&call.operation),
        WalletCall::PerformOperation(call) => !is_registration(&call.operation),
        WalletCall::Unlock(_)
        | WalletCall::Lock(_)
        | WalletCall::EnrolTotp(_)
        | WalletCall::ConfirmTotp(_)
        | WalletCall::ListOperations(_)
        | WalletCall::ApproveOperation(_)
        | WalletCall::RejectOperation(_)
        | WalletCall::BalanceQuery(_)
        | WalletCall::EarningsQuery(_) => true,
    }
}

/// The daemon's own state.
pub(crate) struct WalletManager {
    daemon: Daemon,
    wallet: Wallet,
    keyring: Arc<Keyring>,
    totp: Arc<Totp>,
    desk: Desk,
}

impl WalletManager {
    /// Puts the parts together.
    pub(crate) fn new(daemon: Daemon, wallet: Wallet, keyring: Arc<Keyring>, desk: Desk) -> Self {
        let totp = Totp::new(daemon.home.state_dir().join("totp.json"), &daemon.config.miner.wallet.name);
        Self { daemon, wallet, keyring, totp: Arc::new(totp), desk }
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
        let totp = Arc::clone(&self.totp);
        let names = &self.daemon.config.miner.wallet;
        Ok(WalletStatus {
            process: self.daemon.process_status(),
            name: names.name.clone(),
            coldkey: inspection.coldkey,
            coldkey_file: inspection.coldkey_file,
            hotkey_name: names.hotkey.clone(),
            hotkey: inspection.hotkey,
            hotkey_file: inspection.hotkey_file,
            coldkey_status: self.coldkey_status(inspection.coldkey_file),
            totp: blocking(move || totp.state()).await?,
            findings: inspection.findings,
        })
    }

    /// Reads the files as they are now: a status is never older than its question.
    async fn inspect(&self) -> Result<Inspection, Fault> {
        let wallet = self.wallet.clone();
        blocking(move || wallet.inspect()).await
    }

    async fn unlock(&self, call: Unlock) -> Result<ColdkeyStatus, Fault> {
        let keyring = Arc::clone(&self.keyring);
        blocking(move || keyring.unlock(call.password.expose(), Presence::Attended, Instant::now)).await?.map_err(
            |error| {
                tracing::warn!(error = error_chain(&error), "Coldkey was not unlocked");
                let code = match error {
                    UnlockError::BackingOff { .. } | UnlockError::Wallet(_) => FaultCode::Denied,
                    UnlockError::Busy => FaultCode::Overloaded,
                };
                Fault::new(code, error_chain(&error))
            },
        )?;
        tracing::info!("Unlocked the coldkey");
        Ok(self.coldkey_status(KeyPresence::Encrypted))
    }

    async fn lock(&self) -> Result<ColdkeyStatus, Fault> {
        self.keyring.lock();
        tracing::info!("Locked the coldkey");
        Ok(self.coldkey_status(self.inspect().await?.coldkey_file))
    }

    async fn enrol_totp(&self) -> Result<TotpEnrolment, Fault> {
        let totp = Arc::clone(&self.totp);
        let uri = blocking(move || totp.enrol(rand::random())).await?.map_err(|error| totp_fault(&error))?;
        tracing::info!("Made a new secret of one-time codes");
        Ok(TotpEnrolment { uri })
    }

    async fn confirm_totp(&self, call: ConfirmTotp) -> Result<TotpConfirmed, Fault> {
        let totp = Arc::clone(&self.totp);
        let confirmed = blocking(move || totp.confirm(&call.code, unix_s(), Instant::now())).await?;
        confirmed.map_err(|error| totp_fault(&error))?;
        tracing::info!("One-time codes count from now on");
        Ok(TotpConfirmed {})
    }

    /// The operations that wait for approval.
    pub(crate) fn waiting(&self) -> Vec<OperationId> {
        self.desk.waiting()
    }

    /// Approves an operation; a code that comes with it is used up first.
    pub(crate) async fn approve(&self, call: ApproveOperation, deadline: Instant) -> Result<OperationView, Fault> {
        let by_code = call.code.is_some();
        if let Some(code) = call.code.clone() {
            let totp = Arc::clone(&self.totp);
            let verified = blocking(move || totp.verify(&code, unix_s(), Instant::now())).await?;
            verified.map_err(|error| totp_fault(&error))?;
        }
        self.desk.approve(call, by_code, deadline).await
    }

    fn coldkey_status(&self, file: KeyPresence) -> ColdkeyStatus {
        let (state, locks_in, refuses_for) = match self.keyring.state(Instant::now()) {
            KeyringState::Unlocked { locks_in } => (ColdkeyState::Unlocked, locks_in, None),
            KeyringState::Opening => (ColdkeyState::Opening, None, None),
            KeyringState::Locked { .. } if file == KeyPresence::Absent => (ColdkeyState::Absent, None, None),
            KeyringState::Locked { refuses_for } => (ColdkeyState::Locked, None, refuses_for),
        };
        ColdkeyStatus { state, locks_in_ms: locks_in.map(millis), refuses_for_ms: refuses_for.map(millis) }
    }
}

/// Runs what reads files or derives keys on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Fault::new(FaultCode::Internal, format!("wallet-manager failed: {error}; see this daemon's log"))
    })
}

fn totp_fault(error: &TotpError) -> Fault {
    let code = match error {
        TotpError::NotEnrolled | TotpError::Enrolled { .. } | TotpError::BackingOff { .. } | TotpError::Wrong => {
            FaultCode::Denied
        }
        TotpError::File(_) | TotpError::Name => FaultCode::Internal,
    };
    Fault::new(code, error_chain(error))
}

/// The error with its sources, which its own text leaves out.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

/// Now, in milliseconds since 1970.
pub(crate) fn unix_ms() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, millis)
}

fn unix_s() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
