//! `config/sandbox.json`: who the simulated validators and vendors are.

mod defaults;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::score::Strictness;
use crate::task::{Kind, Mix};

pub(crate) use defaults::MODELS;

/// `sandbox.json`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The file's format: 1.
    pub version: u32,
    /// What tasks, keys and habits come from; the same seed gives the same tasks.
    pub seed: u64,
    /// Where the validators call the miner.
    pub miner: SocketAddr,
    /// The simulated validators.
    pub validators: Vec<Validator>,
    /// The simulated vendor.
    pub vendor: Vendor,
    /// The chain; without one validators call `miner`, and nobody sets weights or earns.
    #[serde(default)]
    pub chain: Option<Chain>,
}

/// `chain` in sandbox.json
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Where its node listens.
    pub address: SocketAddr,
    /// From one block to the next, in milliseconds.
    pub block_ms: u64,
    /// Blocks from one epoch to the next.
    pub tempo: u16,
    /// Whether weights are committed, and read an epoch later.
    pub commit_reveal: bool,
    /// The other miners of the subnet.
    pub rivals: Vec<Rival>,
}

/// `chain.rivals[]` in sandbox.json
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rival {
    /// Its name, the last part of its key's URI.
    pub name: String,
    /// The score that validators give it on average, from 0 to 1.
    pub score: f64,
}

/// `validators[]` in sandbox.json
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// Its name in scores and logs, and the last part of its key's URI.
    pub name: String,
    /// How it asks.
    pub synapse: Synapse,
    /// From one round of tasks to the next, in milliseconds; each is up to a quarter shorter or longer.
    pub interval_ms: u64,
    /// The tasks of one round, sent at the same time.
    pub burst: u32,
    /// How long it waits for an answer, in milliseconds.
    pub timeout_ms: u64,
    /// How often each kind of task comes, relative to the others.
    pub mix: Mix,
    /// What it takes off a score.
    pub strictness: Strictness,
    /// Its stake in TAO: how much its scores weigh.
    pub stake_tao: u64,
}

/// How a validator asks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Synapse {
    /// `PromptingSynapse`: a conversation in two lists, its messages signed.
    Prompting,
    /// `LogicSynapse`: one question with the kind of task as its category; its body is not signed.
    Logic,
}

/// `vendor` in sandbox.json
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// Where it listens.
    pub address: SocketAddr,
    /// The key that callers must show; any caller is served if absent.
    #[serde(default)]
    pub key: Option<String>,
    /// How often calls fail.
    pub faults: Faults,
    /// The models by name.
    pub models: BTreeMap<String, Model>,
}

/// `vendor.faults` in sandbox.json: the share of calls, from 0 to 1, that end in an error.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Answered with 429 and a `retry-after` of one second.
    pub rate_limited: f64,
    /// Answered with 503.
    pub overloaded: f64,
    /// Answered with 500.
    pub failed: f64,
}

/// `vendor.models.*` in sandbox.json
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// How long it takes.
    pub latency: Latency,
    /// How often its answer is right by kind of task, from 0 to 1; a kind that is left out is always right.
    pub right: BTreeMap<Kind, f64>,
    /// How often it keeps to the form that is asked for, from 0 to 1.
    pub tidy: f64,
    /// The same if a system message asks for the exact form.
    pub tidy_if_told: f64,
}

/// `vendor.models.*.latency` in sandbox.json
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// The median time to the first token, in milliseconds.
    pub median_ms: f64,
    /// The deviation of the time's logarithm: 0 for always the same, 0.5 for a long tail.
    pub spread: f64,
    /// The time of each token of the answer, in milliseconds.
    pub per_token_ms: f64,
}

/// Something in sandbox.json that cannot be run.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct SettingsError {
    /// The path of the key.
    pub key: String,
    /// What is wrong with it, and what would be right.
    pub problem: &'static str,
}

impl Validator {
    /// From one round to the next.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms)
    }

    /// How long it waits for an answer.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

impl Chain {
    /// From one block to the next.
    #[must_use]
    pub fn block(&self) -> Duration {
        Duration::from_millis(self.block_ms)
    }
}

impl Settings {
    /// Returns the URI of a validator's key.
    #[must_use]
    pub fn key_uri(&self, validator: &Validator) -> String {
        format!("//sandbox//{}//validator//{}", self.seed, validator.name)
    }

