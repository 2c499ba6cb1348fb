//! Up to where each caller's nonces count as used: since the start, and after the next one.

use std::collections::HashMap;

use super::NonceBound;

/// The callers whose nonces were used lately.
#[derive(Debug, Default)]
pub(super) struct Callers(HashMap<[u8; 32], Marks>);

#[derive(Debug, Default)]
struct Marks {
    /// Counts as used up to here, because of a restart.
    floor_ns: u64,
    /// The stored bound; never under the floor.
    bound_ns: u64,
}

impl Callers {
    pub(super) fn after_restart(bounds: impl IntoIterator<Item = NonceBound>) -> Self {
        let marks = |ns| Marks { floor_ns: ns, bound_ns: ns };
        Self(bounds.into_iter().map(|bound| (bound.caller, marks(bound.ns))).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn knows(&self, caller: &[u8; 32]) -> bool {
        self.0.contains_key(caller)
    }

    pub(super) fn used_before_start(&self, caller: &[u8; 32], ns: u64) -> bool {
        self.0.get(caller).is_some_and(|marks| ns <= marks.floor_ns)
    }

    /// Returns whether the stored bound covers a caller's nonce.
    pub(super) fn enter(&mut self, caller: [u8; 32], ns: u64) -> bool {
        ns <= self.0.entry(caller).or_default().bound_ns
    }

    /// A caller who is forgotten by now only needs his bound stored again.
    pub(super) fn stored(&mut self, bound: NonceBound) {
        if let Some(marks) = self.0.get_mut(&bound.caller) {
            marks.bound_ns = marks.bound_ns.max(bound.ns);
        }
    }

    /// Forgets the callers whose bounds are at or under `oldest_ns`, and returns the highest of those.
    pub(super) fn forget(&mut self, oldest_ns: u64) -> u64 {
        self.0
            .extract_if(|_, marks| marks.bound_ns <= oldest_ns)
            .map(|(_, marks)| marks.bound_ns)
            .max()
            .unwrap_or_default()
    }
}
