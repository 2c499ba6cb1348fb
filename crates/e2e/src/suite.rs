//! The four daemons under `minerctl up`, in a home of their own.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rusqlite::{Connection, OpenFlags};
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{binary, eventually, free_port};

/// The daemons by the key they have in `minerctl status --json`.
pub const DAEMONS: [&str; 4] = ["miner_daemon", "task_handler", "tracker", "wallet_manager"];

/// The mnemonic of the golden wallet's hotkey.
const HOTKEY_MNEMONIC: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

/// The golden wallet's addresses.
const HOTKEY: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";
const COLDKEY: &str = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";

/// `//Alice` and `//Bob`: only Alice is on the list of callers.
const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/// A home with its configuration, and what runs in it.
#[derive(Debug)]
pub struct Suite {
    home: TempDir,
    port: u16,
    supervisor: Option<Child>,
}

impl Suite {
    /// Makes a home whose only model is served at `base_url`; nothing runs yet.
    ///
    /// # Panics
    /// If the home cannot be written.
    #[must_use]
    pub fn new(base_url: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let port = free_port();
        fs::create_dir(home.path().join("config")).unwrap();
        let suite = Self { home, port, supervisor: None };
        suite.write_wallet();
        suite.configure("miner-config", &miner_config(suite.path(), port, base_url));
        suite.configure("subnet-profiles", &subnet_profiles());
        suite.configure("token-budgets", &token_budgets("5.00"));
        suite
    }

    fn write_wallet(&self) {
        let hotkeys = self.path().join("wallets/miner/hotkeys");
        fs::create_dir_all(&hotkeys).unwrap();
        let key = json!({ "secretPhrase": HOTKEY_MNEMONIC, "ss58Address": HOTKEY });
        self.write_private(&hotkeys.join("default"), &key);
        self.write_private(&self.path().join("wallets/miner/coldkeypub.txt"), &json!({ "ss58Address": COLDKEY }));
        for dir in ["wallets", "wallets/miner", "wallets/miner/hotkeys"] {
            fs::set_permissions(self.path().join(dir), fs::Permissions::from_mode(0o700)).unwrap();
        }
    }

    #[expect(clippy::unused_self, reason = "reads as a step of the suite")]
    fn write_private(&self, path: &Path, content: &Value) {
        fs::write(path, content.to_string()).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Writes `config/<name>.json`.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn configure(&self, name: &str, content: &Value) {
        fs::write(self.path().join(format!("config/{name}.json")), content.to_string()).unwrap();
    }

    /// Writes token-budgets.json with so many dollars a day.
    pub fn limit_day_to(&self, usd: &str) {
        self.configure("token-budgets", &token_budgets(usd));
    }

    /// Returns the home.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.home.path()
    }

