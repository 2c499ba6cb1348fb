//! Starts the daemon: reads the hotkey, opens the database, binds the addresses, and begins to accept.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bittensor::keys::Keypair;
use bittensor::protocol::AnswerSigner;
use bittensor::wallet::Wallet;
use common::call::miner::{Listener, ServedSubnet};
use common::config::miner::MinerConfig;
use common::id::Netuid;
use daemon_kit::ipc::{self, Client};
use daemon_kit::outbox::{self, Courier};
use daemon_kit::{Daemon, Durability, Store, beat};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::admission::Admission;
use crate::chain;
use crate::check::compile;
use crate::delivery::Deliveries;
use crate::front::{Front, Load};
use crate::health::Health;
use crate::listener;
use crate::nonces::{self, Nonces};
use crate::rates::Rates;
use crate::records::Recorder;
use crate::refusals::Refusals;
use crate::request::Site;
use crate::status::StatusService;

/// This daemon's name, that of its socket, too.
const SERVICE: &str = "miner-daemon";
/// Formats of `front.db`, oldest first; what has been released is never changed.
const MIGRATIONS: &[&str] = &[outbox::SCHEMA, nonces::SCHEMA, chain::SCHEMA, outbox::SLIM];
/// Records of ended tasks that may wait to be written, for each task in work.
const RECORDS_PER_TASK: usize = 4;

/// Starts everything and returns once validators can connect.
///
/// # Errors
/// Says which part cannot start, why, and what to do.
pub async fn run(daemon: Daemon) -> anyhow::Result<()> {
    let config = &daemon.config.miner;
    let workers = &daemon.workers;
    let routes = compile(&daemon.config)?;
    let key = Arc::new(hotkey(config)?);
    let hotkey = key.address();
    // The lock on the socket comes first: it keeps a second copy off the database.
    let socket = ipc::Listener::bind(&daemon.home.socket(SERVICE), &config.daemons.allowed_uids)?;
    let bound = bind(config).await?;

    let path = daemon.home.state_dir().join("front.db");
    let store = Store::open(&path, MIGRATIONS)?;
    let interrupted = store.run(Durability::Lazy, outbox::release_staged).await?;
    if interrupted > 0 {
        tracing::warn!(tasks = interrupted, "The run before ended with tasks in work");
    }
    let tracker = Client::new(daemon.home.socket("tracker"), "tracker", workers);
    let courier = Courier::start(store.clone(), tracker.clone(), workers);
    let (view, source) = match config.chain.clone() {
        None => (Arc::default(), None),
        Some(chain) => {
            let (store, courier, workers) = (store.clone(), courier.clone(), workers.clone());
            let start = chain::Start {
                config: chain,
                hotkey: Arc::clone(&key),
                ports: ports(&bound, config),
                store,
                courier,
                workers,
            };
            let (view, source) = start.follow().await?;
            (view, Some(source))
        }
    };
    let recorder = Recorder::new(store.clone(), courier, workers.clone());
    let load = Arc::new(Load::new(&config.server));
    let room = usize::try_from(config.server.max_in_flight).unwrap_or(usize::MAX).saturating_mul(RECORDS_PER_TASK);
    let front = Arc::new(Front {
        hotkey: hotkey.clone(),
        limits: config.server.clone(),
        nonces: Nonces::start(&store).await?,
        admission: Admission::new(&config.callers),
        rates: Rates::new(&config.server),
        callers: Arc::default(),
        signer: AnswerSigner::new(key),
        chain: view,
        tasks: Client::new(daemon.home.socket("task-handler"), "task-handler", workers),
        deliveries: Deliveries::start(&recorder, &load.counts, room.clamp(1, MOST_RECORDS), workers),
        refusals: Refusals::start(&recorder, &load.counts, workers),
        load: Arc::clone(&load),
    });

    let listeners = bound.iter().zip(&routes).map(|((_, address), routes)| Listener {
        address: *address,
        subnets: routes.by_subnet().into_iter().map(|(netuid, routes)| ServedSubnet { netuid, routes }).collect(),
    });
    let listeners: Vec<_> = listeners.collect();
    for listener in &listeners {
        let netuids: Vec<_> = listener.subnets.iter().map(|subnet| subnet.netuid.0).collect();
        tracing::info!(address = %listener.address, ?netuids, %hotkey, "Validators are answered");
    }
    // Its answers are for people and for beats of others; this daemon needs no wishes.
    let source = source.map(Arc::new);
    let health = Health::new(source.clone(), Arc::clone(&load));
    drop(beat::start(&daemon, tracker, Some(store), health));
    let (callers, refusals) = (Arc::clone(&front.callers), front.refusals.clone());
    let service = StatusService { daemon: daemon.clone(), hotkey, listeners, chain: source, callers, refusals, load };
    workers.spawn("ipc-server", ipc::serve(socket, SERVICE, Arc::new(service), workers.clone()));
    // Nobody is refused just because this daemon was faster than its own connection to task-handler.
    let _ = timeout(HEAD_START, front.tasks.connected()).await;
    for ((listener, _), routes) in bound.into_iter().zip(routes) {
        let site = Site { routes: Arc::new(routes), front: Arc::clone(&front) };
        workers.spawn("validator-listener", listener::accept(listener, site, workers.clone()));
    }
    Ok(())
}

/// How long the first validator waits for task-handler.
const HEAD_START: Duration = Duration::from_secs(1);

/// The most records that may be open or waiting, however many tasks may be in work.
const MOST_RECORDS: usize = 65_536;

/// Where each subnet is served; the first listener that names it is the one that is published.
fn ports(bound: &[(TcpListener, SocketAddr)], config: &MinerConfig) -> BTreeMap<Netuid, u16> {
    let mut ports = BTreeMap::new();
    for ((_, address), listener) in bound.iter().zip(&config.listeners) {
        for netuid in &listener.netuids {
            ports.entry(*netuid).or_insert(address.port());
        }
    }
    ports
}

fn hotkey(config: &MinerConfig) -> anyhow::Result<Keypair> {
    let names = &config.wallet;
    let wallet = Wallet::locate(&names.path, &names.name, &names.hotkey).context("wallet in miner-config.json")?;
    wallet.hotkey().context("the hotkey cannot be read")
}

async fn bind(config: &MinerConfig) -> Result<Vec<(TcpListener, SocketAddr)>, listener::ListenError> {
    let mut bound = Vec::new();
    for listener in &config.listeners {
        bound.push(listener::bind(listener.address).await?);
    }
    Ok(bound)
}
