//! The sandbox as a newcomer meets it: prepared, started, watched, killed at, audited.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use e2e::{binary, eventually, free_port};
use rustix::process::{Pid, Signal};
use serde_json::Value;
use tempfile::TempDir;

/// A sandbox's home; what runs in it is stopped when dropped.
struct Sandbox {
    _directory: TempDir,
    home: PathBuf,
}

#[test]
fn tasks_are_asked_answered_and_scored() {
    let sandbox = Sandbox::up(17);

    let watched = sandbox.run("sandbox", &["watch", "--tasks", "12", "--json"]);

    let report: Value = serde_json::from_slice(&watched.stdout).unwrap();
    assert!(watched.status.success(), "{report}");
    assert_eq!(report["summary"]["asked"], 12);
    assert_eq!(report["summary"]["availability"], 1.0, "{report}");
    assert!(report["summary"]["answered"].as_u64().unwrap() >= 10, "{report}");
    assert!(report["summary"]["mean_score"].as_f64().unwrap() > 0.3, "{report}");
    let models = report["tasks"].as_array().unwrap().iter().filter_map(|task| task["model"].as_str());
    assert!(models.count() >= 10, "{report}");
}

#[test]
fn status_shows_the_sandbox_and_down_stops_it() {
    let sandbox = Sandbox::up(18);

    let running = sandbox.status();
    let down = sandbox.run("minerctl", &["down"]);
    let stopped = sandbox.status();

    assert_eq!(running["all_running"], true);
    assert!(running["sandbox"]["running"]["pid"].as_i64().unwrap() > 1, "{running}");
    assert_eq!(String::from_utf8_lossy(&down.stdout), "Stopped.\n");
    assert_eq!(stopped["sandbox"], "not_running");
}

#[test]
fn a_killed_sandbox_is_started_again() {
    let sandbox = Sandbox::up(19);
    let pid = |status: &Value| status["sandbox"]["running"]["pid"].as_i64();
    let first = pid(&sandbox.status()).unwrap();

    kill(first);

    let second = eventually("the sandbox runs again", || pid(&sandbox.status()).filter(|pid| *pid != first));
    assert_ne!(first, second);
}

#[test]
fn after_kills_the_books_are_exact() {
    let sandbox = Sandbox::up(20);
    for daemon in ["task_handler", "miner_daemon", "tracker"] {
        let tasks = sandbox.run("sandbox", &["watch", "--tasks", "6"]);
        assert!(tasks.status.success(), "{}", String::from_utf8_lossy(&tasks.stderr));
        kill(sandbox.status()[daemon]["running"]["process"]["pid"].as_i64().unwrap());
        let again = sandbox.run("minerctl", &["status", "--wait", "30"]);
        assert!(again.status.success());
    }

    let audit = sandbox.run("sandbox", &["audit", "--json", "--wait", "60"]);

    let report: Value = serde_json::from_slice(&audit.stdout).unwrap();
    assert!(audit.status.success(), "{report}");
    assert_eq!(report["bills_compared"], true);
    assert!(report["calls"]["settled"].as_i64().unwrap() >= 12, "{report}");
}

#[test]
fn a_home_that_names_nothing_sensible_is_refused_at_once() {
    let sandbox = Sandbox::prepare(21);
    std::fs::write(sandbox.home.join("config/sandbox.json"), "{").unwrap();

    let up = sandbox.run("minerctl", &["up", "--detach"]);

    let said = String::from_utf8_lossy(&up.stderr);
    assert_eq!(up.status.code(), Some(1), "{said}");
    assert!(said.contains("sandbox.json"), "{said}");
}

impl Sandbox {
    fn prepare(seed: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = Self { home: directory.path().join("with space"), _directory: directory };
        let port = free_port().to_string();
        let prepared = sandbox.run("sandbox", &["prepare", "--port", &port, "--seed", &seed.to_string()]);
        assert!(prepared.status.success(), "{}", String::from_utf8_lossy(&prepared.stderr));
        sandbox
    }

    fn up(seed: u32) -> Self {
        let sandbox = Self::prepare(seed);
        let up = sandbox.run("minerctl", &["up", "--detach"]);
        assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
        sandbox
    }

    /// Runs one of our programs to its end.
    fn run(&self, program: &str, args: &[&str]) -> Output {
        let home: &Path = &self.home;
        Command::new(binary(program)).args(args).arg("--home").arg(home).output().unwrap()
    }

    fn status(&self) -> Value {
        serde_json::from_slice(&self.run("minerctl", &["status", "--json"]).stdout).unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.run("minerctl", &["down"]));
    }
}

fn kill(pid: i64) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::KILL).unwrap();
}
