//! The models that subnet profiles name: whether each can be called now, and what it costs today.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::call::task::{Availability, ModelState};
use common::config::budget::TokenBudgets;
use common::config::miner::{Effort, Vendor};
use common::config::subnet::ModelRef;
use common::decision::{ModelFacts, ModelReadiness};
use common::id::VendorName;
use daemon_kit::config::Config;
use llm::models::{Model, ModelTable};
use tokio::time::Instant;

use crate::breaker::{Breaker, Verdict};
use crate::measures::Measures;

/// With less time than this left, no vendor answers.
pub const MIN_TIME: Duration = Duration::from_millis(500);

/// All models that any profile names.
#[derive(Debug)]
pub struct Models {
    table: ModelTable,
    budgets: TokenBudgets,
    entries: BTreeMap<ModelRef, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// How to reach it, or why that is impossible until the configuration changes.
    vendor: Result<Vendor, String>,
    breaker: Mutex<Breaker>,
    /// The record of its key, which other models may be called with too.
    key: Arc<Mutex<Breaker>>,
    /// How much it can be told to think.
    efforts: Vec<Effort>,
    measures: Mutex<Measures>,
}

/// The right to call a model once. Dropping it without a verdict says that the call told nothing.
#[derive(Debug)]
pub struct Admission<'a> {
    model: &'a ModelRef,
    entry: &'a Entry,
    verdict: Verdict,
}

impl Models {
    /// Collects the models of all profiles. `problems` says which vendors cannot be called, and why.
    #[must_use]
    pub fn new(config: &Config, problems: &BTreeMap<VendorName, String>) -> Self {
        let names = config.subnets.subnets.values().flat_map(|profile| &profile.preferred_models);
        let table = ModelTable::shipped();
        let mut keys = BTreeMap::new();
        let entry = |name: &ModelRef| {
            let vendor = reach(config, problems, &name.vendor);
            let breaker = Breaker::new(config.miner.breaker.max_failures, config.miner.breaker.bench());
            let key = Arc::clone(
                keys.entry(key_of(config, &name.vendor)).or_insert_with(|| Arc::new(breaker.clone().into())),
            );
            let efforts = vendor.as_ref().map_or_else(|_| Vec::new(), |vendor| table.efforts(&name.model, vendor));
            let measures = Mutex::default();
            (name.clone(), Entry { vendor, breaker: Mutex::new(breaker), key, efforts, measures })
        };
        let entries = names.map(entry).collect();
        Self { table, budgets: config.budgets.clone(), entries }
    }

    /// Finds what a call of a model needs today.
    ///
    /// # Errors
    /// Why it cannot be called, and what to do.
    pub fn find(&self, name: &ModelRef, unix_ms: u64) -> Result<Model, Unusable> {
        let unknown = || Unusable(format!("no subnet profile names {name}"));
        let entry = self.entries.get(name).ok_or_else(unknown)?;
        let vendor = entry.vendor.as_ref().map_err(|problem| Unusable(problem.clone()))?;
        self.table.find(name, vendor, &self.budgets, unix_ms).map_err(|error| Unusable(error.to_string()))
    }

    /// Describes models for the router, in the given order.
    #[must_use]
    pub fn facts(&self, names: &[ModelRef], now: Instant, unix_ms: u64) -> Vec<ModelFacts> {
        names.iter().map(|name| self.facts_of(name, now, unix_ms)).collect()
    }

    /// Takes note of how long a call took, and how many tokens its answer had if it had one.
    pub fn measured(&self, name: &ModelRef, latency: Duration, output_tokens: Option<u64>) {
        if let Some(entry) = self.entries.get(name) {
            lock(&entry.measures).add(latency, output_tokens, Instant::now());
        }
    }

