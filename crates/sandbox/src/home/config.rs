//! The suite's own configuration files, filled in for a sandbox.

use std::path::Path;

use bittensor::keys::{Keypair, Scheme};
use common::config::budget::TokenBudgets;
use common::config::miner::MinerConfig;
use common::config::subnet::SubnetProfiles;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{PrepareError, pretty, wallet};
use crate::chain::{ADVERTISED, NETUID};
use crate::settings::{MODELS, Settings};
use crate::task::Kind;

/// The files' names.
pub(super) const NAMES: [&str; 3] = ["miner-config.json", "subnet-profiles.json", "token-budgets.json"];

/// The vendor's name in the files.
const VENDOR: &str = "sandbox";

/// Makes the files; each is one that the suite reads.
pub(super) fn files(root: &Path, settings: &Settings) -> Result<[(&'static str, Vec<u8>); 3], PrepareError> {
    let [miner, subnets, budgets] = NAMES;
    Ok([
        (miner, checked::<MinerConfig>(&miner_config(root, settings)?)?),
        (subnets, checked::<SubnetProfiles>(&subnet_profiles())?),
        (budgets, checked::<TokenBudgets>(&token_budgets())?),
    ])
}

/// The text is written as it stands here, without the nulls of absent keys; the type only says that it is right.
fn checked<T: DeserializeOwned>(file: &Value) -> Result<Vec<u8>, PrepareError> {
    serde_json::from_value::<T>(file.clone())?;
    Ok(pretty(file)?)
}

fn miner_config(root: &Path, settings: &Settings) -> Result<Value, PrepareError> {
    let mut config = json!({
        "version": 1,
        "wallet": { "path": root.join("wallets"), "name": wallet::NAME, "hotkey": wallet::HOTKEY },
        "listeners": [{ "address": settings.miner, "netuids": [NETUID] }],
        "callers": callers(settings)?,
        "vendors": {
            VENDOR: { "dialect": "openai-chat", "base_url": format!("http://{}/v1", settings.vendor.address) },
        },
    });
    if let (Some(chain), Some(config)) = (&settings.chain, config.as_object_mut()) {
        config.insert(
            "chain".into(),
            json!({
                "network": "sandbox",
                "endpoints": [format!("ws://{}", chain.address)],
                "axon": { "address": ADVERTISED },
            }),
        );
    }
    Ok(config)
}

/// With a chain the miner knows its validators from there, as on a real network.
fn callers(settings: &Settings) -> Result<Value, PrepareError> {
    if settings.chain.is_some() {
        return Ok(json!({ "policy": "validators" }));
    }
    let mut allow = Vec::new();
    for validator in &settings.validators {
        let key = Keypair::from_uri(Scheme::Sr25519, &settings.key_uri(validator)).map_err(wallet::KeyError::from)?;
        allow.push(key.address());
    }
    Ok(json!({ "policy": "listed", "allow": allow }))
}

fn subnet_profiles() -> Value {
    let models: Vec<_> = MODELS.iter().map(|model| format!("{VENDOR}/{model}")).collect();
    let task_types: serde_json::Map<_, _> =
        Kind::ALL.into_iter().map(|kind| (kind.name().to_owned(), json!(kind.name()))).collect();
    json!({
        "version": 1,
        "subnets": {
            NETUID.to_string(): {
                "name": "sandbox",
                "protocol": "synapse",
                "participation_rate": 1.0,
                "max_tokens_per_task": 2_000,
                "preferred_models": models,
                "prompt_strategies": ["direct", "exact_format"],
                "routes": {
                    "PromptingSynapse": {
                        "fields": {
                            "roles": { "type": "List[str]" },
                            "messages": { "type": "List[str]" },
                            "completion": { "type": "str", "default": "" },
                            "required_hash_fields": { "type": "List[str]", "default": ["messages"] },
                        },
                        "hash_fields": ["messages"],
                        "time_limit_ms": 20_000,
                        "action": { "task": {
                            "prompt": { "lists": { "texts": "messages", "roles": "roles" } },
                            "answer": { "field": "completion" },
                        } },
                    },
                    "LogicSynapse": {
                        "fields": {
                            "logic_question": { "type": "str", "default": "" },
                            "logic_answer": { "type": "Optional[str]", "default": "" },
                            "logic_reasoning": { "type": "Optional[str]", "default": "" },
                            "category": { "type": "str", "default": "" },
                            "timeout": { "type": "int", "default": 64 },
                        },
                        "time_limit_ms": 30_000,
                        "action": { "task": {
                            "prompt": { "field": "logic_question" },
                            "task_type": { "field": { "field": "category", "values": task_types, "other": "text" } },
                            "answer": { "field": "logic_answer" },
                        } },
                    },
                    "IsAlive": {
                        "fields": {
                            "answer": { "type": "Optional[str]", "default": null },
                            "completion": { "type": "str", "default": "" },
                        },
                        "action": { "reply": { "completion": "True" } },
                    },
                    "Synapse": { "action": { "reply": {} } },
                },
            },
        },
    })
}

/// Room for days of the sandbox's own traffic at the real prices of the models, and an end to it.
fn token_budgets() -> Value {
    json!({
        "version": 1,
        "limits": [
            { "name": "every minute", "window": "minute", "max_tokens": 1_000_000 },
            { "name": "every day", "window": "day", "max_usd": "50.00" },
            { "name": "the dear model every day", "scope": { "model": "gpt-6-sol" }, "window": "day", "max_usd": "20.00" },
            { "name": "altogether", "window": "total", "max_usd": "200.00" },
        ],
    })
}
