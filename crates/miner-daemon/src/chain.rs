//! The chain: who may call, whether answers can earn anything, where validators find us, and what each epoch brought.
//!
//! Each of these has a worker of its own, so that one that must wait holds up no other. Requests read the [`View`] and wait
//! for nothing: a chain that cannot be reached stops no answer.

mod address;
mod callers;
mod epochs;
mod facts;
mod memory;
mod publishing;
mod registration;
mod status;
pub(crate) mod view;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bittensor::keys::Keypair;
use chain::{BlockHash, Client, Settings};
use common::config::chain::ChainConfig;
use common::id::{Netuid, Ss58};
use daemon_kit::outbox::Courier;
use daemon_kit::{Store, Workers};

pub(crate) use memory::SCHEMA;
pub(crate) use status::ChainSource;
use view::View;

/// What the workers share.
#[derive(Clone)]
struct Scope {
    client: Client,
    settings: Settings,
    hotkey: Arc<Keypair>,
    address: Ss58,
    view: Arc<View>,
    store: Store,
    courier: Courier,
    workers: Workers,
}

/// What starts the workers.
pub(crate) struct Start {
    /// The chain's part of the configuration.
    pub(crate) config: ChainConfig,
    /// The hotkey that is mined with.
    pub(crate) hotkey: Arc<Keypair>,
    /// The port on which each subnet is served.
    pub(crate) ports: BTreeMap<Netuid, u16>,
    /// `front.db`
    pub(crate) store: Store,
    /// Whoever carries records to tracker.
    pub(crate) courier: Courier,
    /// Where the workers run.
    pub(crate) workers: Workers,
}

impl Start {
    /// Connects to the chain and follows it until the daemon stops. Returns at once; the view fills up as the chain answers.
    ///
    /// # Errors
    /// The configuration names nodes that cannot be used.
    pub(crate) async fn follow(self) -> anyhow::Result<(Arc<View>, ChainSource)> {
        let settings = Settings::new(&self.config)?;
        let (client, driver) = chain::connect(settings.clone());
        let view = Arc::new(View::of(self.ports.keys().copied()));
        let workers = &self.workers;
        let scope = Scope {
            client,
            settings,
            address: self.hotkey.address(),
            hotkey: self.hotkey,
            view: Arc::clone(&view),
            store: self.store,
            courier: self.courier,
            workers: workers.clone(),
        };
        callers::recall(&scope).await?;
        let source = ChainSource::new(&scope);
        let stopping = workers.token();
        workers.spawn("chain-connection", async move { driver.run(stopping.cancelled()).await });
        workers.spawn("chain-registration", registration::watch(scope.clone()));
        for (netuid, port) in self.ports {
            workers.spawn("chain-callers", callers::keep(scope.clone(), netuid));
            workers.spawn("chain-epochs", epochs::report(scope.clone(), netuid));
            workers.spawn("chain-axon", publishing::publish(scope.clone(), netuid, port, self.config.axon.clone()));
        }
        Ok((view, source))
    }
}

impl Scope {
    /// Under which name things are remembered: what was known of another chain means nothing on this one.
    fn chain_name(&self) -> String {
        match self.settings.genesis {
            Some(genesis) => genesis.to_string(),
            // A network of one's own without a pin: the first node that answers is believed.
            None => format!("{:?}", self.settings.network),
        }
    }

    /// Waits for a best head other than `known`; none if the daemon stops.
    async fn next_block(&self, known: Option<BlockHash>) -> Option<chain::Block> {
        loop {
            let stopping = self.workers.token();
            let next = stopping.run_until_cancelled(self.client.after(known, PATIENCE)).await?;
            match next {
                Ok(block) => return Some(block),
                // The connection itself tells what is wrong.
                Err(error) => tracing::trace!(%error, "No new block yet"),
            }
            self.pause(PAUSE).await?;
        }
    }

    /// Waits, but not into the end of the daemon.
    async fn pause(&self, time: Duration) -> Option<()> {
        self.workers.token().run_until_cancelled(tokio::time::sleep(time)).await
    }
}

/// How long a block is waited for in one go.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries while there is no connection.
const PAUSE: Duration = Duration::from_millis(200);
