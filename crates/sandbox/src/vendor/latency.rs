//! How long a model takes: log-normal, drawn from the prompt, so that a run can be repeated.

use std::time::Duration;

use crate::random::{Draws, fingerprint};
use crate::settings::Latency;

/// No call takes longer, however unlucky.
const LONGEST_MS: f64 = 600_000.0;

/// How long a model takes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Time {
    /// To the first token.
    pub(super) first: Duration,
    /// For each token.
    pub(super) per_token: Duration,
}

impl Time {
    /// The time of a whole answer of so many tokens.
    pub(super) fn whole(self, output_tokens: u64) -> Duration {
        let tokens = self.per_token.saturating_mul(u32::try_from(output_tokens).unwrap_or(u32::MAX));
        self.first.saturating_add(tokens).min(duration(LONGEST_MS))
    }
}

/// Returns how long the model takes to answer the prompt.
pub(super) fn draw(model: &str, latency: Latency, prompt: &str) -> Time {
    let mut draws = Draws::new(fingerprint(prompt), model);
    let first_token_ms = latency.median_ms * (latency.spread * draws.normal()).exp();
    Time { first: duration(first_token_ms), per_token: duration(latency.per_token_ms) }
}

fn duration(ms: f64) -> Duration {
    Duration::from_secs_f64(ms.clamp(0.0, LONGEST_MS) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_as_configured() {
        let latency = Latency { median_ms: 300.0, spread: 0.5, per_token_ms: 0.0 };

        let mut drawn: Vec<_> = (0..2_001).map(|n| draw("m", latency, &n.to_string()).first).collect();
        drawn.sort_unstable();

        let median = drawn[1_000].as_millis();
        assert!((285..315).contains(&median), "{median}");
        assert!(drawn[1_800] > drawn[1_000] * 3 / 2);
    }

    #[test]
    fn tokens_take_time() {
        let latency = Latency { median_ms: 100.0, spread: 0.0, per_token_ms: 10.0 };

        assert_eq!(draw("m", latency, "q").whole(5), Duration::from_millis(150));
    }
}
