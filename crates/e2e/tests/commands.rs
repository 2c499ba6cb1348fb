//! What holds for all commands of minerctl: data on stdout, words on stderr, dry runs, exit codes, and one check for all daemons.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::process::{Command, Output};

use e2e::{Llmock, Suite, binary};
use serde_json::{Value, json};

/// A configuration with mistakes that only one of the daemons knows, and with some that all of them know.
fn mistaken() -> Suite {
    let suite = Suite::new("http://127.0.0.1:9/v1/chat/completions");
    let mut miner = config(&suite, "miner-config");
    miner["wallet"]["name"] = json!("../elsewhere");
    miner["listeners"][0]["netuids"] = json!([1, 77]);
    suite.configure("miner-config", &miner);
    let mut profiles = config(&suite, "subnet-profiles");
    profiles["subnets"]["1"]["prompt_strategies"] = json!(["direkt"]);
    let route = &mut profiles["subnets"]["1"]["routes"]["PromptingSynapse"];
    route["hash_fields"] = json!(["mesages"]);
    route["fields"]["completion"]["default"] = json!(["not", "text"]);
    suite.configure("subnet-profiles", &profiles);
    suite
}

/// How the errors of that configuration begin.
const MISTAKES: [&str; 6] = [
    "config/miner-config.json: listeners[0].netuids[1]: ",
    "config/miner-config.json: vendors.openai.base_url: ",
    "config/miner-config.json: wallet: ",
    "config/subnet-profiles.json: subnets.1.prompt_strategies[0]: ",
    "config/subnet-profiles.json: subnets.1.routes.PromptingSynapse.fields.completion.default: ",
    "config/subnet-profiles.json: subnets.1.routes.PromptingSynapse.hash_fields[0]: ",
];

#[test]
fn what_any_daemon_would_refuse_is_found_before_anything_starts() {
    let suite = mistaken();

    let check = suite.minerctl(&["config", "check"]);
    let as_data = suite.minerctl(&["--json", "config", "check"]);
    let up = suite.minerctl(&["up", "--detach"]);

    assert_eq!([&check, &as_data, &up].map(|output| output.status.code()), [Some(78); 3]);
    let mut errors: Vec<String> = serde_json::from_value(data(&as_data)["errors"].clone()).unwrap();
    errors.sort();
    assert_eq!(errors.len(), MISTAKES.len(), "{errors:#?}");
    for (error, beginning) in errors.iter().zip(MISTAKES) {
        assert!(error.starts_with(beginning), "{error}");
        assert!(words(&check).contains(error) && words(&up).contains(error), "{error}");
    }
    assert!(check.stdout.is_empty() && !suite.path().join("logs").exists());
}

#[test]
fn each_daemon_refuses_what_its_check_finds() {
    let suite = mistaken();

    for daemon in ["miner-daemon", "task-handler", "tracker", "wallet-manager"] {
        let run =
            |args: &[&str]| Command::new(binary(daemon)).arg("--home").arg(suite.path()).args(args).output().unwrap();
        let (check, start) = (run(&["--check"]), run(&[]));

        assert_eq!([check.status.code(), start.status.code()], [Some(78); 2], "{daemon}");
        let found = String::from_utf8(check.stdout).unwrap();
        assert!(
            found.lines().count() > 0 && found.lines().all(|line| words(&start).contains(line)),
            "{daemon}: {found}"
        );
    }
}

#[test]
fn a_good_configuration_is_good_for_every_daemon() {
    let suite = Suite::new("http://127.0.0.1:9/v1");

    let check = suite.minerctl(&["--json", "config", "check"]);

    assert!(check.status.success(), "{}", words(&check));
    assert_eq!(data(&check)["errors"], json!([]));
    assert_eq!(data(&check)["miner-config"]["server"]["max_connections"], 1024);
}

#[test]
fn dry_runs_of_up_and_down_change_nothing() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());

    let up = suite.minerctl(&["up", "--dry-run"]);
    let untouched = !suite.path().join("state").exists() && !suite.path().join("run").exists();
    suite.up();
    let pid = suite.pid("tracker");
    let up_again = suite.minerctl(&["up", "--dry-run"]);
    let down = suite.minerctl(&["down", "--dry-run"]);

    assert!([&up, &up_again, &down].iter().all(|output| output.status.success()));
    assert!(words(&up).contains("task-handler") && untouched, "{}", words(&up));
    assert!(words(&up_again).contains("already running"), "{}", words(&up_again));
    assert!(words(&down).contains("tracker (pid"), "{}", words(&down));
    assert_eq!(suite.pid("tracker"), pid);
}

#[test]
fn every_read_has_json() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.up();

    for args in
        [&["status"][..], &["budget"], &["config", "check"], &["credentials", "list"], &["credentials", "check"]]
    {
        let output = suite.minerctl(&[args, &["--json"]].concat());

        assert!(output.status.success(), "{args:?}: {}", words(&output));
        assert_eq!(data(&output)["schema"], 1, "{args:?}");
    }
    let logs = String::from_utf8(suite.minerctl(&["logs", "--json"]).stdout).unwrap();
    assert!(logs.lines().count() > 0 && logs.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
}

#[test]
fn what_cannot_be_done_is_said_on_stderr_with_the_reason() {
    let suite = Suite::new("http://127.0.0.1:9/v1");
    let cases = [
        (&["budget"][..], "task-handler"),
        (&["resume", "--yes"], "task-handler"),
        (&["logs"], "there are no logs in"),
        (&["credentials", "remove", "nothing", "--yes"], "there is no secret nothing"),
    ];

    for (args, reason) in cases {
        let output = suite.minerctl(args);

        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{args:?}");
        assert!(words(&output).starts_with("error: ") && words(&output).contains(reason), "{}", words(&output));
    }
}

#[test]
fn the_help_names_the_exit_codes() {
    let help = Command::new(binary("minerctl")).arg("--help").output().unwrap();

    let help = String::from_utf8(help.stdout).unwrap();
    for code in ["   0  ", "   1  ", "   2  ", "   3  ", "  78  "] {
        assert!(help.contains(code), "{help}");
    }
}

fn config(suite: &Suite, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(suite.path().join(format!("config/{name}.json"))).unwrap()).unwrap()
}

fn data(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
