//! What a start must know beside the callers' bounds: whether some of them may be lost.
//!
//! Bounds survive the end of the process, but not that of the power: a sync for each would cost a disk write per
//! request. So the kernel's boot id is stored with them. If it is another one now, the last bounds may be missing, and
//! everything that could have been accepted before the start counts as used: a machine that was booted refuses what was
//! signed in the first two seconds after the daemon's start, too. A restart of the daemon alone costs nothing of this.

use std::fs;

use bittensor::protocol::{FUTURE_ALLOWANCE, NonceBound};

/// What the run before left.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Before {
    /// The boot that it ran in, if the kernel told it.
    pub(super) boot_id: Option<String>,
    /// Everything at or under it counts as used, whoever the caller.
    pub(super) floor_ns: u64,
}

impl Before {
    /// Whether bounds of that run may be lost.
    pub(super) fn is_of_another_boot(&self, boot_id: Option<&str>) -> bool {
        boot_id.is_none() || self.boot_id.as_deref() != boot_id
    }

    /// What counts as used from now on, whoever the caller.
    ///
    /// A floor far in the future was stored under a wrong clock, and is cut as the bounds are.
    pub(super) fn floor_ns(&self, boot_id: Option<&str>, now_ns: u64) -> u64 {
        let floor_ns = self.floor_ns.min(NonceBound::highest_ns(now_ns));
        if self.is_of_another_boot(boot_id) { floor_ns.max(newest_ns(now_ns)) } else { floor_ns }
    }
}

/// No nonce that was accepted until now is above it.
fn newest_ns(now_ns: u64) -> u64 {
    now_ns.saturating_add(u64::try_from(FUTURE_ALLOWANCE.as_nanos()).unwrap_or(u64::MAX))
}

/// Returns what tells one boot of this machine from another.
pub(super) fn boot_id() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = id.trim();
    (!id.is_empty()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn before(boot_id: Option<&str>, floor_ns: u64) -> Before {
        Before { boot_id: boot_id.map(str::to_owned), floor_ns }
    }

    #[test]
    fn a_restart_in_the_same_boot_needs_only_the_bounds() {
        let floor = before(Some("a"), 7).floor_ns(Some("a"), 100 * SECOND);

        assert_eq!(floor, 7);
    }

    #[test]
    fn after_a_boot_everything_until_now_counts_as_used() {
        for (stored, now) in [(Some("a"), Some("b")), (None, Some("b")), (Some("a"), None), (None, None)] {
            let floor = before(stored, 7).floor_ns(now, 100 * SECOND);

            assert_eq!(floor, 102 * SECOND, "{stored:?} {now:?}");
        }
    }

    #[test]
    fn the_floor_of_a_boot_outlives_a_restart() {
        let floor = before(Some("a"), 102 * SECOND).floor_ns(Some("a"), 101 * SECOND);

        assert_eq!(floor, 102 * SECOND);
    }

    #[test]
    fn a_floor_from_a_wrong_clock_does_not_deafen_the_miner() {
        let floor = before(Some("a"), 1_000_000 * SECOND).floor_ns(Some("a"), 100 * SECOND);

        assert_eq!(floor, 102 * SECOND + SECOND / 20);
    }

    #[test]
    fn the_kernel_tells_its_boot() {
        assert_eq!(boot_id().map(|id| id.len()), Some(36));
    }
}
