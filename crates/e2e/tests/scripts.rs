//! The scripts find the home that runs by its lock.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a script that sources common.sh takes for the home that is meant.
fn running_home(miner_home: &Path) -> PathBuf {
    let common = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/common.sh");
    let output = Command::new("bash")
        .args(["-euc", "source \"$1\"; running_home", "bash", common])
        .env("MINER_HOME", miner_home)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8(output.stdout).unwrap())
}

/// Makes a home in which a supervisor seems to run as long as the file is held.
fn run_in(home: &Path) -> File {
    fs::create_dir_all(home.join("run")).unwrap();
    let lock = File::create(home.join("run/supervisor.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

#[test]
fn the_home_that_runs_is_meant_and_a_real_one_before_its_sandbox() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().join("a b");
    let sandbox = home.join("sandbox");
    fs::create_dir(&home).unwrap();

    let none = running_home(&home);
    let simulated = run_in(&sandbox);
    let only_the_sandbox = running_home(&home);
    let real = run_in(&home);
    let both = running_home(&home);
    drop(simulated);
    drop(real);
    let stale_locks = running_home(&home);

    assert_eq!((none, only_the_sandbox), (home.clone(), sandbox));
    assert_eq!((both, stale_locks), (home.clone(), home));
}

#[test]
fn stop_and_status_without_anything_running_are_harmless() {
    let directory = tempfile::tempdir().unwrap();
    let script = |name: &str| {
        let path = format!("{}/../../scripts/{name}", env!("CARGO_MANIFEST_DIR"));
        Command::new(path).env("MINER_HOME", directory.path()).output().unwrap()
    };

    let stop = script("stop-miner.sh");
    let status = script("check-status.sh");

    assert_eq!(String::from_utf8_lossy(&stop.stdout), "Nothing was running.\n");
    assert_eq!(status.status.code(), Some(3));
}
