//! `config/miner-config.json`: the wallet, the listeners, who may call, the vendors, the daemons' own settings.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::alerts::Alerts;
use crate::config::chain::ChainConfig;
use crate::config::wallet::{Reregister, StakingRule, WalletPolicy};
use crate::id::{ModelName, Netuid, Ss58, VendorName};

/// `miner-config.json`
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MinerConfig {
    /// The file's format: 1.
    pub version: u32,
    /// The wallet that is mined with.
    #[serde(default)]
    pub wallet: Wallet,
    /// The chain that is mined on; absent to answer without one, as for a listener that somebody else advertises.
    #[serde(default)]
    pub chain: Option<ChainConfig>,
    /// Where validators reach the miner, and which subnets they find there.
    pub listeners: Vec<ListenerConfig>,
    /// Which validators are answered.
    pub callers: Callers,
    /// The limits of the validator-facing server.
    #[serde(default)]
    pub server: Server,
    /// The vendors of models, by a name of your own.
    pub vendors: BTreeMap<VendorName, Vendor>,
    /// When a failing model is benched.
    #[serde(default)]
    pub breaker: Breaker,
    /// What the daemons have in common.
    #[serde(default)]
    pub daemons: Daemons,
    /// Who is told when something is wrong.
    #[serde(default)]
    pub alerts: Alerts,
}

/// `wallet` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wallet {
    /// The directory with all wallets; `~/` is the home directory.
    pub path: String,
    /// The wallet's name.
    pub name: String,
    /// The hotkey's name.
    pub hotkey: String,
    /// How long an unlocked coldkey that signs nothing stays in memory, in milliseconds.
    #[schemars(range(min = 1000, max = 86_400_000))]
    pub lock_after_idle_ms: u64,
    /// What may be done with the coldkey.
    pub policy: WalletPolicy,
    /// Whether a lost place is bought again.
    pub reregister: Reregister,
    /// What is staked and unstaked by itself.
    pub rules: Vec<StakingRule>,
}

impl Default for Wallet {
    fn default() -> Self {
        Self {
            path: "~/.bittensor/wallets".into(),
            name: "openclawd-miner".into(),
            hotkey: "default".into(),
            lock_after_idle_ms: 300_000,
            policy: WalletPolicy::default(),
            reregister: Reregister::default(),
            rules: Vec::new(),
        }
    }
}

impl Wallet {
    /// How long an unlocked coldkey that signs nothing stays in memory.
    #[must_use]
    pub fn lock_after_idle(&self) -> Duration {
        Duration::from_millis(self.lock_after_idle_ms)
    }
}

/// `listeners[]` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerConfig {
    /// The address to bind, such as `0.0.0.0:8091`.
    #[schemars(extend("format" = "socket-address"))]
    pub address: SocketAddr,
    /// The subnets served on it; their routes must not overlap.
    pub netuids: Vec<Netuid>,
}

/// `callers` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Callers {
    /// Who is answered. Signatures are verified whatever this says.
    pub policy: CallerPolicy,
    /// The hotkeys that every policy answers.
    #[serde(default)]
    pub allow: Vec<Ss58>,
    /// Hotkeys that are never answered.
    #[serde(default)]
    pub deny: Vec<Ss58>,
    /// The least stake weight that policies `validators` and `registered` ask for, in whole alpha as the metagraph has it.
    #[serde(default)]
    pub min_stake: u64,
}

/// Who is answered.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerPolicy {
    /// The hotkeys in `allow`.
    Listed,
    /// The validators of the listener's subnet as the chain knows them, and the hotkeys in `allow`.
    Validators,
    /// Every hotkey that is registered in the listener's subnet, and the hotkeys in `allow`.
    Registered,
    /// Everyone who signs: anyone with a key of their own can spend your budget.
    Anyone,
}

/// `server` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// The most open connections.
    pub max_connections: u32,
    /// The most open connections from one address.
    pub max_connections_per_ip: u32,
    /// The most requests in work; more are refused at once.
    pub max_in_flight: u32,
    /// The most requests a second that one validator is answered; more are refused at once. 0 is no limit.
    pub max_requests_per_s_per_caller: u32,
    /// The most requests a second from one address whose signature is checked in vain; more are refused unchecked. 0 is no
    /// limit.
    pub max_strangers_per_s_per_ip: u32,
    /// Whether bodies packed with gzip are unpacked, to at most `max_body_bytes`; they are refused otherwise.
    pub accept_gzip: bool,
    /// The largest body, in bytes.
    pub max_body_bytes: u32,
    /// The largest block of headers, in bytes.
    pub max_header_bytes: u32,
    /// How long a request's headers, and again its body, may take to arrive, in milliseconds.
    pub read_timeout_ms: u64,
    /// How long an idle connection is kept, in milliseconds. Validators reuse theirs for 15 s.
    pub idle_timeout_ms: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            max_connections_per_ip: 128,
            max_in_flight: 128,
            max_requests_per_s_per_caller: 200,
            max_strangers_per_s_per_ip: 50,
            accept_gzip: false,
            max_body_bytes: 2 * 1024 * 1024,
            max_header_bytes: 32 * 1024,
            read_timeout_ms: 5_000,
            idle_timeout_ms: 75_000,
        }
    }
}

