//! The life of a daemon: flags, one copy per home, logs, configuration, signals, readiness, drain, exit code.

mod flags;
mod life;

use common::call::status::ProcessStatus;

use crate::config::Config;
use crate::home::Home;
use crate::problems::Problems;
use crate::workers::Workers;

pub use life::main;

/// What a daemon is given to run with.
#[derive(Clone, Debug)]
pub struct Daemon {
    /// The daemon's name.
    pub service: &'static str,
    /// The version of its binary.
    pub version: &'static str,
    /// Where it keeps things.
    pub home: Home,
    /// What the operator wants, checked.
    pub config: Config,
    /// Its tasks.
    pub workers: Workers,
    /// Its newest warnings and errors.
    pub problems: Problems,
    /// When it started, in milliseconds since 1970.
    pub started_unix_ms: u64,
}

impl Daemon {
    /// Returns the part of a status that all daemons share.
    #[must_use]
    pub fn process_status(&self) -> ProcessStatus {
        ProcessStatus {
            service: self.service.to_owned(),
            version: self.version.to_owned(),
            pid: std::process::id(),
            started_unix_ms: self.started_unix_ms,
            problems: self.problems.newest(),
        }
    }
}
