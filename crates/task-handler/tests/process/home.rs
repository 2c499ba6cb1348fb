//! A home of its own with a running `task-handler` in it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use common::call::task::{
    AnswerPiece, BudgetQuery, BudgetReport, LimitUse, StreamTask, SubmitTask, TaskCall, TaskHandlerStatus,
    TaskHandlerStatusQuery,
};
use common::id::{Netuid, TaskId};
use common::ipc::Fault;
use common::outcome::TaskAnswer;
use common::record::{Attempt, Entry, Record};
use common::task::{Message, Role, Task};
use daemon_kit::ipc::Client;
use daemon_kit::{Home, Workers};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// Longer than anything takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What differs from home to home.
pub(crate) struct Settings {
    pub(crate) limits: Value,
    pub(crate) max_failures: u32,
    pub(crate) max_in_flight: u32,
    pub(crate) credential: Option<&'static str>,
    pub(crate) strategy: &'static str,
    pub(crate) models: &'static [&'static str],
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: limit("day", 100_000),
            max_failures: 100,
            max_in_flight: 128,
            credential: None,
            strategy: "direct",
            models: &["mock/toy"],
        }
    }
}

/// One limit per day, in tokens.
pub(crate) fn limit(name: &str, max_tokens: u64) -> Value {
    json!([{ "name": name, "window": "day", "max_tokens": max_tokens }])
}

/// A running daemon; killed when dropped.
pub(crate) struct Handler {
    directory: TempDir,
    process: Child,
    workers: Workers,
    client: Client<TaskCall>,
}

impl Handler {
    pub(crate) async fn start(vendor: &str, settings: Settings) -> Self {
        let directory = configured(vendor, settings);
        let process = spawn(directory.path());
        let workers = Workers::new();
        let socket = Home::new(directory.path().into()).socket("task-handler");
        let client = Client::new(socket, "task-handler", &workers);
        let handler = Self { directory, process, workers, client };
        handler.ready().await;
        handler
    }

    async fn ready(&self) {
        let answers = async {
            loop {
                self.client.connected().await;
                if self.client.call(TaskHandlerStatusQuery {}, PATIENCE).await.is_ok() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, answers).await.expect("task-handler did not get ready");
    }

    pub(crate) fn client(&self) -> Client<TaskCall> {
        self.client.clone()
    }

    /// Returns another connection: each may have so many calls in work.
    pub(crate) fn another_client(&self) -> Client<TaskCall> {
        Client::new(Home::new(self.directory.path().into()).socket("task-handler"), "task-handler", &self.workers)
    }

    /// Returns how much memory the process has now.
    pub(crate) fn resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.unwrap() / 1024
    }

