//! Does what the command line says, and turns the end into an exit code.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use crate::audit;
use crate::cli::{AuditArgs, Cli, Command, LoadArgs, PrepareArgs, VendorArgs, WatchArgs};
use crate::dendrite::Target;
use crate::home::{self, OpenError, Wish};
use crate::load::{self, Load};
use crate::vendor::Pace;
use crate::{output, run, watch};

/// The exit code of a watch that saw no answer.
const NOTHING_ANSWERED: u8 = 3;

/// The exit code of an audit that found something.
const NOT_EXACT: u8 = 4;

/// `EX_CONFIG` of sysexits.h: starting again cannot help.
const BAD_HOME: u8 = 78;

/// Executes a command.
#[must_use]
pub fn execute(cli: Cli) -> ExitCode {
    let end = match cli.command {
        Command::Prepare(args) => prepare(args),
        Command::Run(args) => block_on(run::sandbox(&args.home)),
        Command::Watch(args) => watch(&args),
        Command::Audit(args) => audit(&args),
        Command::Load(args) => block_on(load(args)),
        Command::Vendor(args) => block_on(vendor(args)),
    };
    end.unwrap_or_else(|error| {
        output::note(&format!("error: {error:#}"));
        if error.is::<OpenError>() { ExitCode::from(BAD_HOME) } else { ExitCode::FAILURE }
    })
}

fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?.block_on(work)
}

fn prepare(args: PrepareArgs) -> anyhow::Result<ExitCode> {
    if rustix::process::geteuid().is_root() {
        output::note("note: running as root; the sandbox needs no rights beyond those of any user");
    }
    let PrepareArgs { home, port, seed } = args;
    let prepared = home::prepare(&Wish { home, port, seed })?;
    let (root, settings) = (prepared.root.display(), &prepared.settings);
    if prepared.moved {
        output::note("note: another program uses this sandbox's ports; it has moved to others");
    }
    if prepared.kept {
        output::line(&format!("{root}: this sandbox is there already, and is kept"))?;
    } else {
        if settings.miner.port() != port {
            output::note(&format!("note: port {port} is in use; the miner will be on port {}", settings.miner.port()));
        }
        output::line(&format!("{root}: made, with seed {}", settings.seed))?;
    }
    output::line(&format!("miner {}, vendor {}", settings.miner, settings.vendor.address))?;
    Ok(ExitCode::SUCCESS)
}

fn watch(args: &WatchArgs) -> anyhow::Result<ExitCode> {
    let (home, _) = home::open(&args.home)?;
    let answered = watch::run(&home, args.tasks as usize, Duration::from_secs(args.timeout), args.json)?;
    Ok(if answered { ExitCode::SUCCESS } else { ExitCode::from(NOTHING_ANSWERED) })
}

fn audit(args: &AuditArgs) -> anyhow::Result<ExitCode> {
    let (home, _) = home::open(&args.home)?;
    let exact = audit::run(&home, Duration::from_secs(args.wait), args.json)?;
    Ok(if exact { ExitCode::SUCCESS } else { ExitCode::from(NOT_EXACT) })
}

async fn load(args: LoadArgs) -> anyhow::Result<ExitCode> {
    let load = match (args.rate, args.seconds, args.closed, args.requests) {
        (Some(per_second), Some(seconds), _, _) => Load::open(per_second, seconds, args.connections)?,
        (_, _, Some(connections), Some(requests)) => Load::closed(connections, requests)?,
        _ => anyhow::bail!("either --rate and --seconds, or --closed and --requests is needed"),
    };
    let (target, key_uri) = match (args.home, args.port, args.hotkey, args.key_uri) {
        (Some(home), _, _, _) => of_home(&home)?,
        (None, Some(port), Some(hotkey), Some(key_uri)) => {
            (Target { address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), hotkey }, key_uri)
        }
        _ => anyhow::bail!("either --home, or --port, --hotkey and --key-uri is needed"),
    };
    let report = load::run(load, &target, &key_uri, Duration::from_secs(args.timeout)).await?;
    output::json(&report)?;
    Ok(if report.ok > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn of_home(path: &Path) -> anyhow::Result<(Target, String)> {
    let (home, settings) = home::open(path)?;
    let validator = settings.validators.first().context("sandbox.json has no validator whose key could sign")?;
    let key_uri = settings.key_uri(validator);
    Ok((Target { address: settings.miner, hotkey: home::miner_hotkey(&home)? }, key_uri))
}

async fn vendor(args: VendorArgs) -> anyhow::Result<ExitCode> {
    let pace = if args.instant { Pace::Instant } else { Pace::Lifelike };
    run::vendor(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)), pace).await
}
