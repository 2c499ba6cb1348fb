//! Approvals that the operator sends from a chat. tracker passes the texts on and does not judge them; here the one-time code is
//! checked, and policy says how much one may approve.

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::call::tracker::{TakeApprovals, TrackerCall};
use common::call::wallet::operation::ApproveOperation;
use common::id::OperationId;
use common::secret::Secret;
use daemon_kit::Workers;
use daemon_kit::ipc::Client;
use zeroize::Zeroizing;

use crate::service::WalletManager;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);
/// How long tracker may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an approved operation may take until its state is told.
const LONGEST: Duration = Duration::from_secs(60);
/// So much of an id must be written at least.
const SHORTEST: usize = 6;

/// Looks for approvals until the daemon stops.
pub(crate) async fn take(manager: Arc<WalletManager>, tracker: Client<TrackerCall>, workers: Workers) {
    let stopping = workers.token();
    while stopping.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        let Ok(approvals) = tracker.call(TakeApprovals {}, PATIENCE).await else { continue };
        for text in approvals.texts {
            let text = Zeroizing::new(text);
            let Some((id, code)) = read(&text, &manager.waiting()) else {
                tracing::warn!("An approval from a chat names no operation that waits, or has no code");
                continue;
            };
            let call = ApproveOperation { id, code: Some(code) };
            match manager.approve(call, Instant::now() + LONGEST).await {
                Ok(view) => tracing::info!(%id, state = ?view.state, "Took an approval from a chat"),
                Err(fault) => tracing::warn!(%id, %fault, "An approval from a chat does not count"),
            }
        }
    }
}

/// Reads an operation and a code: the id, or its last characters if only one that waits ends so, then six digits.
fn read(text: &str, waiting: &[OperationId]) -> Option<(OperationId, Secret)> {
    let mut words = text.split_whitespace();
    let (name, code) = (words.next()?, words.next()?);
    let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    if !is_code || words.next().is_some() || name.len() < SHORTEST {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let mut named = waiting.iter().filter(|id| id.to_string().ends_with(&name));
    match (named.next(), named.next()) {
        (Some(id), None) => Some((*id, Secret::new(Zeroizing::new(code.to_owned())))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> [OperationId; 2] {
        [OperationId::new(1, [1; 10]), OperationId::new(1, [2; 10])]
    }

    #[test]
    fn an_operation_is_named_by_its_id_or_by_the_end_of_it() {
        let ids = ids();
        let whole = format!("{} 123456", ids[1]);

        for text in [whole.as_str(), "020202 123456", "  020202\n123456 "] {
            let (id, code) = read(text, &ids).unwrap();
            assert_eq!((id, code.expose()), (ids[1], "123456"), "{text}");
        }
    }

    #[test]
    fn what_is_no_code_of_one_operation_that_waits_is_nothing() {
        for text in
            ["", "020202", "020202 12345", "020202 12345a", "0202 123456", "020202 123456 7", "999999 123456", "123456"]
        {
            assert!(read(text, &ids()).is_none(), "{text}");
        }
        let twins = [OperationId::new(1, [2; 10]), OperationId::new(2, [2; 10])];
        assert!(read("020202 123456", &twins).is_none());
    }
}
