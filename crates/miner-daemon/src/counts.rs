//! Counts since the daemon started.

use std::sync::atomic::{AtomicU64, Ordering};

use common::record::{DeliveryOutcome, TaskCounts};

/// How many requests came to what.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    answered: AtomicU64,
    declined: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
}

impl Counts {
    /// A task has ended.
    pub(crate) fn delivery(&self, outcome: &DeliveryOutcome) {
        let count = match outcome {
            DeliveryOutcome::Answered => &self.answered,
            DeliveryOutcome::Declined(_) => &self.declined,
            DeliveryOutcome::Failed(_)
            | DeliveryOutcome::Unavailable
            | DeliveryOutcome::Undelivered
            | DeliveryOutcome::Interrupted => &self.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was turned away.
    pub(crate) fn refusal(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts as they are now.
    pub(crate) fn snapshot(&self) -> TaskCounts {
        TaskCounts {
            answered: self.answered.load(Ordering::Relaxed),
            declined: self.declined.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::outcome::DeclineReason;

    #[test]
    fn an_answer_that_was_not_taken_is_a_failure() {
        let counts = Counts::default();

        counts.delivery(&DeliveryOutcome::Answered);
        counts.delivery(&DeliveryOutcome::Undelivered);
        counts.delivery(&DeliveryOutcome::Declined(DeclineReason::Paused));
        counts.refusal();

        assert_eq!(counts.snapshot(), TaskCounts { answered: 1, declined: 1, failed: 1, refused: 1 });
    }
}
