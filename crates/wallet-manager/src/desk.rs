//! Answers the calls about money: what there is, what could be done, and what is done.

use std::sync::Arc;
use std::time::Instant;

use bittensor::wallet::Wallet;
use chain::{Client, Settings};
use common::call::wallet::balance::{Balance, Earnings, EarningsQuery};
use common::call::wallet::operation::{
    ApproveOperation, ListOperations, Operation, OperationQuery, OperationView, Operations as Listed, Origin,
    PerformOperation, Quote, QuoteOperation, RejectOperation,
};
use common::config::chain::Network;
use common::id::{Netuid, OperationId, Ss58};
use common::ipc::{Fault, FaultCode};
use daemon_kit::Daemon;
use tokio::sync::Mutex;

use crate::automatic::Automatic;
use crate::balance::{Holder, balance};
use crate::earnings::Follower;
use crate::journal::Journal;
use crate::journal::step::{Phase, Record};
use crate::keyring::Keyring;
use crate::operations::{Clock, Operations, btcli_flags};
use crate::service::error_chain;

/// Operations of one answer.
const MOST: u32 = 200;

/// Everything about money.
pub(crate) struct Desk {
    journal: Arc<Journal>,
    /// Nothing without a chain and a coldkey's address.
    operations: Result<Arc<Operations>, &'static str>,
    hotkey: Option<Ss58>,
    netuids: Vec<Netuid>,
    block_ms: u64,
}

impl Desk {
    /// Opens `wallet.db`, connects to the chain, and goes on with what the last process left unfinished.
    ///
    /// # Errors
    /// If the journal cannot be read, or the configuration names nodes that cannot be used.
    pub(crate) async fn open(
        daemon: &Daemon,
        wallet: &Wallet,
        keyring: &Arc<Keyring>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let journal = Arc::new(Journal::open(&daemon.home.state_dir().join("wallet.db")).await?);
        let config = &daemon.config.miner;
        let mut netuids: Vec<Netuid> = config.listeners.iter().flat_map(|listener| listener.netuids.clone()).collect();
        netuids.sort_unstable();
        netuids.dedup();
        let files = wallet.clone();
        let inspection = tokio::task::spawn_blocking(move || files.inspect()).await?;
        let mut desk = Self {
            journal: Arc::clone(&journal),
            operations: Err("there is no `chain` in miner-config.json: nothing can be read from or done on a chain"),
            hotkey: inspection.hotkey.clone(),
            netuids,
            block_ms: 0,
        };
        let Some(chain) = &config.chain else { return Ok(desk) };
        let settings = Settings::new(chain)?;
        desk.block_ms = u64::try_from(settings.timing.block.as_millis()).unwrap_or(u64::MAX);
        let Some(address) = inspection.coldkey else {
            desk.operations = Err("the coldkey's address is not known: coldkeypub.txt is missing");
            return Ok(desk);
        };
        let coldkey = bittensor::ss58::decode(address.as_str())?;
        let (client, driver) = chain::connect(settings.clone());
        let stopping = daemon.workers.token();
        daemon.workers.spawn("chain-connection", async move { driver.run(stopping.cancelled()).await });
        let operations = Arc::new(Operations {
            client: client.clone(),
            coldkey,
            own: std::iter::once(address).chain(inspection.hotkey).collect(),
            policy: config.wallet.policy.clone(),
            wallet: wallet.clone(),
            btcli_flags: btcli_flags(&config.wallet.path, &config.wallet.name, &btcli_network(chain.network, chain)),
            keyring: Arc::clone(keyring),
            journal,
            workers: daemon.workers.clone(),
            clock,
            one: Mutex::new(()),
        });
        operations.resume().await?;
        desk.operations = Ok(Arc::clone(&operations));
        desk.follow(daemon, &settings, &client, &operations);
        Ok(desk)
    }

