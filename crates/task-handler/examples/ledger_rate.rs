//! Measures reserve and settle, task by task, beside bare SQLite doing the same rows in transactions as large; prints JSON.
#![expect(clippy::print_stdout, reason = "the output is the result")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::config::budget::{Limit, LimitScope, LimitWindow, TokenBudgets};
use common::config::miner::CapField;
use common::id::{Netuid, TaskId};
use common::money::TokenPrice;
use common::record::AttemptOutcome;
use common::task::{Message, Role, Task};
use common::usage::TokenUsage;
use daemon_kit::Workers;
use llm::models::{Model, Prices, Rates};
use llm::{Billing, Clients, WorstCase};
use rusqlite::{Connection, params};
use serde_json::json;
use task_handler::ledger::{self, Call, Clock, Ledger, Notify};
use tokio::task::JoinSet;

/// Tasks in work at once.
const AT_ONCE: u64 = 512;
/// What one commit of the ledger takes at most: reservations, settlements.
const BATCHES: (usize, usize) = (256, 64);
const ROUNDS: usize = 3;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let tasks: u64 = std::env::args().nth(1).map_or(Ok(20_000), |tasks| tasks.parse())?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let directory = tempfile::tempdir()?;
        let of_ledger = measure_ledger(directory.path(), tasks).await?;
        let bare = measure_bare(directory.path(), tasks)?;
        rounds.push((of_ledger, bare));
    }
    // The median: a shared machine has its moods.
    rounds.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (of_ledger, bare) = rounds.get(ROUNDS / 2).copied().unwrap_or_default();
    let figures = json!({
        "tasks": tasks,
        "ledger_tasks_per_s": of_ledger.round(),
        "bare_sqlite_tasks_per_s": bare.round(),
        "times_bare": bare / of_ledger,
    });
    println!("{figures:#}");
    Ok(())
}

/// Returns tasks a second through the ledger.
async fn measure_ledger(directory: &Path, tasks: u64) -> anyhow::Result<f64> {
    let workers = Workers::new();
    let store = ledger::open(&directory.join("ledger.db"))?;
    let (_, issuer) = Clients::new(&Default::default(), Default::default())?;
    let limit = |name: &str, window| Limit {
        name: name.into(),
        scope: LimitScope::default(),
        window,
        max_tokens: Some(u64::MAX / 4),
        max_usd: None,
        of_earnings: None,
    };
    let limits = [("minute", LimitWindow::Minute), ("day", LimitWindow::Day), ("total", LimitWindow::Total)];
    let limits = limits.into_iter().map(|(name, window)| limit(name, window)).collect();
    let budgets = TokenBudgets { version: 1, limits, prices: Default::default() };
    let keys = Default::default();
    let ledger = Ledger::start(store, &budgets, keys, issuer, Clock::system(), Notify::new(|| ()), &workers).await?;
    let ledger = Arc::new(ledger);
    let model = Arc::new(model()?);
    let started = Instant::now();
    let mut running = JoinSet::new();
    for worker in 0..AT_ONCE {
        let (ledger, model) = (Arc::clone(&ledger), Arc::clone(&model));
        running.spawn(async move {
            for number in (worker..tasks).step_by(usize::try_from(AT_ONCE)?) {
                let task = task(number)?;
                let strategy = "direct".into();
                let worst = WorstCase { input_tokens: 400, output_tokens: 100 };
                let call = Call { task: &task, model: &model, strategy: &strategy, worst, first: true, choice: None };
                let (reservation, _permit) = ledger.reserve(&call).await?;
                let usage = TokenUsage { input_uncached: 90, output: 30, ..TokenUsage::default() };
                reservation.settle(AttemptOutcome::Completed, Billing::Known(usage)).await;
            }
            anyhow::Ok(())
        });
    }
    while let Some(result) = running.join_next().await {
        result??;
    }
    let rate = per_second(tasks, started.elapsed());
    drop(ledger);
    workers.stop();
    workers.wait(Duration::from_secs(10)).await?;
    Ok(rate)
}

/// Returns tasks a second of the same rows, written by one thread that has nothing else to do: it reserves a batch in a synced
/// commit, and settles it in commits that are not, as the ledger does.
fn measure_bare(directory: &Path, tasks: u64) -> anyhow::Result<f64> {
    drop(ledger::open(&directory.join("bare.db"))?);
    let connection = Connection::open(directory.join("bare.db"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let entry = sample_entry(directory)?;
    let started = Instant::now();
    let numbers: Vec<i64> = (0..i64::try_from(tasks)?).collect();
    for batch in numbers.chunks(BATCHES.0) {
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for number in batch {
            let (attempt, task) = (format!("a{number:035}"), format!("t{number:035}"));
            connection.prepare_cached("SELECT 1 FROM journal WHERE task = ?1")?.exists([&task])?;
            connection
                .prepare_cached(
                    "INSERT INTO journal (attempt, task, unix_ms, vendor, key, model, netuid, validator, \
                     reserved_tokens, reserved_cost) VALUES (?1, ?2, ?3, 'v', '', 'm', 1, ?4, 500, 500)",
                )?
                .execute(params![attempt, task, number, VALIDATOR])?;
            connection
                .prepare_cached("INSERT INTO outbox (id, entry, state) VALUES (?1, ?2, 1)")?
                .execute(params![attempt, entry])?;
        }
        connection.execute_batch("COMMIT")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        for batch in batch.chunks(BATCHES.1) {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            for number in batch {
                let attempt = format!("a{number:035}");
                connection
                    .prepare_cached(
                        "UPDATE journal SET settled_unix_ms = ?2, tokens = 120, cost = 120, estimated = 0 \
                         WHERE attempt = ?1 AND settled_unix_ms IS NULL",
                    )?
                    .execute(params![attempt, number])?;
                connection
                    .prepare_cached("UPDATE outbox SET entry = ?2, state = 0 WHERE id = ?1")?
                    .execute(params![attempt, entry])?;
            }
            connection.execute_batch("COMMIT")?;
        }
    }
    Ok(per_second(tasks, started.elapsed()))
}

const VALIDATOR: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/// A record as the ledger wrote it.
fn sample_entry(directory: &Path) -> anyhow::Result<String> {
    let connection = Connection::open(directory.join("ledger.db"))?;
    Ok(connection.query_row("SELECT entry FROM outbox LIMIT 1", [], |row| row.get(0))?)
}

fn per_second(tasks: u64, took: Duration) -> f64 {
    let tasks = tasks as f64;
    tasks / took.as_secs_f64()
}

fn model() -> anyhow::Result<Model> {
    let price = TokenPrice(1_000_000_000);
    let rates = Rates { input: price, cache_read: price, cache_write: price, output: price };
    Ok(Model {
        name: "v/m".to_owned().try_into().map_err(|_| anyhow::anyhow!("no model's name"))?,
        context_tokens: 1_000_000,
        max_output_tokens: 1_000,
        cap_field: CapField::MaxTokens,
        prices: Prices::new(rates, Vec::new()),
        shutdown_unix_ms: None,
    })
}

fn task(number: u64) -> anyhow::Result<Task> {
    Ok(Task {
        id: TaskId::new(number, [0; 10]),
        netuid: Netuid(1),
        caller: VALIDATOR.parse()?,
        route: "Ask".into(),
        task_type: "text".into(),
        messages: vec![Message { role: Role::User, content: "Why?".into() }],
        max_tokens: None,
    })
}