    /// Finds everything that cannot be run.
    #[must_use]
    pub fn problems(&self) -> Vec<SettingsError> {
        let mut problems = Vec::new();
        let mut must = |holds: bool, key: String, problem: &'static str| {
            if !holds {
                problems.push(SettingsError { key, problem });
            }
        };
        must(self.version == 1, "version".into(), "only 1 is known");
        for (index, validator) in self.validators.iter().enumerate() {
            let key = |name: &str| format!("validators[{index}].{name}");
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let unique = self.validators.iter().filter(|other| other.name == validator.name).count() == 1;
            let named = !validator.name.is_empty() && validator.name.chars().all(plain);
            must(named && unique, key("name"), "must be unique, of letters, digits and hyphens");
            must(validator.interval_ms >= 10, key("interval_ms"), "must be at least 10");
            must((1..=64).contains(&validator.burst), key("burst"), "must be from 1 to 64");
            must((100..=600_000).contains(&validator.timeout_ms), key("timeout_ms"), "must be from 100 to 600000");
            let weight: u64 = validator.mix.values().map(|weight| u64::from(*weight)).sum();
            must(weight > 0, key("mix"), "must give some kind of task a weight above 0");
            let Strictness { format, latency } = validator.strictness;
            must(is_share(format) && is_share(latency), key("strictness"), SHARE);
        }
        if let Some(chain) = &self.chain {
            must((50..=60_000).contains(&chain.block_ms), "chain.block_ms".into(), "must be from 50 to 60000");
            must(chain.tempo >= 2, "chain.tempo".into(), "must be at least 2");
            for (index, rival) in chain.rivals.iter().enumerate() {
                let unique = chain.rivals.iter().filter(|other| other.name == rival.name).count() == 1;
                must(unique, format!("chain.rivals[{index}].name"), "must be unique");
                must(is_share(rival.score), format!("chain.rivals[{index}].score"), SHARE);
            }
        }
        let Faults { rate_limited, overloaded, failed } = self.vendor.faults;
        must(
            [rate_limited, overloaded, failed, rate_limited + overloaded + failed].into_iter().all(is_share),
            "vendor.faults".into(),
            "must be from 0 to 1, all together too",
        );
        for (name, model) in &self.vendor.models {
            let key = |field: &str| format!("vendor.models.{name}.{field}");
            let Latency { median_ms, spread, per_token_ms } = model.latency;
            let sane = |ms: f64| (0.0..=600_000.0).contains(&ms);
            must(sane(median_ms) && sane(per_token_ms), key("latency"), "must be from 0 to 600000 milliseconds");
            must((0.0..=3.0).contains(&spread), key("latency.spread"), "must be from 0 to 3");
            must(model.right.values().copied().all(is_share), key("right"), SHARE);
            must(is_share(model.tidy), key("tidy"), SHARE);
            must(is_share(model.tidy_if_told), key("tidy_if_told"), SHARE);
        }
        problems
    }
}

const SHARE: &str = "must be from 0 to 1";

fn is_share(number: f64) -> bool {
    (0.0..=1.0).contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_run_and_read_back() {
        let settings = settings();

        let text = serde_json::to_string_pretty(&settings).unwrap();

        assert_eq!(settings.problems(), []);
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
    }

    #[test]
    fn everything_that_cannot_be_run_is_named_at_once() {
        let mut settings = settings();
        settings.validators[0].burst = 0;
        settings.validators[1].name = "no/slash".into();
        settings.validators[2].mix.clear();
        settings.vendor.faults.failed = 1.5;

        let keys: Vec<_> = settings.problems().into_iter().map(|problem| problem.key).collect();

        assert_eq!(keys, ["validators[0].burst", "validators[1].name", "validators[2].mix", "vendor.faults"]);
    }

    #[test]
    fn unknown_keys_are_refused() {
        let mut json = serde_json::to_value(settings()).unwrap();
        json["vendor"]["modles"] = serde_json::json!({});

        assert!(serde_json::from_value::<Settings>(json).is_err());
    }

    fn settings() -> Settings {
        Settings::new(1, "127.0.0.1:8091".parse().unwrap(), "127.0.0.1:8092".parse().unwrap())
    }
}
