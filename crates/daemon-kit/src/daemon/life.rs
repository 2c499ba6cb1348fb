//! From the first line of `main` to the exit code.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Daemon, flags};
use crate::config::{Config, ConfigErrors};
use crate::hardening::harden;
use crate::home::Home;
use crate::instance::Instance;
use crate::logs;
use crate::problems::{Problems, unix_ms};
use crate::readiness::notify;
use crate::workers::{Workers, WorkersError};

/// `EX_CONFIG` of sysexits.h: a restart does not help.
const CONFIGURATION: u8 = 78;
/// How long threads that block may take at the very end.
const THREADS: Duration = Duration::from_secs(1);

/// Runs a daemon: `run` binds and spawns everything, and returns once the daemon is ready.
///
/// Exits with 0 after a stop, with 78 if the configuration is wrong, and with 1 on any other failure.
pub fn main<F, R>(service: &'static str, version: &'static str, run: F) -> ExitCode
where
    F: FnOnce(Daemon) -> R,
    R: Future<Output = anyhow::Result<()>>,
{
    let home = flags::home(service, version);
    match live(service, version, Home::new(home), run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; there is nobody else to tell.
            let _written = writeln!(io::stderr(), "{service}: {error:#}");
            if error.is::<ConfigErrors>() { ExitCode::from(CONFIGURATION) } else { ExitCode::FAILURE }
        }
    }
}

fn live<F, R>(service: &'static str, version: &'static str, home: Home, run: F) -> anyhow::Result<()>
where
    F: FnOnce(Daemon) -> R,
    R: Future<Output = anyhow::Result<()>>,
{
    harden().context("this process cannot be protected from others")?;
    let home = Home::new(std::path::absolute(home.root()).context("the home cannot be found")?);
    home.prepare()?;
    let _instance = Instance::take(&home, service)?;
    let config = Config::load(&home)?;
    let problems = Problems::new();
    logs::init(&home, service, problems.clone())?;
    let workers = Workers::new();
    let drain = config.miner.daemons.drain();
    let daemon = Daemon {
        service,
        version,
        home,
        config,
        workers: workers.clone(),
        problems,
        started_unix_ms: unix_ms(SystemTime::now()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name(service)
        .build()
        .context("the runtime cannot be started")?;
    let end = runtime.block_on(supervise(daemon, run, &workers, drain));
    runtime.shutdown_timeout(THREADS);
    if let Err(error) = &end {
        tracing::error!(error = %format!("{error:#}"), "Failed");
    }
    end
}

async fn supervise<F, R>(daemon: Daemon, run: F, workers: &Workers, drain: Duration) -> anyhow::Result<()>
where
    F: FnOnce(Daemon) -> R,
    R: Future<Output = anyhow::Result<()>>,
{
    let mut signals = Signals::listen().context("signals cannot be listened for")?;
    let started = tokio::select! {
        started = run(daemon) => started,
        () = signals.stop() => Ok(()),
        () = workers.stopping() => Ok(()),
    };
    if started.is_ok() && !workers.is_stopping() && !signals.seen {
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "Ready");
        notify("READY=1");
        tokio::select! {
            () = signals.stop() => {}
            () = workers.stopping() => {}
        }
    }
    tracing::info!("Stopping");
    notify("STOPPING=1");
    workers.stop();
    let ended = workers.wait(drain).await;
    started.and_then(|()| judge(ended))
}

/// A panic is a failure; calls that were still in work at the end of a stop are not.
fn judge(ended: Result<(), WorkersError>) -> anyhow::Result<()> {
    match ended {
        Ok(()) => {
            tracing::info!("Stopped");
            Ok(())
        }
        Err(error @ WorkersError::Unfinished(_)) => {
            tracing::warn!(%error, "Stopped with work left");
            Ok(())
        }
        Err(error @ WorkersError::Panicked(_)) => Err(error.into()),
    }
}

/// The signals that ask a daemon to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    seen: bool,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            seen: false,
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        self.seen = true;
    }
}
