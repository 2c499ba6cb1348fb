//! Pieces of an answer on their way to a caller who reads along.

use common::call::task::AnswerPiece;
use daemon_kit::ipc::EventSender;
use llm::{CallError, Clients, Completion, Permit, Question};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Pieces between the vendor and the caller; a vendor that is faster waits.
const WAITING: usize = 16;

/// Asks a vendor and tells the caller each piece as it comes. Returns whether the caller was told anything, beside what the
/// vendor said: then no other answer can take its place.
pub(crate) async fn stream(
    clients: &Clients,
    permit: Permit,
    question: Question<'_>,
    caller: &EventSender,
    deadline: Instant,
) -> (bool, Result<Completion, CallError>) {
    let (deltas, mut pieces) = mpsc::channel(WAITING);
    let answer = async move {
        let answer = clients.stream(permit, question, &deltas, deadline).await;
        drop(deltas);
        answer
    };
    let tell = async {
        let (mut trim, mut told) = (Trim::default(), false);
        while let Some(piece) = pieces.recv().await {
            let Some(text) = trim.take(&piece) else { continue };
            // A caller that hangs up cancels the whole task; until then the vendor is heard, because its end tells the cost.
            told |= caller.send(&AnswerPiece { text }).await.is_ok();
        }
        told
    };
    let (answer, told) = tokio::join!(answer, tell);
    (told, answer)
}

/// Takes away the white space around a text that comes in pieces: what comes out is the text as it is answered.
#[derive(Debug, Default)]
struct Trim {
    begun: bool,
    /// White space that is the text's own only if something follows.
    held: String,
}

impl Trim {
    fn take(&mut self, piece: &str) -> Option<String> {
        let piece = if self.begun { piece } else { piece.trim_start() };
        let body = piece.trim_end();
        let after = piece.strip_prefix(body).unwrap_or_default();
        if body.is_empty() {
            self.held.push_str(piece);
            return None;
        }
        self.begun = true;
        let mut text = std::mem::replace(&mut self.held, after.to_owned());
        text.push_str(body);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_pieces_make_up_the_trimmed_text(pieces in proptest::collection::vec("[ab \n\u{a0}]{0,4}", 0..8)) {
            let mut trim = Trim::default();

            let told: Vec<String> = pieces.iter().filter_map(|piece| trim.take(piece)).collect();

            let whole = pieces.concat();
            prop_assert_eq!(told.concat(), whole.trim());
            prop_assert!(told.iter().all(|piece| !piece.is_empty()));
        }
    }
}
