//! What may help after a failed attempt. Pure.

use std::time::Duration;

use common::outcome::{TaskFailure, VendorFailure};

use crate::models::MIN_TIME;

/// The most vendor calls for one task.
pub const MAX_ATTEMPTS: u32 = 2;

/// How long a vendor is left alone before the same request is sent again, where it does not say.
const PAUSE: Duration = Duration::from_millis(500);

/// What may help after a failed attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Remedy {
    /// Nothing: it would be paid for in vain again.
    Nothing,
    /// Another model.
    OtherModel,
    /// Another model, or the same after a pause.
    Repeat {
        /// How long to wait before the same model is asked again.
        pause: Duration,
    },
}

/// Whether there is time for a pause and an answer after it.
#[must_use]
pub fn is_in_time(pause: Duration, remaining: Duration) -> bool {
    pause.saturating_add(MIN_TIME) < remaining
}

impl Remedy {
    /// Returns what may help after `failure`.
    #[must_use]
    pub fn of(failure: TaskFailure, retry_after: Option<Duration>) -> Self {
        let repeat = Self::Repeat { pause: retry_after.unwrap_or(PAUSE) };
        match failure {
            TaskFailure::Format => Self::Repeat { pause: Duration::ZERO },
            TaskFailure::Cancelled => Self::Nothing,
            TaskFailure::Vendor(failure) => match failure {
                VendorFailure::Filtered | VendorFailure::Truncated => Self::Nothing,
                VendorFailure::Auth
                | VendorFailure::Billing
                | VendorFailure::InvalidRequest
                | VendorFailure::ModelNotFound
                | VendorFailure::ContextTooLong
                | VendorFailure::Empty
                | VendorFailure::Malformed
                | VendorFailure::Timeout => Self::OtherModel,
                VendorFailure::RateLimited
                | VendorFailure::Overloaded
                | VendorFailure::Server
                | VendorFailure::Unreachable
                | VendorFailure::Disconnected => repeat,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_is_never_tried_again() {
        for failure in [VendorFailure::Auth, VendorFailure::Billing] {
            assert_eq!(Remedy::of(TaskFailure::Vendor(failure), None), Remedy::OtherModel);
        }
    }

    #[test]
    fn the_vendors_own_pause_is_kept() {
        let wait = Duration::from_secs(9);

        let remedy = Remedy::of(TaskFailure::Vendor(VendorFailure::RateLimited), Some(wait));

        assert_eq!(remedy, Remedy::Repeat { pause: wait });
    }

    #[test]
    fn a_pause_that_leaves_no_time_for_an_answer_is_not_made() {
        let remaining = Duration::from_secs(10);

        assert!(is_in_time(Duration::from_secs(9), remaining));
        assert!(!is_in_time(remaining - MIN_TIME, remaining));
        assert!(!is_in_time(Duration::MAX, remaining));
    }

    #[test]
    fn what_policy_or_the_cap_stopped_is_stopped_again() {
        for failure in [VendorFailure::Filtered, VendorFailure::Truncated] {
            assert_eq!(Remedy::of(TaskFailure::Vendor(failure), None), Remedy::Nothing);
        }
    }
}
