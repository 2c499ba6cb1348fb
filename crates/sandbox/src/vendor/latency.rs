//! How long a model takes: log-normal, drawn from the prompt, so that a run can be repeated.

use std::time::Duration;

use crate::random::{Draws, fingerprint};
use crate::settings::Latency;

/// No call takes longer, however unlucky.
const LONGEST_MS: f64 = 600_000.0;

/// Returns how long the model takes to answer the prompt in so many tokens.
pub(super) fn draw(model: &str, latency: Latency, prompt: &str, output_tokens: u64) -> Duration {
    let mut draws = Draws::new(fingerprint(prompt), model);
    let first_token_ms = latency.median_ms * (latency.spread * draws.normal()).exp();
    let ms = first_token_ms + latency.per_token_ms * output_tokens as f64;
    Duration::from_secs_f64(ms.clamp(0.0, LONGEST_MS) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_as_configured() {
        let latency = Latency { median_ms: 300.0, spread: 0.5, per_token_ms: 0.0 };

        let mut drawn: Vec<_> = (0..2_001).map(|n| draw("m", latency, &n.to_string(), 0)).collect();
        drawn.sort_unstable();

        let median = drawn[1_000].as_millis();
        assert!((285..315).contains(&median), "{median}");
        assert!(drawn[1_800] > drawn[1_000] * 3 / 2);
    }

    #[test]
    fn tokens_take_time() {
        let latency = Latency { median_ms: 100.0, spread: 0.0, per_token_ms: 10.0 };

        assert_eq!(draw("m", latency, "q", 5), Duration::from_millis(150));
    }
}
