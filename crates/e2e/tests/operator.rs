//! Start, status and stop as an operator meets them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use e2e::{DAEMONS, Llmock, Suite, binary, eventually};
use serde_json::json;

#[test]
fn without_anything_running_status_says_so() {
    let suite = Suite::new("http://127.0.0.1:9/v1");

    let status = suite.minerctl(&["status"]);

    assert_eq!(status.status.code(), Some(3));
    let text = String::from_utf8(status.stdout).unwrap();
    assert_eq!(text.matches("not running").count(), 4, "{text}");
}

#[test]
fn start_and_stop_may_be_said_twice() {
    let vendor = Llmock::echoing(&[]);
    let suite = Suite::new(&vendor.base_url());

    let first = suite.minerctl(&["up", "--detach"]);
    let pids = DAEMONS.map(|daemon| suite.pid(daemon).unwrap());
    let second = suite.minerctl(&["up", "--detach"]);
    let pids_after = DAEMONS.map(|daemon| suite.pid(daemon).unwrap());
    let stop = suite.minerctl(&["down"]);
    let stop_again = suite.minerctl(&["down"]);

    for output in [&first, &second, &stop, &stop_again] {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(pids, pids_after);
    assert_eq!(String::from_utf8_lossy(&stop.stdout), "Stopped.\n");
    assert_eq!(String::from_utf8_lossy(&stop_again.stdout), "Nothing was running.\n");
    assert_eq!(suite.minerctl(&["status"]).status.code(), Some(3));
}

#[test]
fn a_second_copy_in_the_same_home_is_refused() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.up();

    for daemon in ["miner-daemon", "task-handler", "tracker", "wallet-manager"] {
        let copy = Command::new(binary(daemon)).arg("--home").arg(suite.path()).output().unwrap();

        let said = String::from_utf8_lossy(&copy.stderr);
        assert_eq!(copy.status.code(), Some(1), "{daemon}: {said}");
        assert!(said.contains("runs already"), "{daemon}: {said}");
    }
}

#[test]
fn what_a_kill_leaves_behind_is_no_obstacle() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.up();
    let old = DAEMONS.map(|daemon| suite.kill(daemon));

    for (daemon, old) in DAEMONS.iter().zip(old) {
        eventually("the daemon is started again", || suite.pid(daemon).filter(|pid| *pid != old));
    }
}

#[test]
fn a_killed_supervisor_takes_its_daemons_along() {
    let vendor = Llmock::echoing(&[]);
    let suite = Suite::new(&vendor.base_url());
    assert!(suite.minerctl(&["up", "--detach"]).status.success());
    let supervisor: i32 =
        std::fs::read_to_string(suite.path().join("run/supervisor.lock")).unwrap().trim().parse().unwrap();

    let target = rustix::process::Pid::from_raw(supervisor).unwrap();
    rustix::process::kill_process(target, rustix::process::Signal::KILL).unwrap();

    eventually("all daemons are gone", || DAEMONS.iter().all(|daemon| suite.pid(daemon).is_none()).then_some(()));
    assert!(suite.minerctl(&["up", "--detach"]).status.success());
}

#[test]
fn all_configuration_errors_come_at_once_and_nothing_starts() {
    let suite = Suite::new("http://127.0.0.1:9/v1");
    suite.configure("token-budgets", &json!({ "version": 1, "limits": [{ "name": "a", "windw": "day" }] }));
    suite.configure("miner-config", &json!({ "version": 1, "listeners": [], "callers": { "policy": "everyone" } }));

    let up = suite.minerctl(&["up", "--detach"]);

    let said = String::from_utf8_lossy(&up.stderr);
    assert_eq!(up.status.code(), Some(78), "{said}");
    for part in ["token-budgets.json", "windw", "did you mean window", "miner-config.json", "callers.policy", "vendors"]
    {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
    assert_eq!(suite.minerctl(&["status"]).status.code(), Some(3));
}

#[test]
fn a_clock_that_is_off_is_said_in_the_status() {
    let mut suite = Suite::new("http://127.0.0.1:9/v1");
    suite.up();

    for _ in 0..3 {
        let refusal = ask_long_ago(&suite);
        assert!(refusal.contains("401") && refusal.contains("seconds old"), "{refusal}");
    }

    let status = suite.minerctl(&["status"]);
    let text = String::from_utf8(status.stdout).unwrap();
    assert!(text.contains("check this machine's clock"), "{text}");
}

/// Sends a request whose nonce is from 1970, and returns the whole response. Its time is looked at before its signature.
fn ask_long_ago(suite: &Suite) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", suite.port())).unwrap();
    let (signature, hash) = ("00".repeat(64), "00".repeat(32));
    write!(
        stream,
        "POST /PromptingSynapse HTTP/1.1\r\nhost: miner\r\ncontent-length: 0\r\nconnection: close\r\n\
         bt_header_dendrite_hotkey: 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY\r\n\
         bt_header_dendrite_nonce: 1\r\nbt_header_dendrite_uuid: test\r\ncomputed_body_hash: {hash}\r\n\
         bt_header_dendrite_signature: 0x{signature}\r\n\r\n"
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}
