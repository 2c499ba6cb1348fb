//! Which calls fail: drawn from the call's number, so that a retry can succeed.

use super::error::VendorError;
use crate::random::Draws;
use crate::settings::Faults;

/// Returns how the call fails, if it does.
pub(super) fn draw(faults: Faults, call: u64) -> Option<VendorError> {
    let drawn = Draws::new(call, "fault").unit();
    let limited = faults.rate_limited;
    let overloaded = limited + faults.overloaded;
    let failed = overloaded + faults.failed;
    match drawn {
        drawn if drawn < limited => Some(VendorError::rate_limited()),
        drawn if drawn < overloaded => Some(VendorError::overloaded()),
        drawn if drawn < failed => Some(VendorError::failed()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_fail_as_often_as_configured() {
        let faults = Faults { rate_limited: 0.2, overloaded: 0.1, failed: 0.05 };

        let drawn: Vec<_> = (0..2_000).filter_map(|call| draw(faults, call)).collect();

        let count = |status: u16| drawn.iter().filter(|error| error.status() == status).count();
        assert!((340..460).contains(&count(429)), "{}", count(429));
        assert!((150..250).contains(&count(503)), "{}", count(503));
        assert!((60..140).contains(&count(500)), "{}", count(500));
    }

    #[test]
    fn without_faults_no_call_fails() {
        assert!((0..2_000).all(|call| draw(Faults::default(), call).is_none()));
    }
}
