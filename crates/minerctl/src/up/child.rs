//! One daemon, or the sandbox, as a child process.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use daemon_kit::Home;
use rustix::process::{Pid, Signal};
use tokio::process::Command;

use crate::sandbox::SANDBOX;

/// A started daemon.
pub(super) struct Child {
    process: tokio::process::Child,
}

impl Child {
    /// Starts a daemon whose binary lies beside this one. Why it cannot start goes to `logs/<name>.err`.
    ///
    /// # Errors
    /// If the binary is not there or cannot be started.
    pub(super) fn start(home: &Home, name: &'static str) -> io::Result<Self> {
        let binary = binary(name)?;
        let process = Command::new(&binary)
            .args((name == SANDBOX).then_some("run"))
            .arg("--home")
            .arg(home.root())
            .env(daemon_kit::SUPERVISOR_PID, std::process::id().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(last_words(home, name)?)
            // Ctrl-C is for the supervisor, which stops its daemons in order.
            .process_group(0)
            .kill_on_drop(false)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("cannot start {}: {error}", binary.display())))?;
        Ok(Self { process })
    }

    /// Returns its process id while it runs.
    pub(super) fn pid(&self) -> Option<Pid> {
        self.process.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
    }

    /// Waits until it ends.
    ///
    /// # Errors
    /// If the operating system refuses to say.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.process.wait().await
    }

    /// Asks it to stop, and kills it if it has not after `patience`.
    pub(super) async fn stop(mut self, patience: Duration) {
        if let Some(pid) = self.pid() {
            // It may have gone by itself: then wait() returns at once.
            let _gone = rustix::process::kill_process(pid, Signal::TERM);
        }
        if tokio::time::timeout(patience, self.process.wait()).await.is_err() {
            drop(self.process.kill().await);
        }
    }
}

/// Returns the path of a daemon's binary, which lies beside this one.
///
/// # Errors
/// If the system does not say where this one is.
pub(crate) fn binary(name: &str) -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

fn last_words(home: &Home, name: &str) -> io::Result<File> {
    let path = home.logs_dir().join(format!("{name}.err"));
    OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)
}
