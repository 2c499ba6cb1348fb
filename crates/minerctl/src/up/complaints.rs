//! What processes say on standard error when they cannot start: each line is passed on once.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use daemon_kit::Home;

use crate::output;

/// The lines that were passed on.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    told: BTreeSet<String>,
}

impl Complaints {
    /// Takes away what an earlier run has said; must not be done while one runs.
    pub(super) fn forget(home: &Home, names: &[&str]) {
        for name in names {
            // It is not there after a run without complaints, or else it is made anew at the next start.
            let _gone = fs::remove_file(path(home, name));
        }
    }

    /// Returns the lines in the processes' `logs/<name>.err` that are new.
    pub(super) fn new_lines(&mut self, home: &Home, names: &[&str]) -> Vec<String> {
        let mut new = Vec::new();
        for name in names {
            let text = fs::read_to_string(path(home, name)).unwrap_or_default();
            // A line without its end is still being written.
            for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
                let line = format!("  {name}: {}", output::printable(line.trim()));
                if self.told.insert(line.clone()) {
                    new.push(line);
                }
            }
        }
        new
    }

    /// Whether nothing was passed on.
    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}

fn path(home: &Home, name: &str) -> PathBuf {
    home.logs_dir().join(format!("{name}.err"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_comes_back_is_told_once() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        home.prepare().unwrap();
        let path = home.logs_dir().join("miner-daemon.err");
        let mut complaints = Complaints::default();

        fs::write(&path, "ERROR Failed error=port taken\nhalf a li").unwrap();
        let first = complaints.new_lines(&home, &["tracker", "miner-daemon"]);
        fs::write(&path, "ERROR Failed error=port taken\n").unwrap();
        let second = complaints.new_lines(&home, &["tracker", "miner-daemon"]);

        assert_eq!(first, ["  miner-daemon: ERROR Failed error=port taken"]);
        assert!(second.is_empty() && !complaints.is_empty());
    }
}