    fn follow(&self, daemon: &Daemon, settings: &Settings, client: &Client, operations: &Arc<Operations>) {
        let Some(hotkey) = &self.hotkey else { return };
        let Ok(account) = bittensor::ss58::decode(hotkey.as_str()) else { return };
        let chain = settings.genesis.map_or_else(|| format!("{:?}", settings.network), |genesis| genesis.to_string());
        for netuid in &self.netuids {
            let follower = Follower {
                client: client.clone(),
                journal: Arc::clone(&self.journal),
                chain: chain.clone(),
                netuid: *netuid,
                hotkey: account,
                address: hotkey.clone(),
            };
            daemon.workers.spawn("earnings", follower.follow(daemon.workers.clone()));
        }
        let wallet = &daemon.config.miner.wallet;
        let automatic = Automatic {
            operations: Arc::clone(operations),
            hotkey: hotkey.clone(),
            netuids: self.netuids.clone(),
            reregister: wallet.reregister.clone(),
            rules: wallet.rules.clone(),
        };
        daemon.workers.spawn("automatic-operations", automatic.run(daemon.workers.clone()));
    }

    fn operations(&self) -> Result<&Arc<Operations>, Fault> {
        self.operations.as_ref().map_err(|problem| Fault::new(FaultCode::Unavailable, *problem))
    }

    pub(crate) async fn quote(&self, call: QuoteOperation) -> Result<Quote, Fault> {
        self.operations()?.quote(&call.operation).await
    }

    pub(crate) async fn perform(
        &self,
        call: PerformOperation,
        origin: Origin,
        deadline: Instant,
    ) -> Result<OperationView, Fault> {
        self.operations()?.perform(call, origin, deadline).await
    }

    pub(crate) async fn approve(
        &self,
        call: ApproveOperation,
        by_code: bool,
        deadline: Instant,
    ) -> Result<OperationView, Fault> {
        self.operations()?.approve(call.id, by_code, deadline).await
    }

    pub(crate) async fn reject(&self, call: RejectOperation) -> Result<OperationView, Fault> {
        self.operations()?.reject(call.id).await
    }

    pub(crate) fn find(&self, call: OperationQuery) -> Result<OperationView, Fault> {
        let found = self.journal.get(call.id).map(|record| record.view());
        found.ok_or_else(|| Fault::new(FaultCode::Invalid, format!("there is no operation {}", call.id)))
    }

    /// The operations that wait for approval.
    pub(crate) fn waiting(&self) -> Vec<OperationId> {
        self.journal.all(|record| record.phase == Phase::Waiting).iter().map(|record| record.id).collect()
    }

    pub(crate) fn list(&self, call: ListOperations) -> Listed {
        let limit = usize::try_from(call.limit.min(MOST)).unwrap_or(usize::MAX);
        Listed { operations: self.journal.newest(limit).iter().map(Record::view).collect() }
    }

    pub(crate) async fn balance(&self) -> Result<Balance, Fault> {
        let operations = self.operations()?;
        let unavailable = |error: chain::ChainError| Fault::new(FaultCode::Unavailable, error.to_string());
        let block = operations.client.at_best().map_err(unavailable)?;
        let holder = Holder {
            coldkey: &operations.coldkey,
            hotkey: self.hotkey.as_ref(),
            netuids: &self.netuids,
            block_ms: self.block_ms,
        };
        balance(&block, &holder).await.map_err(unavailable)
    }

    pub(crate) async fn earnings(&self, call: EarningsQuery) -> Result<Earnings, Fault> {
        self.journal.earnings(call).await.map_err(|error| Fault::new(FaultCode::Internal, error_chain(&error)))
    }
}

/// Whether an operation is one that miner-daemon may ask for.
pub(crate) fn is_registration(operation: &Operation) -> bool {
    matches!(operation, Operation::Register { .. })
}

/// btcli knows two networks by name, all others by address.
fn btcli_network(network: Network, chain: &common::config::chain::ChainConfig) -> String {
    match network {
        Network::Finney => "finney".to_owned(),
        Network::Test => "test".to_owned(),
        Network::Local | Network::Sandbox => {
            chain.endpoints.first().cloned().unwrap_or_else(|| "ws://127.0.0.1:9944".to_owned())
        }
    }
}