    /// Returns the port that validators are served on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the hotkey that validators address.
    #[must_use]
    pub fn hotkey(&self) -> &'static str {
        HOTKEY
    }

    /// Runs minerctl to its end.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn minerctl(&self, args: &[&str]) -> Output {
        Command::new(binary("minerctl")).arg("--home").arg(self.path()).args(args).output().unwrap()
    }

    /// Runs minerctl to its end with something on its stdin.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn minerctl_reading(&self, args: &[&str], stdin: &str) -> Output {
        let mut process = Command::new(binary("minerctl"))
            .arg("--home")
            .arg(self.path())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that refuses before it reads closes the pipe.
        drop(process.stdin.take().unwrap().write_all(stdin.as_bytes()));
        process.wait_with_output().unwrap()
    }

    /// Makes the vendor need the key `entry` of llm-credentials.json.
    ///
    /// # Panics
    /// If the configuration cannot be changed.
    pub fn need_key(&self, entry: &str) {
        let mut config = self.configuration("miner-config");
        config["vendors"]["openai"]["credential"] = entry.into();
        self.configure("miner-config", &config);
    }

    /// Mines subnet `netuid` on a chain, and answers that subnet's validators.
    ///
    /// # Panics
    /// If the configuration cannot be changed.
    pub fn mine_on(&self, netuid: u16, chain: Value) {
        let mut config = self.configuration("miner-config");
        config["listeners"][0]["netuids"] = json!([netuid]);
        config["callers"] = json!({ "policy": "validators" });
        config["chain"] = chain;
        self.configure("miner-config", &config);
        let mut profiles = self.configuration("subnet-profiles");
        let profile = profiles["subnets"]["1"].take();
        profiles["subnets"] = json!({ netuid.to_string(): profile });
        self.configure("subnet-profiles", &profiles);
    }

    fn configuration(&self, name: &str) -> Value {
        let text = fs::read_to_string(self.path().join(format!("config/{name}.json"))).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Returns what the status says of the only subnet on the chain.
    ///
    /// # Panics
    /// If miner-daemon does not answer.
    #[must_use]
    pub fn subnet(&self) -> Value {
        self.status()["miner_daemon"]["running"]["chain"]["subnets"][0].clone()
    }

    /// Stops a daemon where it is, without killing it, or lets it go on.
    ///
    /// # Panics
    /// If it does not run.
    pub fn freeze(&self, pid: i64, frozen: bool) {
        let target = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        rustix::process::kill_process(target, signal).unwrap();
    }

    /// Starts all daemons and waits until they answer.
    ///
    /// # Panics
    /// If they do not.
    pub fn up(&mut self) {
        let log = fs::File::create(self.path().join("supervisor.log")).unwrap();
        let supervisor = Command::new(binary("minerctl"))
            .arg("--home")
            .arg(self.path())
            .arg("up")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.supervisor = Some(supervisor);
        self.await_all();
    }

    /// Waits until all daemons answer.
    ///
    /// # Panics
    /// If they do not.
    pub fn await_all(&self) {
        let waited = self.minerctl(&["status", "--wait", "30"]);
        let said = fs::read_to_string(self.path().join("supervisor.log")).unwrap_or_default();
        assert!(waited.status.success(), "{}{said}", String::from_utf8_lossy(&waited.stdout));
    }

    /// Stops all daemons and waits until they are gone.
    ///
    /// # Panics
    /// If they do not go.
    pub fn down(&mut self) {
        let down = self.minerctl(&["down"]);
        assert!(down.status.success(), "{}", String::from_utf8_lossy(&down.stderr));
        if let Some(mut supervisor) = self.supervisor.take() {
            assert!(supervisor.wait().unwrap().success());
        }
    }

    /// Returns `minerctl status --json`.
    ///
    /// # Panics
    /// If it is no JSON.
    #[must_use]
    pub fn status(&self) -> Value {
        serde_json::from_slice(&self.minerctl(&["status", "--json"]).stdout).unwrap()
    }

    /// Returns a daemon's process id while it answers.
    #[must_use]
    pub fn pid(&self, daemon: &str) -> Option<i64> {
        self.status()[daemon]["running"]["process"]["pid"].as_i64()
    }

    /// Kills a daemon with SIGKILL and returns the pid it had.
    ///
    /// # Panics
    /// If it does not run.
    pub fn kill(&self, daemon: &str) -> i64 {
        let pid = eventually("the daemon runs", || self.pid(daemon));
        let target = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        rustix::process::kill_process(target, Signal::KILL).unwrap();
        pid
    }

    /// Opens a daemon's database for reading.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    pub fn database(&self, name: &str) -> Connection {
        let path = self.path().join("state").join(name);
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
    }

    /// Returns every file below the home, for looking into all of them.
    ///
    /// # Panics
    /// If a directory cannot be read.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut dirs = vec![self.path().to_owned()];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let entry = entry.unwrap();
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    dirs.push(entry.path());
                } else if kind.is_file() {
                    files.push(entry.path());
                }
            }
        }
        files
    }
}

impl Drop for Suite {
    fn drop(&mut self) {
        drop(self.minerctl(&["down"]));
        if let Some(mut supervisor) = self.supervisor.take() {
            drop(supervisor.kill());
            drop(supervisor.wait());
        }
    }
}

fn miner_config(home: &Path, port: u16, base_url: &str) -> Value {
    json!({
        "version": 1,
        "wallet": { "path": home.join("wallets"), "name": "miner", "hotkey": "default" },
        "listeners": [{ "address": format!("127.0.0.1:{port}"), "netuids": [1] }],
        "callers": { "policy": "listed", "allow": [ALICE] },
        "vendors": { "openai": { "dialect": "openai-chat", "base_url": base_url } },
        "daemons": { "beat_ms": 500 },
    })
}

fn subnet_profiles() -> Value {
    json!({
        "version": 1,
        "subnets": {
            "1": {
                "name": "prompting",
                "protocol": "synapse",
                "max_tokens_per_task": 4000,
                "preferred_models": ["openai/gpt-6-luna"],
                "routes": {
                    "PromptingSynapse": {
                        "fields": {
                            "roles": { "type": "List[str]" },
                            "messages": { "type": "List[str]" },
                            "completion": { "type": "str", "default": "" },
                            "required_hash_fields": { "type": "List[str]", "default": ["messages"] },
                        },
                        "hash_fields": ["messages"],
                        "action": { "task": {
                            "prompt": { "lists": { "texts": "messages", "roles": "roles" } },
                            "answer": { "field": "completion" },
                        } },
                    },
                    "IsAlive": {
                        "fields": {
                            "answer": { "type": "Optional[str]", "default": null },
                            "completion": { "type": "str", "default": "" },
                        },
                        "action": { "reply": { "completion": "True" } },
                    },
                },
            },
        },
    })
}

fn token_budgets(usd_a_day: &str) -> Value {
    json!({
        "version": 1,
        "limits": [
            { "name": "a day", "window": "day", "max_usd": usd_a_day },
            { "name": "all", "window": "total", "max_tokens": 50_000_000 },
        ],
    })
}
