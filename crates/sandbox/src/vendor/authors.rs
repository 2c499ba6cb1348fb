//! Remembers which model answered which prompt, so that a judged task can name its model. Bounded.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::random::fingerprint;

/// More prompts than are ever under way.
const CAPACITY: usize = 4_096;

/// The models of the latest prompts.
#[derive(Debug, Default)]
pub struct Authors(Mutex<Latest>);

#[derive(Debug, Default)]
struct Latest {
    models: HashMap<u64, String>,
    order: VecDeque<u64>,
}

impl Authors {
    /// Notes who answers a prompt; the latest counts.
    pub fn remember(&self, prompt: &str, model: &str) {
        let key = fingerprint(prompt.trim());
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.models.insert(key, model.to_owned()).is_none() {
            latest.order.push_back(key);
        }
        if latest.order.len() > CAPACITY
            && let Some(oldest) = latest.order.pop_front()
        {
            latest.models.remove(&oldest);
        }
    }

    /// Returns the model that answered a prompt.
    #[must_use]
    pub fn of(&self, prompt: &str) -> Option<String> {
        let latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        latest.models.get(&fingerprint(prompt.trim())).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_author_is_known() {
        let authors = Authors::default();

        authors.remember("q", "first");
        authors.remember(" q\n", "second");

        assert_eq!(authors.of("q").as_deref(), Some("second"));
        assert_eq!(authors.of("other"), None);
    }

    #[test]
    fn memory_is_bounded() {
        let authors = Authors::default();

        for number in 0..=CAPACITY {
            authors.remember(&number.to_string(), "m");
        }

        assert_eq!(authors.of("0"), None);
        assert!(authors.of("1").is_some());
    }
}
