//! Runs the simulations until a signal says otherwise.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use daemon_kit::{Instance, Problems, Workers, logs};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::chain::{self, Opinions, SandboxChain};
use crate::dendrite::Target;
use crate::home;
use crate::line_log::LineLog;
use crate::score_log;
use crate::settings::Settings;
use crate::validator::Validator;
use crate::vendor::bills::{self, Bills};
use crate::vendor::{self, Pace, Vendor};

/// The sandbox's name among the locks and logs of a home.
pub(crate) const SERVICE: &str = "sandbox";

/// How long calls in work may take after the signal.
const DRAIN: Duration = Duration::from_secs(10);

/// From one look for the miner to the next.
const LOOK: Duration = Duration::from_millis(250);

/// More scores than come while a line is written.
const SCORES_WAITING: usize = 256;

/// Runs a home's vendor and validators.
pub(crate) async fn sandbox(root: &Path) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    daemon_kit::follow_supervisor()?;
    let (home, settings) = home::open(root)?;
    home.prepare()?;
    let _instance = Instance::take(&home, SERVICE)?;
    logs::init(&home, SERVICE, Problems::new())?;
    let hotkey = home::miner_hotkey(&home)?;
    let path = score_log::path(&home);
    let log = LineLog::open(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    let bills = Bills::open(&home).with_context(|| format!("{} cannot be written", bills::path(&home).display()))?;
    let listener =
        bind(settings.vendor.address, "`vendor.address` in sandbox.json and `vendors` in miner-config.json").await?;

    let workers = Workers::new();
    let vendor = Arc::new(Vendor::new(settings.vendor.clone(), Pace::Lifelike).with_bills(bills));
    let opinions = Opinions::default();
    let chain = match &settings.chain {
        None => None,
        Some(chain) => {
            let running = SandboxChain::start(&home, &settings, chain, &workers)?;
            let weighing = chain::weigh(running.clone(), &settings, chain, opinions.clone(), workers.clone())?;
            workers.spawn("chain-weights", weighing);
            Some(running)
        }
    };
    let (scores, judged) = mpsc::channel(SCORES_WAITING);
    for habits in &settings.validators {
        let (settings, habits, hotkey) = (settings.clone(), habits.clone(), hotkey.clone());
        let (authors, chain, scores) = (vendor.authors(), chain.clone(), scores.clone());
        let validating = workers.clone();
        workers.spawn("validator", async move {
            let Some(address) = find(chain.as_ref(), settings.miner, &validating).await else { return };
            let target = Target { address, hotkey };
            match Validator::new(&settings, &habits, &target, authors, validating.clone()) {
                Ok(validator) => validator.run(scores, validating).await,
                Err(error) => tracing::error!(validator = habits.name, %error, "A validator has no key"),
            }
        });
    }
    // The log ends when the last validator has.
    drop(scores);
    workers.spawn("score-log", score_log::write(log, judged, opinions));
    workers.spawn("vendor", vendor::serve(listener, vendor, workers.clone()));
    tracing::info!(
        miner = %settings.miner, vendor = %settings.vendor.address, validators = settings.validators.len(), "Sandbox runs"
    );
    finish(&mut signals, &workers).await
}

/// Waits until the miner is to be found; none if the workers stop before. Without a chain it is where the settings say.
async fn find(chain: Option<&SandboxChain>, configured: SocketAddr, workers: &Workers) -> Option<SocketAddr> {
    let Some(chain) = chain else { return Some(configured) };
    loop {
        if let Some(address) = chain.whereabouts() {
            return Some(address);
        }
        workers.token().run_until_cancelled(tokio::time::sleep(LOOK)).await?;
    }
}

/// Runs a vendor with the usual models.
pub(crate) async fn vendor(address: SocketAddr, pace: Pace) -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).init();
    let mut signals = Signals::new()?;
    let listener = bind(address, "--port").await?;
    let address = listener.local_addr().context("the listener has no address")?;
    let settings = Settings::new(0, address, address).vendor;
    let workers = Workers::new();
    let vendor = Arc::new(Vendor::new(settings, pace));
    workers.spawn("vendor", vendor::serve(listener, vendor, workers.clone()));
    tracing::info!(%address, "Vendor runs");
    finish(&mut signals, &workers).await
}

async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| match address.port() {
        0 => format!("no port of {} can be listened on", address.ip()),
        port => format!("port {port} cannot be listened on: stop what uses it, or change {key}"),
    })
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on a signal does not kill the process.
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn finish(signals: &mut Signals, workers: &Workers) -> anyhow::Result<ExitCode> {
    tokio::select! {
        () = signals.any() => tracing::info!("Stopping"),
        // A worker has panicked.
        () = workers.stopping() => {}
    }
    workers.stop();
    tokio::select! {
        end = workers.wait(DRAIN) => end?,
        () = signals.any() => tracing::warn!("Stopping at once"),
    }
    Ok(ExitCode::SUCCESS)
}
