//! Whether there is room on the disk to start with: a daemon that cannot write cannot even say so.

use std::path::Path;

use daemon_kit::Home;

/// Less than the databases and logs of the first minutes.
const NEEDED_MIB: u64 = 8;

/// Checks that there is some.
///
/// # Errors
/// The home's disk is full, or nearly so.
pub(super) fn check(home: &Home) -> anyhow::Result<()> {
    let free = free_mib(&home.state_dir())?;
    anyhow::ensure!(
        free >= NEEDED_MIB,
        "the disk of {} has {free} MiB free and at least {NEEDED_MIB} are needed: free some space",
        home.root().display()
    );
    Ok(())
}

fn free_mib(path: &Path) -> rustix::io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize) / (1024 * 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_this_test_runs_there_is_room() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        home.prepare().unwrap();

        assert!(check(&home).is_ok());
    }

    #[test]
    fn a_disk_that_is_not_there_is_an_error() {
        assert!(free_mib(Path::new("/nonexistent")).is_err());
    }
}
