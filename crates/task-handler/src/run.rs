//! Starts the process: checks, opens, takes over, serves.

use std::sync::Arc;

use anyhow::Context;
use common::config::miner::Vendor;
use common::id::VendorName;
use daemon_kit::ipc::{self, Client, Listener};
use daemon_kit::outbox::Courier;
use daemon_kit::{Daemon, beat};
use llm::ClientsError;

use crate::catalogue::Catalogue;
use crate::decision_log::DecisionLog;
use crate::headroom;
use crate::health::Health;
use crate::intelligence::Intelligence;
use crate::keys;
use crate::ledger::{self, Clock, Ledger, Notify};
use crate::models::Models;
use crate::pipeline::Pipeline;
use crate::service::TaskHandler;
use crate::strategy_source::StrategySource;
use crate::usage_file;
use crate::vendor_checks::Checker;
use crate::vendors::{self, Vendors};

/// Binds the socket and starts all workers; returns when tasks are taken.
///
/// # Errors
/// Another copy runs in the same home, or the ledger cannot be opened.
pub async fn run(daemon: Daemon) -> anyhow::Result<()> {
    let Vendors { clients, issuer, problems } = open_vendors(&daemon)?;
    let workers = &daemon.workers;
    let name = daemon.service;
    // First, because it proves that no other copy has the ledger open.
    let listener = Listener::bind(&daemon.home.socket(name), &daemon.config.miner.daemons.allowed_uids)?;

    let store = ledger::open(&daemon.home.state_dir().join("ledger.db")).context("the ledger cannot be opened")?;
    let tracker = Client::new(daemon.home.socket("tracker"), "tracker", workers);
    let courier = Courier::start(store.clone(), tracker.clone(), workers);

    let clock = Clock::system();
    let notify = Notify::new(move || courier.notify());
    let credential = |(name, vendor): (&VendorName, &Vendor)| Some((name.clone(), vendor.credential.clone()?));
    let keys = daemon.config.miner.vendors.iter().filter_map(credential).collect();
    let ledger = Ledger::start(store.clone(), &daemon.config.budgets, keys, issuer, clock.clone(), notify, workers)
        .await
        .context("the ledger cannot be taken over")?;

    let health = Health::new(ledger.reporter(), problems.clone());
    let wishes = beat::start(&daemon, tracker, Some(store), health);
    workers.spawn("usage-file", usage_file::keep(daemon.home.state_dir().join(usage_file::NAME), ledger.reporter()));

    let paused = ledger.paused().await.context("the ledger cannot be read")?;
    if paused {
        tracing::warn!("Answering is paused, every task is declined; resume with `minerctl resume`");
    }
    let models = Models::new(&daemon.config, &problems);
    let intelligence = intelligence(&daemon, &ledger)?;
    let subnets = daemon.config.subnets.clone();
    let pipeline = Pipeline::new(subnets, intelligence, models, clients, ledger, clock.clone());
    let checker = Checker::new(&daemon.config, problems);
    let catalogue = Catalogue::new(&daemon.config);
    let service = TaskHandler::new(daemon.clone(), pipeline, checker, catalogue, wishes, paused, clock);
    workers.spawn("ipc-server", ipc::serve(listener, name, Arc::new(service), workers.clone()));
    Ok(())
}

fn intelligence(daemon: &Daemon, ledger: &Ledger) -> anyhow::Result<Intelligence> {
    let strategy = StrategySource::new(daemon.config.subnets.clone()).context("the profiles cannot be followed")?;
    let (gauge, headroom) = headroom::channel();
    daemon.workers.spawn("budget-headroom", gauge.keep(ledger.reporter()));
    let path = daemon.home.state_dir().join("decisions.db");
    let log = DecisionLog::start(&path, &daemon.workers).context("the log of decisions cannot be opened")?;
    Ok(Intelligence::new(strategy, headroom, log))
}

fn open_vendors(daemon: &Daemon) -> Result<Vendors, ClientsError> {
    let vendors = &daemon.config.miner.vendors;
    let keys = keys::open(vendors, &daemon.config.credentials, &daemon.home.state_dir());
    let opened = vendors::open(vendors, keys)?;
    for (vendor, problem) in &opened.problems {
        tracing::error!(%vendor, problem, "Vendor cannot be called, its models are not used");
    }
    Ok(opened)
}
