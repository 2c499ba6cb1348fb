//! From the first line of `main` to the exit code.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use super::Daemon;
use super::flags::{self, Flags};
use crate::config::{Config, ConfigErrors};
use crate::hardening::harden;
use crate::home::Home;
use crate::instance::Instance;
use crate::logs;
use crate::problems::{Problems, unix_ms};
use crate::readiness::{notify, pulse};
use crate::supervised::follow_supervisor;
use crate::workers::{Workers, WorkersError};

/// `EX_CONFIG` of sysexits.h: a restart does not help.
const CONFIGURATION: u8 = 78;
/// How long threads that block may take at the very end.
const THREADS: Duration = Duration::from_secs(1);

/// Runs a daemon: `check` says what only this daemon can say about the configuration, and depends on nothing else; `run`
/// binds and spawns everything, and returns once the daemon is ready.
///
/// Exits with 0 after a stop, with 78 if the configuration is wrong, and with 1 on any other failure. With `--check` the
/// configuration is checked and nothing is started.
pub fn main<F, R>(
    service: &'static str,
    version: &'static str,
    check: fn(&Config) -> Result<(), ConfigErrors>,
    run: F,
) -> ExitCode
where
    F: FnOnce(Daemon) -> R,
    R: Future<Output = anyhow::Result<()>>,
{
    let Flags { home, check: only_check } = flags::read(service, version);
    if only_check {
        return say(Config::load_for(&Home::new(home), check).err());
    }
    let (prepared, _instance) = match prepare(service, version, home, check) {
        Ok(prepared) => prepared,
        Err(error) => {
            // There are no logs yet. Standard error may be closed, but there is nobody else to tell.
            let _written = writeln!(io::stderr(), "{service}: {error:#}");
            return exit_code(&error);
        }
    };
    match live(prepared, run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "Failed");
            exit_code(&error)
        }
    }
}

/// Prints each error on a line of its own, for people and for `minerctl config check`.
fn say(errors: Option<ConfigErrors>) -> ExitCode {
    let Some(ConfigErrors(errors)) = errors else { return ExitCode::SUCCESS };
    let mut out = io::stdout().lock();
    // Where nobody reads it, the exit code says the same.
    let _written = errors.iter().try_for_each(|error| writeln!(out, "{error}"));
    ExitCode::from(CONFIGURATION)
}

fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<ConfigErrors>() { ExitCode::from(CONFIGURATION) } else { ExitCode::FAILURE }
}

/// Makes this process the home's only copy, and takes in what it needs to know.
fn prepare(
    service: &'static str,
    version: &'static str,
    home: PathBuf,
    check: fn(&Config) -> Result<(), ConfigErrors>,
) -> anyhow::Result<(Daemon, Instance)> {
    harden().context("this process cannot be protected from others")?;
    follow_supervisor()?;
    let home = Home::new(std::path::absolute(home).context("the home cannot be found")?);
    home.prepare()?;
    let instance = Instance::take(&home, service)?;
    let config = Config::load_for(&home, check)?;
    let problems = Problems::new();
    logs::init(&home, service, problems.clone())?;
    let started_unix_ms = unix_ms(SystemTime::now());
    let daemon = Daemon { service, version, home, config, workers: Workers::new(), problems, started_unix_ms };
    Ok((daemon, instance))
}

fn live<F, R>(daemon: Daemon, run: F) -> anyhow::Result<()>
where
    F: FnOnce(Daemon) -> R,
    R: Future<Output = anyhow::Result<()>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name(daemon.service)
        .build()
        .context("the runtime cannot be started")?;
    let end = runtime.block_on(supervise(daemon, run));
    runtime.shutdown_timeout(THREADS);
    end
}

async fn supervise<F, R>(daemon: Daemon, run: F) -> anyhow::Result<()>
where
    F: FnOnce(Daemon) -> R,
    R: Future<Output = anyhow::Result<()>>,
{
    let workers = daemon.workers.clone();
    let drain = daemon.config.miner.daemons.drain();
    let version = daemon.version;
    let mut signals = Signals::listen().context("signals cannot be listened for")?;
    let started = tokio::select! {
        started = run(daemon) => started,
        () = signals.stop() => Ok(()),
        () = workers.stopping() => Ok(()),
    };
    if started.is_ok() && !workers.is_stopping() && !signals.seen {
        tracing::info!(version, "Ready");
        notify("READY=1");
        tokio::select! {
            () = signals.stop() => {}
            () = workers.stopping() => {}
            () = show_life(&workers) => {}
        }
    }
    tracing::info!("Stopping");
    notify("STOPPING=1");
    workers.stop();
    let ended = workers.wait(drain).await;
    started.and_then(|()| judge(ended))
}

/// Tells systemd from time to time that this process still works: that its workers get their turn, not only that it is there.
async fn show_life(workers: &Workers) {
    let Some(interval) = pulse() else { return std::future::pending().await };
    loop {
        let (turn, had) = oneshot::channel();
        workers.spawn("pulse", async move {
            let _sent = turn.send(());
        });
        if had.await.is_ok() {
            notify("WATCHDOG=1");
        }
        tokio::time::sleep(interval).await;
    }
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
