//! The command line: what the operator can ask for.

mod money;
mod wallet;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use common::call::task::SubnetEarnings;
use common::config::credential::Audience;
use common::id::TaskId;
use common::money::Usd;

use crate::replay::ReplayArgs;

pub(crate) use money::{
    DecideArgs, EarningsArgs, OperationArgs, OperationsArgs, RegisterArgs, StakeCommand, TransferArgs,
};
pub(crate) use wallet::{KeyArgs, KeyName, NamesArgs, PasswordArgs, RegenKey, SecretArgs, TotpCommand, WalletCommand};

/// Stands under every list of commands.
const EXIT_CODES: &str = "\
Exit codes:
   0  done, and all is well
   1  failed, not wanted after all, or something is wrong that was checked
   2  wrong usage
   3  not everything runs that should (status, heartbeat)
   4  everything runs, but something is wrong (heartbeat)
  78  the configuration cannot be used (config check, up)

Data goes to stdout, words about it to stderr.";

/// One command for the whole miner.
#[derive(Debug, Parser)]
#[command(name = "minerctl", version, about, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct CommonArgs {
    /// The directory with config, state, run and logs
    #[arg(long, env = "MINER_HOME", default_value = ".", global = true)]
    pub(crate) home: PathBuf,
    /// Print data as JSON on stdout, and nothing else there
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what runs, what it did and what it used; exit 3 unless all daemons answer
    Status(StatusArgs),
    /// Show which requests were turned away, why and by whom, and what can be done about it
    Why,
    /// Say in one short message what is wrong, or NO_REPLY; for an agent or cron
    Heartbeat,
    /// Show how alerts began and ended
    Events(EventsArgs),
    /// List all commands and what they take, for programs
    Commands,
    /// Show each limit of token-budgets.json: what is used, when it will be used up, what it blocked
    #[command(args_conflicts_with_subcommands = true)]
    Budget {
        #[command(subcommand)]
        command: Option<BudgetCommand>,
    },
    /// Show the models that can be named: limits, today's prices, what will change
    #[command(args_conflicts_with_subcommands = true)]
    Models {
        #[command(subcommand)]
        command: Option<ModelsCommand>,
    },
    /// Show why a task was answered the way it was: gates, draw and arms, decided again from what was kept
    Explain {
        /// The task, as it stands in logs and records
        task: TaskId,
    },
    /// Decline every task until resume; kept over restarts
    Pause(WriteArgs),
    /// Answer tasks again
    Resume(WriteArgs),
    /// Read and check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Start the four daemons and keep them running
    Up(UpArgs),
    /// Stop whatever runs in this home, and wait until it has stopped
    Down(DownArgs),
    /// Keep vendors' API keys and alert tokens, encrypted to the process that needs them
    #[command(subcommand)]
    Credentials(CredentialsCommand),
    /// Make, list and open wallets; keys never stand on the command line
    #[command(subcommand)]
    Wallet(WalletCommand),
    /// Show what the coldkey holds, what it is worth, and what a place on each subnet costs
    Balance,
    /// Show what came and went, day by day, or every entry as CSV
    Earnings(EarningsArgs),
    /// Buy the hotkey a place on a subnet
    Register(RegisterArgs),
    /// Buy, sell and move stake
    #[command(subcommand)]
    Stake(StakeCommand),
    /// Give TAO away
    Transfer(TransferArgs),
    /// Show what was done with the coldkey, what waits for approval, and what was proposed
    Operations(OperationsArgs),
    /// Let an operation go on that waits for approval
    Approve(DecideArgs),
    /// Forget an operation that waits for approval, or a proposal
    Reject(DecideArgs),
    /// Show the daemons' logs, merged in the order of time
    Logs(LogsArgs),
    /// Try the learner, beside others, on a table of what models answered and cost
    Replay(ReplayArgs),
}

/// Flags of `status`.
#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    /// Wait this many seconds for all daemons to answer
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wait: Option<u64>,
}

