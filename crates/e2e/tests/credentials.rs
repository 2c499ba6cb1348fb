//! API keys from the operator's hand to the vendor, and nowhere else.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use e2e::{DAEMONS, Dendrite, Llmock, Query, Suite, Wiretap, binary, python_program};
use serde_json::{Value, json};

/// Would stand in a file, an output or an environment if keys did.
const KEY: &str = "sk-e2e-4d7f0c1b9a";

#[test]
fn a_key_reaches_its_vendor_and_is_shown_nowhere() {
    let vendor = Llmock::echoing(&[]);
    let wire = Wiretap::before(vendor.port());
    let mut suite = Suite::new(&wire.base_url());
    suite.need_key("openai");

    let set = keep(&suite, KEY);
    let list = suite.minerctl(&["credentials", "list", "--json"]);
    let offline = suite.minerctl(&["credentials", "check"]);
    suite.up();
    let online = suite.minerctl(&["credentials", "check", "--json"]);
    let answer = Dendrite::start().ask(&prompting(&suite));

    assert!([&set, &list, &offline, &online].iter().all(|output| output.status.success()), "{}", said(&set));
    assert_eq!(json(&list)["entries"], json!([{ "name": "openai", "for": "task-handler" }]));
    assert!(said(&offline).contains("only the opening was checked"), "{}", said(&offline));
    let vendors = &json(&online)["vendors"];
    assert_eq!(
        vendors[0]["outcome"],
        json!({ "accepted": { "models": 7, "unlisted": ["gpt-6-luna"], "retiring": {} } })
    );
    assert!(json(&online)["remarks"][0].as_str().unwrap().contains("openai does not list gpt-6-luna"));
    assert_eq!(answer.status, Some(200), "{}", answer.message);
    let heard = wire.heard();
    for request in ["GET /v1/models", "POST /v1/chat/completions"] {
        let (_, rest) = heard.split_once(request).unwrap();
        let (head, _) = rest.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("authorization: Bearer {KEY}")), "{request} has no key");
    }
    nothing_shows(&suite, &[set, list, offline, online]);
}

#[test]
fn a_new_key_of_the_process_opens_what_the_old_one_did() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.need_key("openai");
    keep(&suite, KEY);
    suite.up();
    let mut dendrite = Dendrite::start();
    let before = fs::read(identity(&suite)).unwrap();

    let rotated = suite.minerctl(&["credentials", "rotate", "--yes"]);
    let meanwhile = dendrite.ask(&prompting(&suite));
    suite.down();
    suite.up();
    let after = dendrite.ask(&prompting(&suite));
    let check = suite.minerctl(&["credentials", "check"]);

    assert!(rotated.status.success(), "{}", said(&rotated));
    assert_ne!(fs::read(identity(&suite)).unwrap(), before);
    assert_eq!((meanwhile.status, after.status), (Some(200), Some(200)));
    assert!(check.status.success(), "{}", said(&check));
}

#[test]
fn a_key_is_replaced_and_removed_only_when_that_is_wanted() {
    let suite = Suite::new("http://127.0.0.1:9/v1");
    suite.need_key("openai");
    keep(&suite, KEY);
    let kept = fs::read(file(&suite)).unwrap();

    let unasked = [
        suite.minerctl_reading(&["credentials", "set", "openai"], KEY),
        suite.minerctl(&["credentials", "remove", "openai"]),
        suite.minerctl(&["credentials", "remove", "openai", "--dry-run"]),
        suite.minerctl(&["credentials", "rotate", "--dry-run"]),
    ];
    let untouched = fs::read(file(&suite)).unwrap() == kept;
    let removed = suite.minerctl(&["credentials", "remove", "openai", "--yes", "--json"]);
    let check = suite.minerctl(&["config", "check"]);

    assert_eq!(unasked.map(|output| output.status.code()), [Some(1), Some(1), Some(0), Some(0)]);
    assert!(untouched);
    assert_eq!(json(&removed), json!({ "schema": 1, "forgot": "openai" }));
    assert_eq!(json(&suite.minerctl(&["credentials", "list", "--json"]))["entries"], json!([]));
    assert_eq!(check.status.code(), Some(78));
    assert!(said(&check).contains("vendors.openai.credential"), "{}", said(&check));
}

#[test]
fn a_dry_run_leaves_no_trace() {
    let suite = Suite::new("http://127.0.0.1:9/v1");
    let before = suite.files();

    for args in [&["set", "openai"][..], &["rotate"], &["recovery"]] {
        let output = suite.minerctl(&[&["credentials"], args, &["--dry-run"]].concat());
        assert!(output.status.success(), "{args:?}: {}", said(&output));
    }

    assert_eq!(suite.files(), before);
    assert!(!suite.path().join("state").exists());
}

#[test]
fn a_file_of_keys_that_others_can_get_at_is_refused_everywhere_with_the_fix() {
    let suite = Suite::new("http://127.0.0.1:9/v1");
    keep(&suite, KEY);
    let fix = format!("chmod go= {}", file(&suite).display());

    for mode in [0o644, 0o640, 0o620, 0o602] {
        fs::set_permissions(file(&suite), Permissions::from_mode(mode)).unwrap();
        let outputs = [
            (suite.minerctl(&["credentials", "list"]), 1),
            (suite.minerctl(&["credentials", "check"]), 1),
            (suite.minerctl_reading(&["credentials", "set", "openai", "--yes"], KEY), 1),
            (suite.minerctl(&["config", "check"]), 78),
            (suite.minerctl(&["up", "--detach"]), 78),
            (daemon(&suite, "task-handler"), 78),
            (daemon(&suite, "tracker"), 78),
        ];

        for (place, (output, code)) in outputs.iter().enumerate() {
            assert_eq!(output.status.code(), Some(*code), "{place}, {mode:o}: {}", said(output));
            assert!(said(output).contains(&fix), "{place}, {mode:o}: {}", said(output));
        }
    }
}

