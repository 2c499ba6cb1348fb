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
