//! Measures a call of 1 KiB there and 1 KiB back beside the same bytes over a bare socket; prints JSON.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::call::task::{SubmitTask, TaskCall};
use common::id::TaskId;
use common::ipc::{Fault, FaultCode, Reply};
use common::money::NanoUsd;
use common::outcome::{Answered, TaskAnswer};
use common::task::{Message, Role, Task};
use common::usage::TokenUsage;
use daemon_kit::Workers;
use daemon_kit::ipc::{CallContext, Client, Listener, Service, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

const ROUNDS: usize = 20_000;
const SIZE: usize = 1024;
const PATIENCE: Duration = Duration::from_secs(5);

struct Echo;

impl Service for Echo {
    type Call = TaskCall;

    async fn handle(&self, call: TaskCall, _context: CallContext) -> Reply {
        let TaskCall::SubmitTask(call) = call else {
            return Reply::Fault(Fault::new(FaultCode::Invalid, "only tasks are echoed"));
        };
        Reply::of::<SubmitTask>(Ok(echo(call)))
    }
}

fn echo(call: SubmitTask) -> TaskAnswer {
    let text: String = call.task.messages.into_iter().map(|message| message.content).collect();
    TaskAnswer::Answered(Answered {
        value: text.into(),
        model: "echo".into(),
        usage: TokenUsage::default(),
        cost: NanoUsd::ZERO,
    })
}

fn task() -> anyhow::Result<Task> {
    Ok(Task {
        id: TaskId::new(0, [0; 10]),
        netuid: common::id::Netuid(1),
        caller: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse()?,
        route: "PromptingSynapse".into(),
        task_type: "text".into(),
        messages: vec![Message { role: Role::User, content: "x".repeat(SIZE) }],
        max_tokens: None,
    })
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let workers = Workers::new();
    let call = calls(&directory.path().join("call.sock"), &workers).await?;
    let bare = ping_pong(&directory.path().join("bare.sock"), &workers).await?;
    let figures = BTreeMap::from([
        ("ipc_p50_us", quantile(&call, 50)),
        ("ipc_p99_us", quantile(&call, 99)),
        ("bare_p50_us", quantile(&bare, 50)),
        ("bare_p99_us", quantile(&bare, 99)),
    ]);
    workers.stop();
    workers.wait(PATIENCE).await?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&figures)?)?;
    Ok(())
}

/// Calls as the daemons make them.
async fn calls(path: &std::path::Path, workers: &Workers) -> anyhow::Result<Vec<Duration>> {
    let listener = Listener::bind(path, &[])?;
    workers.spawn("echo-server", serve(listener, "echo", Arc::new(Echo), workers.clone()));
    let client: Client<TaskCall> = Client::new(path.to_owned(), "echo", workers);
    client.connected().await;
    let task = task()?;
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let call = SubmitTask { task: task.clone() };
        let started = Instant::now();
        client.call(call, PATIENCE).await?;
        times.push(started.elapsed());
    }
    Ok(times)
}

/// The floor: the same bytes without frames, JSON, deadlines and the rest.
async fn ping_pong(path: &std::path::Path, workers: &Workers) -> anyhow::Result<Vec<Duration>> {
    let listener = UnixListener::bind(path)?;
    workers.spawn("pong", async move {
        let Ok((mut stream, _)) = listener.accept().await else { return };
        let mut bytes = [0; SIZE];
        while stream.read_exact(&mut bytes).await.is_ok() && stream.write_all(&bytes).await.is_ok() {}
    });
    let mut stream = UnixStream::connect(path).await?;
    let mut bytes = [0; SIZE];
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        stream.write_all(&bytes).await?;
        stream.read_exact(&mut bytes).await?;
        times.push(started.elapsed());
    }
    Ok(times)
}

fn quantile(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e6)
}