#[test]
fn an_identity_that_others_can_get_at_is_refused_with_the_fix_and_its_models_are_not_used() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.need_key("openai");
    keep(&suite, KEY);
    fs::set_permissions(identity(&suite), Permissions::from_mode(0o640)).unwrap();
    let fix = format!("chmod go= {}", identity(&suite).display());

    let check = suite.minerctl(&["credentials", "check"]);
    let set = suite.minerctl_reading(&["credentials", "set", "openai", "--yes"], KEY);
    suite.up();
    let model = suite.status()["task_handler"]["running"]["models"][0].clone();
    let online = suite.minerctl(&["credentials", "check", "--json"]);

    for output in [&check, &set] {
        assert_eq!(output.status.code(), Some(1), "{}", said(output));
        assert!(said(output).contains(&fix), "{}", said(output));
    }
    assert!(model["availability"]["unusable"]["problem"].as_str().unwrap().contains(&fix), "{model}");
    assert_eq!(online.status.code(), Some(1));
    let outcome = &json(&online)["vendors"][0]["outcome"];
    assert!(outcome["no_key"]["problem"].as_str().unwrap().contains(&fix), "{outcome}");
}

#[test]
fn what_belongs_to_a_subscription_is_refused_with_the_reason() {
    let suite = Suite::new("http://127.0.0.1:9/v1");

    for token in ["sk-ant-oat01-e2e4d7f0c1b9a", "eyJhbGciOiJIUzI1NiJ9.e2e4d7f0c1b9a", "ya29.e2e4d7f0c1b9a"] {
        let set = keep(&suite, token);

        assert_eq!(set.status.code(), Some(1), "{}", said(&set));
        assert!(said(&set).contains("not an API key") && said(&set).contains("terms"), "{}", said(&set));
        assert!(!said(&set).contains("e2e4d7f0c1b9a"));
    }
    assert!(!file(&suite).exists());
}

#[test]
fn on_a_terminal_the_key_is_asked_for_and_not_shown() {
    let suite = Suite::new("http://127.0.0.1:9/v1");
    let mut terminal = Command::new(python_program("python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/terminal.py"))
        .arg(binary("minerctl"))
        .arg("--home")
        .arg(suite.path())
        .args(["credentials", "set", "openai"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();

    writeln!(terminal.stdin.take().unwrap(), "{KEY}").unwrap();
    let shown = terminal.wait_with_output().unwrap();

    assert!(shown.status.success(), "{}", said(&shown));
    assert!(said(&shown).contains("Secret openai (not shown): "), "{}", said(&shown));
    assert!(!said(&shown).contains(KEY));
    let check = suite.minerctl(&["credentials", "check"]);
    assert!(said(&check).contains("can be opened"), "{}", said(&check));
}

/// Looks for the key in what was said, in what runs, in what else can be asked, and in every file.
fn nothing_shows(suite: &Suite, outputs: &[Output]) {
    let asked = [&["status"][..], &["status", "--json"], &["--json", "config", "check"], &["logs"], &["budget"]];
    let asked = asked.map(|args| suite.minerctl(args));
    for output in outputs.iter().chain(&asked) {
        assert!(!said(output).contains(KEY), "{}", said(output));
    }
    for pid in DAEMONS.map(|daemon| suite.pid(daemon).unwrap()) {
        for name in ["cmdline", "environ"] {
            match fs::read(format!("/proc/{pid}/{name}")) {
                Ok(content) => assert!(!holds_key(&content), "{name} of {pid} shows the key"),
                // A daemon is not dumpable, which hides its environment from its own user.
                Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
            }
        }
    }
    for path in suite.files() {
        assert!(!holds_key(&fs::read(&path).unwrap()), "{} holds the key", path.display());
    }
}

fn holds_key(content: &[u8]) -> bool {
    content.windows(KEY.len()).any(|window| window == KEY.as_bytes())
}

fn keep(suite: &Suite, key: &str) -> Output {
    suite.minerctl_reading(&["credentials", "set", "openai"], &format!("{key}\n"))
}

fn daemon(suite: &Suite, name: &str) -> Output {
    Command::new(binary(name)).arg("--home").arg(suite.path()).output().unwrap()
}

fn file(suite: &Suite) -> PathBuf {
    suite.path().join("config/llm-credentials.json")
}

fn identity(suite: &Suite) -> PathBuf {
    suite.path().join("state/identity/task-handler.age-identity")
}

fn prompting(suite: &Suite) -> Query<'_> {
    Query {
        signer: "//Alice",
        port: suite.port(),
        hotkey: suite.hotkey(),
        synapse: "PromptingSynapse",
        fields: json!({ "roles": ["user"], "messages": ["hello"] }),
        timeout: 12.0,
    }
}

/// Everything that a command has written.
fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| unreachable!("{error} in {}", said(output)))
}
