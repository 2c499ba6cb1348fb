//! The models that subnet profiles name: whether each can be called now, and what it costs today.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::call::task::{Availability, ModelState};
use common::config::budget::TokenBudgets;
use common::config::miner::Vendor;
use common::config::subnet::ModelRef;
use common::id::VendorName;
use daemon_kit::config::Config;
use llm::models::{Model, ModelTable};
use llm_router::{ModelCondition, ModelReadiness};
use tokio::time::Instant;

use crate::breaker::{Breaker, Verdict};

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
}

/// The right to call a model once. Dropping it without a verdict says that the call told nothing.
#[derive(Debug)]
pub struct Admission<'a> {
    model: &'a ModelRef,
    breaker: &'a Mutex<Breaker>,
    verdict: Verdict,
}

impl Models {
    /// Collects the models of all profiles. `problems` says which vendors cannot be called, and why.
    #[must_use]
    pub fn new(config: &Config, problems: &BTreeMap<VendorName, String>) -> Self {
        let names = config.subnets.subnets.values().flat_map(|profile| &profile.preferred_models);
        let entry = |name: &ModelRef| {
            let vendor = reach(config, problems, &name.vendor);
            let breaker = Breaker::new(config.miner.breaker.max_failures, config.miner.breaker.bench());
            (name.clone(), Entry { vendor, breaker: Mutex::new(breaker) })
        };
        let entries = names.map(entry).collect();
        Self { table: ModelTable::shipped(), budgets: config.budgets.clone(), entries }
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
    pub fn conditions(&self, names: &[ModelRef], now: Instant, unix_ms: u64) -> Vec<ModelCondition> {
        names.iter().map(|name| self.condition(name, now, unix_ms)).collect()
    }

    /// Lets a call through, if the model's breaker does.
    #[must_use]
    pub fn admit(&self, name: &ModelRef, now: Instant) -> Option<Admission<'_>> {
        let (model, Entry { breaker, .. }) = self.entries.get_key_value(name)?;
        lock(breaker).admits(now).then_some(Admission { model, breaker, verdict: Verdict::Unknown })
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

    fn condition(&self, name: &ModelRef, now: Instant, unix_ms: u64) -> ModelCondition {
        let found = self.find(name, unix_ms);
        let state = match (&found, self.benched_for(name, now)) {
            (Err(_), _) => ModelReadiness::Unusable,
            (Ok(_), Some(_)) => ModelReadiness::Benched,
            (Ok(_), None) => ModelReadiness::Ready,
        };
        let (context_tokens, max_output_tokens) =
            found.map_or((0, 0), |model| (model.context_tokens, model.max_output_tokens));
        ModelCondition { model: name.clone(), state, context_tokens, max_output_tokens, min_time: MIN_TIME }
    }

    fn benched_for(&self, name: &ModelRef, now: Instant) -> Option<Duration> {
        lock(&self.entries.get(name)?.breaker).benched_for(now)
    }
}

/// A model cannot be called; the text says why and what to do.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(String);

impl Admission<'_> {
    /// Records what the call said about the model.
    pub fn record(mut self, verdict: Verdict) {
        self.verdict = verdict;
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut breaker = lock(self.breaker);
        let before = breaker.benched_for(now);
        breaker.record(self.verdict, now);
        match (before, breaker.benched_for(now)) {
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

/// A breaker is whole after every call, so a panic elsewhere does not spoil it.
fn lock(breaker: &Mutex<Breaker>) -> MutexGuard<'_, Breaker> {
    breaker.lock().unwrap_or_else(PoisonError::into_inner)
}
