//! Chats of Telegram, through a bot of the operator's own.

use std::time::Duration;

use common::config::alerts::TelegramChannel;
use secrecy::{ExposeSecret, SecretString};
use teloxide::payloads::GetUpdatesSetters;
use teloxide::requests::Requester;
use teloxide::types::{AllowedUpdate, ChatId, UpdateKind};
use teloxide::{ApiError, Bot, RequestError};

use crate::http;
use crate::send_error::SendError;

/// How long a request for commands is held open, in seconds; shorter than the client's own patience of 17 s.
const POLL_S: u32 = 10;

/// A bot and the chats that it talks to.
#[derive(Clone)]
pub struct Telegram {
    bot: Bot,
    chats: Vec<ChatId>,
}

/// A text that somebody sent to the bot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Heard {
    /// Which update it was; later ones have greater numbers.
    pub update: u32,
    /// The text, if it came from one of the chats.
    pub text: Option<String>,
}

impl std::fmt::Debug for Telegram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telegram").field("chats", &self.chats).finish_non_exhaustive()
    }
}

impl Telegram {
    /// Makes the channel.
    ///
    /// # Errors
    /// The address of the Bot API is none.
    pub fn new(config: &TelegramChannel, token: &SecretString) -> Result<Self, SendError> {
        let client = teloxide::net::default_reqwest_settings().build();
        let client =
            client.map_err(|_| SendError::Unusable { reason: "TLS cannot be set up on this machine".into() })?;
        let url = http::url("alerts.telegram.api_url", &config.api_url)?;
        let bot = Bot::with_client(token.expose_secret(), client).set_api_url(url);
        Ok(Self { bot, chats: config.chats.iter().copied().map(ChatId).collect() })
    }

    /// Sends a message to every chat. One that fails holds up the others: a message is told to all or again.
    pub(crate) async fn send(&self, text: &str) -> Result<(), SendError> {
        for chat in &self.chats {
            self.bot.send_message(*chat, text).await.map_err(|error| sorted(&error))?;
        }
        Ok(())
    }

    /// Waits some seconds for texts after the update `after`. What other chats send counts as heard, but has no text.
    ///
    /// # Errors
    /// Telegram could not be asked.
    pub async fn listen(&self, after: Option<u32>) -> Result<Vec<Heard>, SendError> {
        let offset = after.map_or(0, |after| i32::try_from(after).unwrap_or(i32::MAX).saturating_add(1));
        let request = self.bot.get_updates().offset(offset).timeout(POLL_S).allowed_updates([AllowedUpdate::Message]);
        let updates = request.await.map_err(|error| sorted(&error))?;
        Ok(updates.into_iter().map(|update| Heard { update: update.id.0, text: self.text(update.kind) }).collect())
    }

    fn text(&self, kind: UpdateKind) -> Option<String> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "Telegram adds kinds, and only messages were asked for")]
        match kind {
            UpdateKind::Message(message) if self.chats.contains(&message.chat.id) => message.text().map(str::to_owned),
            _ => None,
        }
    }
}

/// Sorts an error. Its own text is not repeated: of a failed connection it would hold the token, which is part of the address.
fn sorted(error: &RequestError) -> SendError {
    match error {
        RequestError::RetryAfter(after) => SendError::Later {
            reason: "Telegram asks for patience".into(),
            after: Some(Duration::from_secs(after.seconds().into())),
        },
        RequestError::Network(error) if error.is_timeout() => SendError::later("Telegram did not answer in time"),
        RequestError::Network(_) | RequestError::Io(_) => SendError::later("Telegram cannot be reached"),
        RequestError::InvalidJson { .. } => SendError::later("what answers is not Telegram"),
        RequestError::Api(ApiError::InvalidToken) => {
            refused("Telegram does not know the bot: set its token again with `minerctl credentials set`")
        }
        RequestError::Api(ApiError::ChatNotFound) => {
            refused("Telegram does not know a chat of alerts.telegram.chats: write to the bot from it once")
        }
        RequestError::Api(ApiError::BotBlocked | ApiError::BotKicked | ApiError::BotKickedFromSupergroup) => {
            refused("a chat of alerts.telegram.chats has blocked the bot")
        }
        RequestError::MigrateToChatId(chat) => {
            refused(&format!("a chat of alerts.telegram.chats has become {chat}: put that number in its place"))
        }
        RequestError::Api(_) => refused("Telegram does not take the message"),
    }
}

fn refused(reason: &str) -> SendError {
    SendError::Refused { reason: reason.to_owned() }
}