/// Flags of `events`.
#[derive(Args, Debug)]
pub(crate) struct EventsArgs {
    /// Only events with a greater number
    #[arg(long, default_value_t = 0)]
    pub(crate) after: u64,
    /// At most so many, the newest
    #[arg(long, default_value_t = 50, conflicts_with = "follow")]
    pub(crate) lines: usize,
    /// Go on with what happens, one line for each event, until interrupted
    #[arg(long)]
    pub(crate) follow: bool,
}

/// What to do with the budget.
#[derive(Debug, Subcommand)]
pub(crate) enum BudgetCommand {
    /// Say that the clock is right after it has jumped: spending goes on
    ConfirmClock(WriteArgs),
    /// Tell what was earned up to now, for the limits that are a share of it; the newest report counts
    Earnings(EarnedArgs),
}

/// Flags of `budget earnings`.
#[derive(Args, Debug)]
pub(crate) struct EarnedArgs {
    /// What a subnet brought, such as 18=1.5 for 1.5 TAO by subnet 18; once for each subnet
    #[arg(long, value_name = "NETUID=TAO", value_parser = crate::budget::subnet, required = true)]
    pub(crate) earned: Vec<SubnetEarnings>,
    /// What a TAO is worth in dollars
    #[arg(long, value_name = "DOLLARS")]
    pub(crate) usd_per_tao: Usd,
    /// In how many days it was earned
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=366))]
    pub(crate) days: u64,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// What to do with the models.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// Compare the preferred models with what each vendor lists, and warn of retirements and new prices; costs nothing
    Check,
}

/// Flags of every command that changes something.
#[derive(Args, Debug)]
pub(crate) struct WriteArgs {
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check all files as each daemon would and print what they come to; every error is shown at once
    Check,
}

/// Flags of `logs`.
#[derive(Args, Debug)]
pub(crate) struct LogsArgs {
    /// Only lines about this task
    pub(crate) task: Option<TaskId>,
    /// At most so many lines, the newest
    #[arg(long, default_value_t = 200)]
    pub(crate) lines: usize,
}

/// What to do with the secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum CredentialsCommand {
    /// Keep a secret, read from the terminal without showing it, or from stdin
    Set {
        /// Its name; `vendors.*.credential` in miner-config.json refers to it
        name: String,
        /// The process that can open it
        #[arg(long = "for", value_parser = audience, default_value = "task-handler", value_name = "PROCESS")]
        audience: Audience,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// List the names of the secrets
    List,
    /// Check that each secret can be opened and, if task-handler runs, that each vendor takes its key; costs nothing
    Check,
    /// Forget a secret
    Remove {
        /// Its name
        name: String,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Give a process a new key, and encrypt its secrets to it
    Rotate {
        /// The process
        #[arg(long = "for", value_parser = audience, default_value = "task-handler", value_name = "PROCESS")]
        audience: Audience,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Make a recovery key to keep off this machine, or take one made elsewhere
    Recovery {
        /// The public part (age1…) of a key made elsewhere
        #[arg(long, value_name = "AGE1")]
        recipient: Option<String>,
        #[command(flatten)]
        write: WriteArgs,
    },
}

fn audience(text: &str) -> Result<Audience, String> {
    match text {
        "task-handler" => Ok(Audience::TaskHandler),
        "tracker" => Ok(Audience::Tracker),
        _ => Err("task-handler or tracker is expected".into()),
    }
}

/// Flags of `up`.
#[derive(Args, Debug)]
pub(crate) struct UpArgs {
    /// Go on in the background, and return when all daemons are ready
    #[arg(long)]
    pub(crate) detach: bool,
    /// Set by `--detach` for the process it starts
    #[arg(long, hide = true, conflicts_with = "detach")]
    pub(crate) detached: bool,
    /// Check the configuration, say what would be started, and start nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Flags of `down`.
#[derive(Args, Debug)]
pub(crate) struct DownArgs {
    /// Say what would be stopped, and stop nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
