//! Logs: under systemd to the journal, elsewhere to a file that is rotated, and to a terminal if there is one.
//!
//! A supervisor keeps standard error for what it tells the operator: there only errors go to it, as text.

mod rotation;

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;
use std::path::PathBuf;

use tracing::Subscriber;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, ParseError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry};

use crate::home::Home;
use crate::problems::Problems;
use crate::supervised::is_supervised;
use rotation::RotatingFile;

/// Says what is logged, such as `info,task_handler=debug`.
const FILTER: &str = "MINER_LOG";
/// Set by systemd for what it logs itself.
const JOURNAL: &str = "JOURNAL_STREAM";

/// Why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// The variable's text is no filter.
    #[error("{FILTER} is not a log filter such as info,task_handler=debug")]
    Filter(#[from] ParseError),
    /// The variable is not text.
    #[error("{FILTER} is not UTF-8")]
    FilterText,
    /// The log file cannot be written.
    #[error("{path} cannot be opened for logging")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody logs already.
    #[error("logging cannot be set up")]
    Init(#[from] TryInitError),
}

/// Starts logging for the whole process.
///
/// # Errors
/// The filter cannot be read, the file cannot be written, or somebody logs already.
pub fn init(home: &Home, service: &str, problems: Problems) -> Result<(), LogsError> {
    // A supervisor that systemd has started passes the variable on, but not the journal.
    let journal = std::env::var_os(JOURNAL).is_some() && !is_supervised();
    let file = if journal { None } else { Some(open(home, service)?) };
    let stderr = if is_supervised() {
        // Without the time a failure that comes back is the same line.
        let errors = tracing_subscriber::fmt::layer().with_ansi(false).without_time().with_target(false);
        errors.with_writer(io::stderr).with_filter(LevelFilter::ERROR).boxed()
    } else if io::stderr().is_terminal() {
        tracing_subscriber::fmt::layer().with_writer(io::stderr).boxed()
    } else {
        json_layer(io::stderr)
    };
    Registry::default().with(filter()?).with(problems).with(stderr).with(file.map(json_layer)).try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Says where a panic was. Its message is left out: it can quote the text that was worked on, such as a prompt.
fn log_panic(panic: &PanicHookInfo<'_>) {
    match panic.location() {
        Some(location) => tracing::error!(%location, "Panicked"),
        None => tracing::error!("Panicked"),
    }
}

fn filter() -> Result<EnvFilter, LogsError> {
    let text = match std::env::var(FILTER) {
        Ok(text) => text,
        Err(std::env::VarError::NotPresent) => "info".to_owned(),
        Err(std::env::VarError::NotUnicode(_)) => return Err(LogsError::FilterText),
    };
    Ok(EnvFilter::builder().parse(text)?)
}

fn open(home: &Home, service: &str) -> Result<RotatingFile, LogsError> {
    let path = home.logs_dir().join(format!("{service}.log"));
    RotatingFile::open(path.clone()).map_err(|source| LogsError::File { path, source })
}

fn json_layer<S, W>(writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(writer).boxed()
}
