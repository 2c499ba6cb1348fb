//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use common::id::Ss58;

/// Simulated validators and vendors around the real miner.
#[derive(Debug, Parser)]
#[command(name = "sandbox", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a home with a throw-away wallet and a configuration; one that is there is kept
    Prepare(PrepareArgs),
    /// Run the simulated vendor and validators until told to stop
    Run(HomeArgs),
    /// Show the next tasks as they are judged; exit 3 if none is answered in time
    Watch(WatchArgs),
    /// Hold what the miner has kept against itself and the vendor's bills; exit 4 if anything does not fit
    Audit(AuditArgs),
    /// Send signed requests and measure: at a fixed rate, or as fast as the answers come
    Load(LoadArgs),
    /// Run a simulated vendor only
    Vendor(VendorArgs),
}

/// Where the sandbox is.
#[derive(Args, Clone, Debug)]
pub struct HomeArgs {
    /// The sandbox's home
    #[arg(long, value_name = "DIR")]
    pub home: PathBuf,
}

/// Flags of `prepare`.
#[derive(Args, Debug)]
pub struct PrepareArgs {
    /// The home to make; it must not be there yet, be empty, or be a sandbox
    #[arg(long, value_name = "DIR")]
    pub home: PathBuf,
    /// The port for the miner; if it is in use, the next free one is taken
    #[arg(long, default_value_t = 8091, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// Make tasks and keys of this number instead of a random one
    #[arg(long)]
    pub seed: Option<u64>,
}

/// Flags of `watch`.
#[derive(Args, Debug)]
pub struct WatchArgs {
    /// The sandbox's home
    #[arg(long, value_name = "DIR")]
    pub home: PathBuf,
    /// Show so many tasks
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub tasks: u32,
    /// Wait at most so many seconds
    #[arg(long, default_value_t = 60)]
    pub timeout: u64,
    /// Print one JSON object on stdout when it is over, and nothing else there
    #[arg(long)]
    pub json: bool,
}

/// Flags of `audit`.
#[derive(Args, Debug)]
pub struct AuditArgs {
    /// The sandbox's home
    #[arg(long, value_name = "DIR")]
    pub home: PathBuf,
    /// Look again for at most so many seconds, until everything fits: records may still be on their way
    #[arg(long, default_value_t = 0)]
    pub wait: u64,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// Flags of `load`.
#[derive(Args, Debug)]
pub struct LoadArgs {
    /// Take port, hotkey and key from this sandbox
    #[arg(long, value_name = "DIR", conflicts_with_all = ["port", "hotkey", "key_uri"])]
    pub home: Option<PathBuf>,
    /// The miner's port on 127.0.0.1
    #[arg(long, required_unless_present = "home")]
    pub port: Option<u16>,
    /// The miner's hotkey
    #[arg(long, required_unless_present = "home")]
    pub hotkey: Option<Ss58>,
    /// The URI of the key that signs, such as //Alice; never give a key of value
    #[arg(long, required_unless_present = "home")]
    pub key_uri: Option<String>,
    /// Send so many requests a second, whatever the answers do
    #[arg(long, requires = "seconds", conflicts_with_all = ["closed", "requests"], required_unless_present = "closed")]
    pub rate: Option<f64>,
    /// Over so many connections
    #[arg(long, default_value_t = 16, conflicts_with = "closed")]
    pub connections: usize,
    /// For so many seconds
    #[arg(long)]
    pub seconds: Option<f64>,
    /// Keep so many requests under way instead, each sent when the one before is answered
    #[arg(long, requires = "requests")]
    pub closed: Option<usize>,
    /// So many requests altogether
    #[arg(long)]
    pub requests: Option<u64>,
    /// Wait at most so many seconds for an answer
    #[arg(long, default_value_t = 12)]
    pub timeout: u64,
}

/// Flags of `vendor`.
#[derive(Args, Debug)]
pub struct VendorArgs {
    /// The port on 127.0.0.1
    #[arg(long)]
    pub port: u16,
    /// Answer at once, and never fail
    #[arg(long)]
    pub instant: bool,
}