impl Server {
    /// How long a request's headers, and again its body, may take to arrive.
    #[must_use]
    pub fn read_timeout(&self) -> Duration {
        Duration::from_millis(self.read_timeout_ms)
    }

    /// How long an idle connection is kept.
    #[must_use]
    pub fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }
}

/// `vendors.*` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// The vendor's protocol.
    pub dialect: Dialect,
    /// What stands before the protocol's own path, such as `https://api.openai.com/v1`.
    pub base_url: String,
    /// The entry of llm-credentials.json with the key; absent for a server without keys.
    #[serde(default)]
    pub credential: Option<String>,
    /// Under `openai-chat`, the field that caps the output; the model table decides if absent. Some compatible servers honour
    /// `max_tokens` only.
    #[serde(default)]
    pub cap_field: Option<CapField>,
    /// Whose service it is; decided by `base_url` if absent. Name it for a gateway of your own that passes requests on.
    #[serde(default)]
    pub service: Option<Service>,
    /// How much its models think, where the table says that they can be told; the nearest lower level that a model knows.
    #[serde(default)]
    pub effort: Option<Effort>,
    /// The sampling temperature, sent only to models that take one.
    #[serde(default)]
    #[schemars(range(min = 0, max = 2))]
    pub temperature: Option<f64>,
    /// Under `openai-chat`, whether a stream is asked for its usage; false for a server that refuses to be asked.
    #[serde(default = "yes")]
    pub stream_usage: bool,
    /// More fields for each request, such as `provider` of OpenRouter; none that has to do with the price.
    #[serde(default)]
    pub request_fields: BTreeMap<String, serde_json::Value>,
    /// Models that the shipped table does not know, such as those of a local server, or whose limits differ there.
    #[serde(default)]
    pub models: BTreeMap<ModelName, LocalModel>,
}

impl Vendor {
    /// A vendor without key or quirks.
    #[must_use]
    pub fn new(dialect: Dialect, base_url: impl Into<String>) -> Self {
        Self {
            dialect,
            base_url: base_url.into(),
            credential: None,
            cap_field: None,
            service: None,
            effort: None,
            temperature: None,
            stream_usage: true,
            request_fields: BTreeMap::new(),
            models: BTreeMap::new(),
        }
    }
}

fn yes() -> bool {
    true
}

/// Whose service answers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// OpenAI itself: gets the request fields that pin storing, service tier and caching.
    Openai,
    /// Anthropic itself: likewise.
    Anthropic,
    /// Google's Gemini API itself: likewise.
    Gemini,
    /// A compatible server: gets only the fields that every server knows.
    Compatible,
}

/// `vendors.*.models.*` in miner-config.json
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LocalModel {
    /// The most tokens of prompt and answer together.
    pub context_tokens: u64,
    /// The most tokens of an answer, thinking included.
    pub max_output_tokens: u32,
}

/// A vendor's protocol.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// OpenAI's chat completions, which every compatible server speaks.
    OpenaiChat,
    /// Anthropic's messages.
    Anthropic,
    /// Google's Gemini API; the version, v1 or v1beta, is part of `base_url`.
    Gemini,
}

/// How much a model thinks before it answers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Not at all.
    None,
    /// Hardly.
    Minimal,
    /// A little.
    Low,
    /// As usual.
    Medium,
    /// Much.
    High,
    /// Very much.
    Xhigh,
    /// As much as it can.
    Max,
}

impl Effort {
    /// Returns the level's name, as configured and as all vendors spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }
}

/// The request field that caps the output.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CapField {
    /// Today's field of OpenAI: visible and thinking tokens together.
    MaxCompletionTokens,
    /// The older field, which most compatible servers honour.
    MaxTokens,
}

/// `breaker` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Breaker {
    /// Consecutive failures that bench a model.
    pub max_failures: u32,
    /// How long a model stays benched, in milliseconds.
    pub bench_ms: u64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { max_failures: 3, bench_ms: 30_000 }
    }
}

impl Breaker {
    /// How long a model stays benched.
    #[must_use]
    pub fn bench(&self) -> Duration {
        Duration::from_millis(self.bench_ms)
    }
}

/// `daemons` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Daemons {
    /// User ids that may call a daemon's socket besides the daemon's own.
    pub allowed_uids: Vec<u32>,
    /// How long a daemon that stops waits for calls in work, in milliseconds.
    pub drain_ms: u64,
    /// How often a daemon tells tracker that it is alive, in milliseconds.
    pub beat_ms: u64,
}

impl Default for Daemons {
    fn default() -> Self {
        Self { allowed_uids: Vec::new(), drain_ms: 20_000, beat_ms: 5_000 }
    }
}

impl Daemons {
    /// How long a daemon that stops waits for calls in work.
    #[must_use]
    pub fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }

    /// How often a daemon tells tracker that it is alive.
    #[must_use]
    pub fn beat(&self) -> Duration {
        Duration::from_millis(self.beat_ms)
    }
}
