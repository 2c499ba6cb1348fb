//! Sends a channel's messages: those that are due together in one, again until they arrive, never faster than a chat takes them.

use std::time::Duration;

use common::alert;
use daemon_kit::{StoreError, Workers};
use notify::{Channel, SendError};
use tokio::time::{sleep, timeout};

use super::archive::{Archive, Due};
use super::unix_ms;

/// How often a channel looks for messages. A group of Telegram takes twenty a minute.
const PACE: Duration = Duration::from_secs(3);
/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// A message that did not arrive for so many tries, about two days of them, is dropped.
const MOST_TRIES: u32 = 200;

/// Sends until the workers stop. What is not sent then is sent after the next start; what is on its way has a moment to arrive.
pub(super) async fn run(archive: Archive, channel: Channel, workers: Workers) {
    let mut failing = false;
    while timeout(PACE, workers.stopping()).await.is_err() {
        let last_moment = async {
            workers.stopping().await;
            sleep(PACE).await;
        };
        tokio::select! {
            () = attempt(&archive, &channel, &mut failing) => {}
            () = last_moment => return,
        }
    }
}

async fn attempt(archive: &Archive, channel: &Channel, failing: &mut bool) {
    match deliver(archive, channel).await {
        Ok(None) => {}
        Ok(Some(Ok(()))) => {
            if std::mem::take(failing) {
                tracing::info!(channel = channel.name(), "Messages arrive again");
            }
        }
        Ok(Some(Err(error))) => {
            if !std::mem::replace(failing, true) {
                tracing::warn!(channel = channel.name(), %error, "A message did not arrive");
            }
        }
        Err(error) => {
            let error = anyhow::Error::new(error);
            tracing::error!(channel = channel.name(), error = format!("{error:#}"), "Messages cannot be read");
        }
    }
}

/// Sends what is due; nothing is due in most cases.
async fn deliver(archive: &Archive, channel: &Channel) -> Result<Option<Result<(), SendError>>, StoreError> {
    let name = channel.name();
    let mut due = archive.due(name, unix_ms()).await?;
    let sentences: Vec<_> = due.iter().map(|due| due.text.clone()).collect();
    let Some((text, count)) = alert::together(&sentences).into_iter().next() else { return Ok(None) };
    due.truncate(count);
    let Some((first, last)) = due.first().zip(due.last()) else { return Ok(None) };
    // Noted before: whatever happens then, the operator may know of it.
    let begun_ms = unix_ms().saturating_add(millis(PACE));
    archive.begin(name, due.iter().map(|due| due.sequence).collect(), begun_ms).await?;
    let sent = channel.send(&format!("{name}-{}-{}", first.sequence, last.sequence), &text).await;
    let (pause, keep) = verdict(&sent, &due);
    let (kept, done): (Vec<_>, Vec<_>) = due.into_iter().partition(|due| keep && due.tries < MOST_TRIES);
    archive.forget(name, done.iter().map(|due| due.sequence).collect()).await?;
    let due_ms = unix_ms().saturating_add(millis(pause));
    archive.put_off(name, kept.iter().map(|due| due.sequence).collect(), due_ms).await?;
    Ok(Some(sent))
}

/// How long messages wait after a try, and whether they are kept.
fn verdict(sent: &Result<(), SendError>, due: &[Due]) -> (Duration, bool) {
    match sent {
        // What a channel refuses may be the operator's mistake, who has then an hour to mend it.
        Err(SendError::Refused { .. } | SendError::Unusable { .. }) => (LONGEST_PAUSE, true),
        Err(SendError::Later { after, .. }) => {
            let tries = due.iter().map(|due| due.tries).max().unwrap_or(0);
            (after.unwrap_or_else(|| pause(tries)), true)
        }
        Ok(()) => (Duration::ZERO, false),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn pause(tries: u32) -> Duration {
    PACE.saturating_mul(2_u32.saturating_pow(tries)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_and_the_channel_may_ask_for_a_longer_one() {
        let due = |tries| [Due { sequence: 1, tries, text: String::new() }];
        let later = |after| Err(SendError::Later { reason: String::new(), after });

        assert_eq!(verdict(&later(None), &due(0)), (PACE, true));
        assert_eq!(verdict(&later(None), &due(3)), (PACE * 8, true));
        assert_eq!(verdict(&later(None), &due(100)), (LONGEST_PAUSE, true));
        assert_eq!(verdict(&later(Some(Duration::from_secs(17))), &due(0)), (Duration::from_secs(17), true));
        assert!(!verdict(&Ok(()), &due(0)).1);
    }
}
