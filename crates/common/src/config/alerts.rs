//! `alerts` in `config/miner-config.json`: who is told when something is wrong, and when not.

use std::num::NonZeroU64;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `alerts` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// When only what is critical is told; the rest is told together afterwards. Null to be told at any hour.
    pub quiet_hours: Option<QuietHours>,
    /// A condition that ended is not told again if it returns within this time, in milliseconds.
    #[schemars(range(min = 0, max = 86_400_000))]
    pub cooldown_ms: u64,
    /// A chat of Telegram, through a bot of your own.
    pub telegram: Option<TelegramChannel>,
    /// A command that is run for each message, such as OpenClaw's `openclaw message send`.
    pub command: Option<CommandChannel>,
    /// An address that each message is posted to, such as a hook of OpenClaw.
    pub webhook: Option<WebhookChannel>,
    /// An address that is called as long as the miner can earn.
    pub dead_man: Option<DeadMan>,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            quiet_hours: Some(QuietHours { from: 22, to: 8 }),
            cooldown_ms: 600_000,
            telegram: None,
            command: None,
            webhook: None,
            dead_man: None,
        }
    }
}

impl Alerts {
    /// How long a condition that returns is not told again.
    #[must_use]
    pub fn cooldown(&self) -> Duration {
        Duration::from_millis(self.cooldown_ms)
    }
}

/// `alerts.quiet_hours` in miner-config.json
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first quiet hour of the day, in UTC.
    #[schemars(range(max = 23))]
    pub from: u8,
    /// The first hour that is not quiet any more, in UTC.
    #[schemars(range(max = 23))]
    pub to: u8,
}

/// `alerts.telegram` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TelegramChannel {
    /// The entry of llm-credentials.json with the bot's token; it is for `tracker`.
    pub credential: String,
    /// The chats that are told, and whose commands are heard; nobody else's are.
    #[schemars(length(min = 1))]
    pub chats: Vec<i64>,
    /// Whether commands are heard: `/status`, `/pause`, `/resume`, `/approve`.
    #[serde(default)]
    pub commands: bool,
    /// The server of the Bot API.
    #[serde(default = "telegram_api")]
    pub api_url: String,
}

fn telegram_api() -> String {
    "https://api.telegram.org".into()
}

/// `alerts.command` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CommandChannel {
    /// The program and its arguments; `{text}` in an argument is the message. No shell sees it.
    #[schemars(length(min = 1))]
    pub argv: Vec<String>,
}

/// `alerts.webhook` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookChannel {
    /// The address.
    pub url: String,
    /// The entry of llm-credentials.json that is sent as bearer token; it is for `tracker`.
    #[serde(default)]
    pub credential: Option<String>,
    /// The key of the JSON object that holds the text; `message` for OpenClaw's `/hooks/agent`.
    #[serde(default = "text_key")]
    pub text_key: String,
}

fn text_key() -> String {
    "text".into()
}

/// `alerts.dead_man` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeadMan {
    /// Called as it is while the miner can earn, and with `/fail` added while it cannot.
    pub url: String,
    /// How often, in milliseconds.
    #[serde(default = "minute")]
    #[schemars(range(min = 1000, max = 86_400_000))]
    pub interval_ms: NonZeroU64,
}

fn minute() -> NonZeroU64 {
    const { NonZeroU64::new(60_000).unwrap() }
}

impl DeadMan {
    /// How often it is called.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms.get())
    }
}
