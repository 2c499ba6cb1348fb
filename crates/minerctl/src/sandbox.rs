//! A home with a sandbox in it: the simulated validators and vendors run with the daemons.

use daemon_kit::{Home, Instance};
use serde::Serialize;

use crate::status::Answer;

/// The sandbox's name among the locks, logs and binaries.
pub(crate) const SANDBOX: &str = "sandbox";

/// What is known of a sandbox that runs.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct SandboxProcess {
    /// Its process id.
    pub(crate) pid: i32,
}

/// Whether `sandbox prepare` has made the home.
pub(crate) fn is_sandbox(home: &Home) -> bool {
    home.config_dir().join("sandbox.json").is_file()
}

/// Looks at the sandbox's lock; nothing if the home has no sandbox.
pub(crate) fn look(home: &Home) -> Option<Answer<SandboxProcess>> {
    is_sandbox(home).then(|| match Instance::holder(home, SANDBOX) {
        Ok(Some(pid)) => Answer::Running(SandboxProcess { pid: pid.as_raw_nonzero().get() }),
        Ok(None) => Answer::NotRunning,
        Err(error) => Answer::Silent { problem: error.to_string() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        home.prepare().unwrap();
        (directory, home)
    }

    #[test]
    fn a_real_home_has_no_sandbox() {
        let (_directory, home) = home();

        assert!(look(&home).is_none());
    }

    #[test]
    fn a_sandbox_runs_while_its_lock_is_held() {
        let (_directory, home) = home();
        std::fs::create_dir(home.config_dir()).unwrap();
        std::fs::write(home.config_dir().join("sandbox.json"), "{}").unwrap();

        let before = look(&home);
        let _lock = Instance::take(&home, SANDBOX).unwrap();
        let after = look(&home);

        let own = i32::try_from(std::process::id()).unwrap();
        assert!(matches!(before, Some(Answer::NotRunning)), "{before:?}");
        assert!(matches!(after, Some(Answer::Running(SandboxProcess { pid })) if pid == own), "{after:?}");
    }
}