    /// Returns a path in its home.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    /// Asks for the budget until it is as wanted.
    pub(crate) async fn until_budget(&self, wanted: impl Fn(&BudgetReport) -> bool) -> BudgetReport {
        let wait = async {
            loop {
                let report = self.client.call(BudgetQuery {}, PATIENCE).await.unwrap();
                if wanted(&report) {
                    return report;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the budget never got there")
    }

    pub(crate) async fn ask(&self, number: u64) -> TaskAnswer {
        self.submit(task(number)).await.unwrap()
    }

    pub(crate) async fn submit(&self, task: Task) -> Result<TaskAnswer, Fault> {
        self.client.call(SubmitTask { task }, PATIENCE).await
    }

    /// Submits a task and reads along.
    pub(crate) async fn stream(&self, task: Task) -> (Vec<String>, TaskAnswer) {
        let (events, mut pieces) = mpsc::channel(10_000);
        let answer = self.client.call_streaming(StreamTask { task }, PATIENCE, events).await.unwrap();
        let mut told = Vec::new();
        while let Some(event) = pieces.recv().await {
            told.push(serde_json::from_str::<AnswerPiece>(event.get()).unwrap().text);
        }
        (told, answer)
    }

    pub(crate) async fn status(&self) -> TaskHandlerStatus {
        self.client.call(TaskHandlerStatusQuery {}, PATIENCE).await.unwrap()
    }

    /// Asks for the first limit until its state is as wanted.
    pub(crate) async fn until(&self, wanted: impl Fn(&LimitUse) -> bool) -> LimitUse {
        let wait = async {
            loop {
                let limit = self.status().await.limits.remove(0);
                if wanted(&limit) {
                    return limit;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the limit never got there")
    }

    /// `kill -9`, and a new process in the same home.
    pub(crate) async fn kill_and_restart(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = spawn(self.directory.path());
        self.ready().await;
    }

    /// Asks the process to stop.
    pub(crate) fn terminate(&self) {
        let killed = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    /// Starts it again after it has stopped.
    pub(crate) async fn restart(&mut self) {
        self.process = spawn(self.directory.path());
        self.ready().await;
    }

    /// Returns what stands in the outbox for tracker, which does not run here, once every call that has ended is written.
    pub(crate) async fn records(&self) -> Vec<Attempt> {
        self.status().await;
        let connection = rusqlite::Connection::open(self.directory.path().join("state/ledger.db")).unwrap();
        let mut statement = connection.prepare("SELECT entry FROM outbox WHERE state = 0 ORDER BY sequence").unwrap();
        let entries = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let attempt = |json: rusqlite::Result<String>| {
            let entry: Entry = serde_json::from_str(&json.unwrap()).unwrap();
            let Record::Attempt(attempt) = entry.record else { panic!("{entry:?}") };
            attempt
        };
        entries.map(attempt).collect()
    }

    /// Returns everything that was logged.
    pub(crate) fn log(&self) -> String {
        let logs = std::fs::read_dir(self.directory.path().join("logs")).unwrap();
        logs.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        self.workers.stop();
    }
}

pub(crate) fn task(number: u64) -> Task {
    Task {
        id: TaskId::new(number, [0; 10]),
        netuid: Netuid(18),
        caller: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap(),
        route: "Text".into(),
        task_type: "text".into(),
        messages: vec![Message { role: Role::User, content: "What is the airspeed of an unladen swallow?".into() }],
        max_tokens: Some(500),
    }
}

/// Runs the process in a home until it ends by itself; returns its exit code and what it said.
pub(crate) fn run_to_its_end(vendor: &str, settings: Settings) -> (Option<i32>, String) {
    let directory = configured(vendor, settings);
    let output = command(directory.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn spawn(home: &Path) -> Child {
    command(home).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_task-handler"));
    command.arg("--home").arg(home).env_remove("CREDENTIALS_DIRECTORY").env_remove("MINER_AGE_IDENTITY");
    command
}

fn configured(vendor: &str, settings: Settings) -> TempDir {
    let directory = TempDir::new().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let config = directory.path().join("config");
    std::fs::create_dir(&config).unwrap();
    let Settings { limits, max_failures, max_in_flight, credential, strategy, models } = settings;
    let toy = json!({ "context_tokens": 8_000, "max_output_tokens": 2_000 });
    let route = |form: &str| {
        json!({
            "fields": { "question": { "type": "str" }, "answer": { "type": "Optional[str]", "default": null } },
            "hash_fields": ["question"],
            "action": { "task": { "prompt": { "field": "question" }, "answer": { "field": "answer", "as": form } } },
        })
    };
    let vendor = json!({
        "dialect": "openai-chat",
        "base_url": vendor,
        "credential": credential,
        "models": { "toy": toy, "spare": toy },
    });
    let files = [
        (
            "miner-config.json",
            json!({
                "version": 1,
                "listeners": [{ "address": "127.0.0.1:8091", "netuids": [18] }],
                "callers": { "policy": "anyone" },
                "vendors": { "mock": vendor },
                "server": { "max_in_flight": max_in_flight },
                "breaker": { "max_failures": max_failures, "bench_ms": 60_000 },
            }),
        ),
        (
            "subnet-profiles.json",
            json!({
                "version": 1,
                "subnets": { "18": {
                    "name": "test",
                    "protocol": "synapse",
                    "max_tokens_per_task": 2_000,
                    "preferred_models": models,
                    "prompt_strategies": [strategy],
                    "routes": { "Text": route("text"), "Json": route("json") },
                } },
            }),
        ),
        (
            "token-budgets.json",
            json!({
                "version": 1,
                "limits": limits,
                "prices": {
                    "toy": { "input_usd": "1", "output_usd": "1" },
                    "spare": { "input_usd": "1", "output_usd": "1" },
                },
            }),
        ),
    ];
    if let Some(credential) = credential {
        // Nobody made an identity in this home, so it cannot be opened.
        let entry = json!({ "for": "task-handler", "age": "-----BEGIN AGE ENCRYPTED FILE-----" });
        let file = json!({ "version": 1, "entries": { credential: entry } });
        let path = config.join("llm-credentials.json");
        std::fs::write(&path, file.to_string()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    for (name, content) in files {
        std::fs::write(config.join(name), content.to_string()).unwrap();
    }
    directory
}
