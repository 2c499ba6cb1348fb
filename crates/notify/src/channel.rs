//! One way to an operator, whichever it is.

use common::config::alerts::{CommandChannel, WebhookChannel};
use secrecy::SecretString;

use crate::command::Command;
use crate::send_error::SendError;
use crate::telegram::Telegram;
use crate::webhook::Webhook;

/// A way to an operator.
#[derive(Debug)]
pub enum Channel {
    /// Chats of Telegram.
    Telegram(Telegram),
    /// A program that is run.
    Command(Command),
    /// An address that is posted to.
    Webhook(Webhook),
}

impl Channel {
    /// Makes the channel of a command.
    #[must_use]
    pub fn command(config: &CommandChannel) -> Self {
        Self::Command(Command::new(config))
    }

    /// Makes the channel of an address; `token` is sent along.
    ///
    /// # Errors
    /// The address is none.
    pub fn webhook(config: &WebhookChannel, token: Option<SecretString>) -> Result<Self, SendError> {
        Webhook::new(config, token).map(Self::Webhook)
    }

    /// Returns the channel's name, as it is configured.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Telegram(_) => "telegram",
            Self::Command(_) => "command",
            Self::Webhook(_) => "webhook",
        }
    }

    /// Tries once to deliver a message, which takes half a minute at most. `key` is the same each time the same message is tried.
    ///
    /// # Errors
    /// It did not arrive; the error says whether it may later.
    pub async fn send(&self, key: &str, text: &str) -> Result<(), SendError> {
        match self {
            Self::Telegram(telegram) => telegram.send(text).await,
            Self::Command(command) => command.send(text).await,
            Self::Webhook(webhook) => webhook.send(key, text).await,
        }
    }
}
