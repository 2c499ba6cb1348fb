//! The channels as they are configured, with their tokens opened.

use std::path::Path;

use common::config::alerts::Alerts;
use common::config::credential::{Audience, LlmCredentials};
use credentials::identity::Lookup;
use credentials::{CredentialError, IdentityError, open_entry};
use notify::{Channel, DeadMan, SendError, Telegram};
use secrecy::SecretString;

/// What an operator is told by.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    /// All ways for messages.
    pub(crate) channels: Vec<Channel>,
    /// The bot that is listened to.
    pub(crate) commands: Option<Telegram>,
    pub(crate) dead_man: Option<DeadMan>,
}

/// Why a channel cannot be used.
#[derive(Debug, thiserror::Error)]
enum ChannelError {
    #[error(
        "there is no entry `{0}` in llm-credentials.json: add it with `minerctl credentials set {0} --for tracker`"
    )]
    NoEntry(String),
    #[error("entry `{0}` of llm-credentials.json is for another process: set it again with `--for tracker`")]
    OtherAudience(String),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Credential(#[from] CredentialError),
    #[error(transparent)]
    Channel(#[from] SendError),
}

/// Makes the channels. One that cannot be used is told in the log and left out: the others still work.
pub(crate) fn open(config: &Alerts, file: &LlmCredentials, state: &Path) -> Channels {
    let token = |name: &str| token(name, file, state);
    let mut open = Channels::default();
    if let Some(telegram) = &config.telegram {
        let bot = token(&telegram.credential).and_then(|token| Ok(Telegram::new(telegram, &token)?));
        if let Some(bot) = usable("telegram", bot) {
            open.commands = telegram.commands.then(|| bot.clone());
            open.channels.push(Channel::Telegram(bot));
        }
    }
    open.channels.extend(config.command.as_ref().map(Channel::command));
    if let Some(webhook) = &config.webhook {
        let token = webhook.credential.as_deref().map(token).transpose();
        open.channels.extend(usable("webhook", token.and_then(|token| Ok(Channel::webhook(webhook, token)?))));
    }
    open.dead_man = config.dead_man.as_ref().and_then(|config| usable("dead_man", Ok(DeadMan::new(config).ok()?)));
    open
}

fn usable<T>(channel: &'static str, made: Result<T, ChannelError>) -> Option<T> {
    made.inspect_err(|error| {
        let error =
            std::error::Error::source(error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        tracing::error!(channel, error, "A channel for alerts cannot be used");
    })
    .ok()
}

fn token(name: &str, file: &LlmCredentials, state: &Path) -> Result<SecretString, ChannelError> {
    let entry = file.entries.get(name).ok_or_else(|| ChannelError::NoEntry(name.to_owned()))?;
    match entry.audience {
        Audience::Tracker => Ok(open_entry(name, entry, &Lookup::from_env(state).find(Audience::Tracker)?)?),
        Audience::TaskHandler => Err(ChannelError::OtherAudience(name.to_owned())),
    }
}
