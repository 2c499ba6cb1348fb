//! The calls in flight of one connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// Tokens of the calls in flight, by the caller's id.
#[derive(Clone, Debug)]
pub(super) struct Table {
    hang_up: CancellationToken,
    calls: Arc<Mutex<HashMap<u64, CancellationToken>>>,
}

/// A call's place; given up when dropped.
#[derive(Debug)]
pub(super) struct Place {
    id: u64,
    table: Table,
    token: CancellationToken,
}

impl Table {
    pub(super) fn new(hang_up: CancellationToken) -> Self {
        Self { hang_up, calls: Arc::default() }
    }

    pub(super) fn contains(&self, id: u64) -> bool {
        self.calls().contains_key(&id)
    }

    pub(super) fn insert(&self, id: u64) -> Place {
        let token = self.hang_up.child_token();
        self.calls().insert(id, token.clone());
        Place { id, table: self.clone(), token }
    }

    /// A call that has just ended is no longer there: nothing to do.
    pub(super) fn cancel(&self, id: u64) {
        if let Some(token) = self.calls().get(&id) {
            token.cancel();
        }
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<u64, CancellationToken>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Cancelled when nobody waits for the reply any more.
    pub(super) fn token(&self) -> &CancellationToken {
        &self.token
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.table.calls().remove(&self.id);
        self.token.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancel_reaches_its_call_only() {
        let table = Table::new(CancellationToken::new());
        let (one, two) = (table.insert(1), table.insert(2));

        table.cancel(1);

        assert!(one.token().is_cancelled());
        assert!(!two.token().is_cancelled());
    }

    #[test]
    fn a_hang_up_cancels_all() {
        let hang_up = CancellationToken::new();
        let table = Table::new(hang_up.clone());
        let place = table.insert(1);

        hang_up.cancel();

        assert!(place.token().is_cancelled());
    }

    #[test]
    fn an_ended_call_is_forgotten_and_its_token_cancelled() {
        let table = Table::new(CancellationToken::new());
        let place = table.insert(1);
        let token = place.token().clone();

        drop(place);

        assert!(!table.contains(1));
        assert!(token.is_cancelled());
    }
}
