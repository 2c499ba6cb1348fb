//! A daemon as its supervisor sees it: readiness, signals, exit codes, and one copy per home.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// No test waits for it.
const LONG: Duration = Duration::from_secs(30);

struct TestHome {
    directory: tempfile::TempDir,
    notify: UnixDatagram,
}

impl TestHome {
    /// A home with the shipped examples as its configuration.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("config");
        fs::create_dir(&config).unwrap();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/examples");
        for entry in fs::read_dir(examples).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), config.join(entry.file_name())).unwrap();
        }
        let credentials = r#"{"version": 1, "entries": {"openai": {"for": "task-handler", "age": "sealed"}}}"#;
        fs::write(config.join("llm-credentials.json"), credentials).unwrap();
        fs::set_permissions(config.join("llm-credentials.json"), Permissions::from_mode(0o600)).unwrap();
        let notify = UnixDatagram::bind(directory.path().join("notify")).unwrap();
        notify.set_read_timeout(Some(LONG)).unwrap();
        Self { directory, notify }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    fn command(&self) -> Command {
        let own = std::env::current_exe().unwrap();
        let profile = own.parent().and_then(Path::parent).unwrap();
        let mut command = Command::new(profile.join("examples/idle"));
        command
            .arg("--home")
            .arg(self.path())
            .env("NOTIFY_SOCKET", self.path().join("notify"))
            .env_remove("JOURNAL_STREAM")
            .env_remove("WATCHDOG_USEC")
            .stderr(Stdio::piped());
        command
    }

    fn heard(&self) -> String {
        let mut buffer = [0; 64];
        let count = self.notify.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(buffer.get(..count).unwrap_or_default()).into_owned()
    }
}

fn terminate(child: Child) -> Output {
    let pid = Pid::from_raw(child.id().try_into().unwrap()).expect("a child has a process id");
    kill_process(pid, Signal::TERM).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_daemon_says_that_it_is_ready_and_stops_when_asked() {
    let home = TestHome::new();
    let daemon = home.command().spawn().unwrap();

    let ready = home.heard();
    let output = terminate(daemon);

    assert_eq!(ready, "READY=1");
    assert_eq!(home.heard(), "STOPPING=1");
    assert_eq!(output.status.code(), Some(0));
    let log = fs::read_to_string(home.path().join("logs/idle.log")).unwrap();
    assert!(log.contains(r#""message":"Ready""#) && log.contains(r#""message":"Stopped""#), "{log}");
}

#[test]
fn a_daemon_that_is_watched_shows_again_and_again_that_it_lives() {
    let home = TestHome::new();
    let daemon = home.command().env("WATCHDOG_USEC", "100000").spawn().unwrap();

    let heard: Vec<_> = (0..4).map(|_| home.heard()).collect();
    let output = terminate(daemon);

    assert_eq!(heard, ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_second_copy_in_the_same_home_is_refused() {
    let home = TestHome::new();
    let first = home.command().spawn().unwrap();
    home.heard();

    let second = home.command().output().unwrap();

    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1));
    assert!(said.contains(&format!("idle runs already in {}", home.path().display())), "{said}");
    assert!(said.contains(&first.id().to_string()), "{said}");
    assert_eq!(terminate(first).status.code(), Some(0));
}

#[test]
fn a_wrong_configuration_has_an_exit_code_of_its_own_and_all_errors() {
    let home = TestHome::new();
    fs::write(home.path().join("config/token-budgets.json"), r#"{"version": 1, "limit": []}"#).unwrap();
    fs::remove_file(home.path().join("config/subnet-profiles.json")).unwrap();

    let output = home.command().output().unwrap();

    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78));
    assert!(said.contains("config/token-budgets.json: limit: unknown key; did you mean limits?"), "{said}");
    assert!(said.contains("config/subnet-profiles.json: there is no such file"), "{said}");
}

#[test]
fn a_check_says_everything_and_starts_nothing() {
    let home = TestHome::new();
    let good = home.command().arg("--check").output().unwrap();
    let path = home.path().join("config/miner-config.json");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        config.replace("openclawd-miner", "busy").replace("[1, 33, 35, 200, 201]", "[1, 33, 35, 200, 201, 77]"),
    )
    .unwrap();

    let bad = home.command().arg("--check").output().unwrap();
    let started = home.command().output().unwrap();

    assert_eq!((good.status.code(), good.stdout.len()), (Some(0), 0));
    let lines = String::from_utf8_lossy(&bad.stdout).into_owned();
    assert_eq!((bad.status.code(), lines.lines().count()), (Some(78), 2), "{lines}");
    let said = String::from_utf8_lossy(&started.stderr).into_owned();
    assert_eq!(started.status.code(), Some(78));
    for line in lines.lines() {
        assert!(line.starts_with("config/miner-config.json: ") && said.contains(line), "{line} is not in {said}");
    }
}

#[test]
fn a_check_leaves_no_trace() {
    let home = TestHome::new();

    home.command().arg("--check").output().unwrap();

    for directory in ["state", "run", "logs"] {
        assert!(!home.path().join(directory).exists(), "{directory}");
    }
}

#[test]
fn a_worker_that_panics_is_a_failure() {
    let home = TestHome::new();
    let daemon = home.command().env("IDLE_FAILS", "1").spawn().unwrap();
    home.heard();

    let output = terminate(daemon);

    assert_eq!(output.status.code(), Some(1));
    let log = fs::read_to_string(home.path().join("logs/idle.log")).unwrap();
    assert!(log.contains("worker idler panicked") && log.contains("examples/idle.rs"), "{log}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!log.contains("asked to fail") && !said.contains("asked to fail"), "a panic's message can be a prompt");
}
