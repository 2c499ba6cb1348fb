//! The ledger's properties, and the bench that its tests stand on.

mod clocks;
mod crash;
mod disk;
mod earnings;
mod machine;
mod overshoot;
mod properties;
mod scopes;
mod windows;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::config::budget::{self, LimitScope, LimitWindow, TokenBudgets};
use common::config::miner::CapField;
use common::id::{Netuid, TaskId, VendorName};
use common::money::{NanoUsd, TokenPrice, Usd};
use common::record::{Attempt, AttemptOutcome, Entry, Record};
use common::task::{Message, Role, Task};
use common::usage::TokenUsage;
use llm::models::{Model, Prices, Rates};
use llm::{Billing, Clients, WorstCase};
use tempfile::TempDir;

use super::settler::Settlement;
use super::*;

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
/// 2026-11-22 12:00:00 UTC
const NOON: u64 = 1_795_348_800_000;
/// What one token costs in any bucket.
const TOKEN_COST: u64 = 1_000;

/// A ledger on a clock of its own.
struct Bench {
    dir: TempDir,
    now: Arc<AtomicU64>,
    /// The clock that nobody sets.
    steady: Arc<AtomicU64>,
    store: Store,
    ledger: Ledger,
    workers: Workers,
    /// How often the machine was started.
    boots: u32,
}

impl Bench {
    async fn new(limits: Vec<budget::Limit>) -> Self {
        Self::open(TempDir::new().unwrap(), limits, (NOON, NOON), 0).await
    }

    async fn open(dir: TempDir, limits: Vec<budget::Limit>, (now_ms, steady_ms): (u64, u64), boots: u32) -> Self {
        let store = open(&dir.path().join("ledger.db")).unwrap();
        let now = Arc::new(AtomicU64::new(now_ms));
        let steady = Arc::new(AtomicU64::new(steady_ms));
        let workers = Workers::new();
        let (_, issuer) = Clients::new(&Default::default(), Default::default()).unwrap();
        let budgets = TokenBudgets { version: 1, limits, prices: Default::default() };
        let hands = |of: &Arc<AtomicU64>| {
            let of = Arc::clone(of);
            move || of.load(Ordering::Relaxed)
        };
        let clock = Clock::with_steady(hands(&now), hands(&steady), &format!("boot {boots}"));
        let notify = Notify::new(|| ());
        let ledger = Ledger::start(store.clone(), &budgets, keys(), issuer, clock, notify, &workers).await.unwrap();
        Self { dir, now, steady, store, ledger, workers, boots }
    }

    fn hands(&self) -> (u64, u64) {
        (self.now.load(Ordering::Relaxed), self.steady.load(Ordering::Relaxed))
    }

    /// Stops in good order and starts again.
    async fn restarted(self, limits: Vec<budget::Limit>) -> Self {
        let hands = self.hands();
        drop(self.ledger);
        self.workers.stop();
        self.workers.wait(Duration::from_secs(10)).await.unwrap();
        drop(self.store);
        Self::open(self.dir, limits, hands, self.boots).await
    }

    /// Starts again from the files as they are, as after `kill -9`; the old process's memory is lost.
    async fn killed(self, limits: Vec<budget::Limit>) -> Self {
        let (hands, boots) = (self.hands(), self.boots);
        self.lost(limits, hands, boots).await
    }

    /// The same, in another boot of the machine: the steady clock begins anew.
    async fn booted(self, limits: Vec<budget::Limit>) -> Self {
        let ((now_ms, _), boots) = (self.hands(), self.boots + 1);
        // Not at its very beginning, so that a test can let time go back.
        self.lost(limits, (now_ms, NOON / 2), boots).await
    }