    /// Lets a call through, if the model's breaker does.
    #[must_use]
    pub fn admit(&self, name: &ModelRef, now: Instant) -> Option<Admission<'_>> {
        let (model, entry) = self.entries.get_key_value(name)?;
        let admitted = {
            let mut breaker = lock(&entry.breaker);
            // Admitting may begin a trial, so the key's breaker is asked last but the model's own, which then admits too.
            breaker.benched_for(now).is_none() && lock(&entry.key).admits(now) && breaker.admits(now)
        };
        // Not made unless it is admitted: dropping one records a verdict.
        admitted.then(|| Admission { model, entry, verdict: Verdict::Unknown })
    }

    /// Describes all models for the status.
    #[must_use]
    pub fn states(&self, now: Instant, unix_ms: u64) -> Vec<ModelState> {
        let state = |name: &ModelRef| ModelState {
            vendor: Some(name.vendor.clone()),
            model: name.model.clone(),
            availability: self.availability(name, now, unix_ms),
        };
        self.entries.keys().map(state).collect()
    }

    fn availability(&self, name: &ModelRef, now: Instant, unix_ms: u64) -> Availability {
        match (self.find(name, unix_ms), self.benched_for(name, now)) {
            (Err(Unusable(problem)), _) => Availability::Unusable { problem },
            (Ok(_), None) => Availability::Ready,
            (Ok(_), Some(left)) => {
                Availability::Benched { remaining_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX) }
            }
        }
    }

    fn facts_of(&self, name: &ModelRef, now: Instant, unix_ms: u64) -> ModelFacts {
        let found = self.find(name, unix_ms);
        let state = match (&found, self.benched_for(name, now)) {
            (Err(_), _) => ModelReadiness::Unusable,
            (Ok(_), Some(_)) => ModelReadiness::Benched,
            (Ok(_), None) => ModelReadiness::Ready,
        };
        let (context_tokens, max_output_tokens) =
            found.map_or((0, 0), |model| (model.context_tokens, model.max_output_tokens));
        let entry = self.entries.get(name);
        let measured = entry.map(|entry| {
            let mut measures = lock(&entry.measures);
            (measures.median_ms(now), measures.usual_output_tokens(now))
        });
        let (median_ms, usual_output_tokens) = measured.unwrap_or_default();
        ModelFacts {
            model: name.clone(),
            state,
            context_tokens,
            max_output_tokens,
            min_time_ms: u64::try_from(MIN_TIME.as_millis()).unwrap_or(u64::MAX),
            median_ms,
            usual_output_tokens,
            efforts: entry.map_or_else(Vec::new, |entry| entry.efforts.clone()),
            default_effort: entry.and_then(|entry| entry.vendor.as_ref().ok()?.effort),
        }
    }

    fn benched_for(&self, name: &ModelRef, now: Instant) -> Option<Duration> {
        self.entries.get(name)?.benched_for(now)
    }
}

/// A model cannot be called; the text says why and what to do.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(String);

impl Entry {
    /// For how long the model or its key is still left alone.
    fn benched_for(&self, now: Instant) -> Option<Duration> {
        [&self.breaker, &*self.key].into_iter().filter_map(|breaker| lock(breaker).benched_for(now)).max()
    }
}

impl Admission<'_> {
    /// Records what the call said about the model.
    pub fn record(mut self, verdict: Verdict) {
        self.verdict = verdict;
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let before = self.entry.benched_for(now);
        lock(&self.entry.breaker).record(self.verdict, now);
        lock(&self.entry.key).record(self.verdict.of_key(), now);
        match (before, self.entry.benched_for(now)) {
            (None, Some(bench)) => tracing::warn!(model = %self.model, seconds = bench.as_secs(), "Benched model"),
            (Some(_), None) if self.verdict == Verdict::Healthy => {
                tracing::info!(model = %self.model, "Model works again")
            }
            (None | Some(_), None | Some(_)) => {}
        }
    }
}

fn reach(config: &Config, problems: &BTreeMap<VendorName, String>, name: &VendorName) -> Result<Vendor, String> {
    if let Some(problem) = problems.get(name) {
        return Err(problem.clone());
    }
    let vendor = config.miner.vendors.get(name);
    vendor.cloned().ok_or_else(|| format!("{name} is no vendor: add it to `vendors` in miner-config.json"))
}

/// Returns what stands for a vendor's key: vendors may share one, and one without a key stands for itself.
fn key_of(config: &Config, name: &VendorName) -> String {
    let vendor = config.miner.vendors.get(name);
    vendor.and_then(|vendor| vendor.credential.clone()).unwrap_or_else(|| format!("vendor {name}"))
}

/// A record is whole after every call, so a panic elsewhere does not spoil it.
fn lock<T>(record: &Mutex<T>) -> MutexGuard<'_, T> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
