//! What was measured of a model lately: how long its calls took and how long its answers were.

use std::time::Duration;

use llm_router::Quantiles;
use tokio::time::Instant;

/// What is older than twice this is forgotten.
const GENERATION: Duration = Duration::from_secs(600);
/// Fewer calls say nothing.
const LEAST: u32 = 20;

/// What was measured of a model lately.
#[derive(Debug)]
pub struct Measures {
    started: Instant,
    latency_ms: Quantiles,
    output_tokens: Quantiles,
}

impl Default for Measures {
    fn default() -> Self {
        let quantiles = Quantiles::new(GENERATION, LEAST);
        Self { started: Instant::now(), latency_ms: quantiles.clone(), output_tokens: quantiles }
    }
}

impl Measures {
    /// Counts a call that ended with an answer, or that was given up after so long.
    pub fn add(&mut self, latency: Duration, output_tokens: Option<u64>, now: Instant) {
        let age = now.saturating_duration_since(self.started);
        self.latency_ms.add(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX), age);
        if let Some(tokens) = output_tokens {
            self.output_tokens.add(tokens, age);
        }
    }

    /// Returns how long half of the calls took at most, in milliseconds.
    pub fn median_ms(&mut self, now: Instant) -> Option<u64> {
        self.latency_ms.at(0.5, now.saturating_duration_since(self.started))
    }

    /// Returns how many tokens nineteen of twenty answers had at most.
    pub fn usual_output_tokens(&mut self, now: Instant) -> Option<u32> {
        let tokens = self.output_tokens.at(0.95, now.saturating_duration_since(self.started))?;
        Some(u32::try_from(tokens).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_after_twenty_calls_and_forgotten_when_they_are_old() {
        let mut measures = Measures::default();
        let now = Instant::now();
        for call in 1..=LEAST {
            assert_eq!(measures.median_ms(now), None, "after {} calls", call - 1);
            measures.add(Duration::from_secs(2), Some(300), now);
        }

        let median = measures.median_ms(now).unwrap();
        assert!((2_000..2_300).contains(&median), "{median}");
        let tokens = measures.usual_output_tokens(now).unwrap();
        assert!((300..340).contains(&tokens), "{tokens}");
        assert_eq!(measures.median_ms(now + GENERATION * 2), None);
    }
}