    async fn lost(self, limits: Vec<budget::Limit>, hands: (u64, u64), boots: u32) -> Self {
        let copy = TempDir::new().unwrap();
        for file in std::fs::read_dir(self.dir.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        Self::open(copy, limits, hands, boots).await
    }

    /// Lets time pass, or go back, on both clocks.
    fn set_clock(&self, now_ms: u64) {
        let before = self.now.swap(now_ms, Ordering::Relaxed);
        self.steady.fetch_add(now_ms.wrapping_sub(before), Ordering::Relaxed);
    }

    /// Sets the wall clock only.
    fn jump(&self, by_ms: i64) {
        self.now.fetch_add(by_ms.cast_unsigned(), Ordering::Relaxed);
    }

    /// Waits until everything that was dropped so far is written.
    async fn quiet(&self) {
        let (done, written) = tokio::sync::oneshot::channel();
        let (task, model) = (task(0), model());
        let facts = Facts::new(&call(&task, &model, 0), Key::None, lift::usual(), AttemptId::new(0, [0; 10]));
        let booking = facts.bound.book(Billing::Nothing);
        let (outcome, latency) = (AttemptOutcome::Completed, Duration::ZERO);
        let nothing = Settlement { facts, booking, outcome, latency, done: Some(done) };
        self.ledger.settlements.send(Note::Ended(nothing)).await.unwrap();
        written.await.unwrap();
    }

    /// Reserves so many tokens for a task of its own.
    async fn reserve(&self, number: u64, tokens: u64) -> Result<Reservation, ReserveError> {
        let (task, model) = (task(number), model());
        let (reservation, _permit) = self.ledger.reserve(&call(&task, &model, tokens)).await?;
        Ok(reservation)
    }

    async fn spend(&self, number: u64, tokens: u64) {
        let reservation = self.reserve(number, tokens).await.unwrap();
        reservation.settle(AttemptOutcome::Completed, Billing::Known(output(tokens))).await;
    }

    /// Returns settled and reserved tokens of a limit.
    async fn tokens(&self, limit: usize) -> (u64, u64) {
        let usage = &self.ledger.limits().await.unwrap()[limit];
        assert_eq!(usage.settled.cost, NanoUsd(usage.settled.tokens * TOKEN_COST));
        (usage.settled.tokens, usage.reserved.tokens)
    }

    /// Whether the sums in memory are those of the journal; they are made anew if not.
    async fn verify(&self) -> bool {
        audit::verify(&self.store, &self.ledger.sums).await.unwrap()
    }

    /// Makes the sums in memory wrong.
    async fn forget(&self) {
        let sums = self.ledger.sums.clone();
        let forget = move |connection: &rusqlite::Connection| {
            sums.with(connection, |tally| {
                tally.forget();
                Ok(())
            })
        };
        self.store.run(Durability::Lazy, forget).await.unwrap();
    }

    /// Returns the attempts that are in line for tracker.
    async fn records(&self) -> Vec<Attempt> {
        let entries = |connection: &rusqlite::Connection| {
            let mut statement = connection.prepare("SELECT entry FROM outbox WHERE state = 0 ORDER BY sequence")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let entries = self.store.run(Durability::Lazy, entries).await.unwrap();
        let attempt = |json: &String| {
            let entry: Entry = serde_json::from_str(json).unwrap();
            let Record::Attempt(attempt) = entry.record else { panic!("{entry:?}") };
            attempt
        };
        entries.iter().map(attempt).collect()
    }
}

fn call<'a>(task: &'a Task, model: &'a Model, tokens: u64) -> Call<'a> {
    static DIRECT: std::sync::LazyLock<common::id::StrategyName> = std::sync::LazyLock::new(|| "direct".into());
    let worst = WorstCase { input_tokens: 0, output_tokens: tokens.try_into().unwrap() };
    Call { task, model, strategy: &DIRECT, choice: None, worst, first: true }
}

/// The keys of two vendors; others take none.
fn keys() -> BTreeMap<VendorName, String> {
    [("v", "k"), ("w", "l")].map(|(vendor, key)| (vendor.into(), key.to_owned())).into()
}

/// A model whose tokens all cost the same, so that money and tokens say the same.
fn model() -> Model {
    let price = TokenPrice(TOKEN_COST * 1_000_000);
    let rates = Rates { input: price, cache_read: price, cache_write: price, output: price };
    Model {
        name: "v/m".to_owned().try_into().unwrap(),
        context_tokens: 1_000_000,
        max_output_tokens: 1_000_000,
        cap_field: CapField::MaxTokens,
        prices: Prices::new(rates, Vec::new()),
        shutdown_unix_ms: None,
    }
}

fn task(number: u64) -> Task {
    Task {
        id: TaskId::new(number, [0; 10]),
        netuid: Netuid(1),
        caller: ALICE.parse().unwrap(),
        route: "Ask".into(),
        task_type: "text".into(),
        messages: vec![Message { role: Role::User, content: "Why?".into() }],
        max_tokens: None,
    }
}

fn output(tokens: u64) -> TokenUsage {
    TokenUsage { output: tokens, ..TokenUsage::default() }
}

fn limit(name: &str, window: LimitWindow, max_tokens: u64) -> budget::Limit {
    let scope = LimitScope::default();
    budget::Limit { name: name.into(), scope, window, max_tokens: Some(max_tokens), max_usd: None, of_earnings: None }
}

fn money_limit(name: &str, window: LimitWindow, max_nano_usd: u64) -> budget::Limit {
    let max_usd = Some(Usd(NanoUsd(max_nano_usd)));
    budget::Limit { max_tokens: None, max_usd, ..limit(name, window, 0) }
}

fn blocked(result: Result<Reservation, ReserveError>) -> Option<String> {
    match result {
        Err(ReserveError::Blocked { limit }) => Some(limit),
        Ok(_) | Err(_) => None,
    }
}
