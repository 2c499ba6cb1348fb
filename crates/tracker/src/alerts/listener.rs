//! Commands that an operator sends from a chat.

use std::time::Duration;

use daemon_kit::Workers;
use notify::{Channel, Heard, SendError, Telegram};
use tokio::time::sleep;

use super::Alerts;
use crate::history::History;

/// How long nobody listens after Telegram could not be asked.
const PAUSE: Duration = Duration::from_secs(15);
/// The name that the numbers of heard texts are kept by.
const CHANNEL: &str = "telegram";

/// What a text asks for.
#[derive(Debug, Eq, PartialEq)]
enum Command<'a> {
    Status,
    Budget,
    Pause,
    Resume,
    /// To be judged by wallet-manager only.
    Approve(&'a str),
    Unknown,
}

impl<'a> Command<'a> {
    fn of(text: &'a str) -> Self {
        let (word, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        // In groups a command may carry the bot's name.
        match word.split('@').next().unwrap_or(word) {
            "/status" => Self::Status,
            "/budget" => Self::Budget,
            "/pause" => Self::Pause,
            "/resume" => Self::Resume,
            "/approve" if !rest.trim().is_empty() => Self::Approve(rest.trim()),
            _ => Self::Unknown,
        }
    }
}

/// Listens until the workers stop.
pub(super) async fn run(alerts: Alerts, history: History, bot: Telegram, workers: Workers) {
    let stopping = workers.token();
    stopping.run_until_cancelled(listen(&alerts, &history, &bot)).await;
}

async fn listen(alerts: &Alerts, history: &History, bot: &Telegram) {
    let reply = Channel::Telegram(bot.clone());
    loop {
        let heard = match alerts.archive.heard(CHANNEL).await {
            Ok(after) => bot.listen(after).await,
            Err(error) => Err(SendError::Later { reason: error.to_string(), after: None }),
        };
        match heard {
            Ok(heard) => {
                for heard in heard {
                    obey(alerts, history, &reply, heard).await;
                }
            }
            Err(error) => {
                tracing::debug!(%error, "Nobody listens to the chats");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn obey(alerts: &Alerts, history: &History, reply: &Channel, Heard { update, text }: Heard) {
    // Noted first: a command that stops the process on its way is not obeyed twice.
    if let Err(error) = alerts.archive.set_heard(CHANNEL, update).await {
        tracing::error!(%error, "A command is not obeyed: it could come again");
        return sleep(PAUSE).await;
    }
    let Some(text) = text else {
        tracing::warn!("A chat that is not in alerts.telegram.chats wrote to the bot");
        return;
    };
    let answer = match Command::of(&text) {
        Command::Status => alerts.status_text(),
        Command::Budget => alerts.budget_text(),
        Command::Pause => set_paused(history, true).await,
        Command::Resume => set_paused(history, false).await,
        Command::Approve(rest) => match alerts.archive.relay(update, rest.to_owned(), super::unix_ms()).await {
            Ok(()) => "Passed on to wallet-manager, which decides.".into(),
            Err(_) => "It could not be passed on: see the log of tracker.".into(),
        },
        Command::Unknown => "I know /status, /budget, /pause, /resume and /approve ID CODE.".into(),
    };
    if let Err(error) = reply.send(&update.to_string(), &answer).await {
        tracing::debug!(%error, "An answer did not arrive");
    }
}

async fn set_paused(history: &History, paused: bool) -> String {
    match history.set_paused(paused).await {
        Ok(()) => {
            tracing::info!(paused, "Operator has set the pause by chat");
            if paused {
                "No task is answered from now on."
            } else {
                "Tasks are answered again, if nobody paused on the machine."
            }
            .into()
        }
        Err(_) => "That could not be stored: see the log of tracker.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_commands_that_are_known_are_understood() {
        for (text, command) in [
            ("/status", Command::Status),
            (" /budget@my_miner_bot ", Command::Budget),
            ("/pause now", Command::Pause),
            ("/resume", Command::Resume),
            ("/approve 12 123456", Command::Approve("12 123456")),
            ("/approve ", Command::Unknown),
            ("/Status", Command::Unknown),
            ("please /pause", Command::Unknown),
            ("", Command::Unknown),
        ] {
            assert_eq!(Command::of(text), command, "{text}");
        }
    }
}
