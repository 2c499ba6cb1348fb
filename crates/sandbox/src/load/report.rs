//! What a load came to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// One request's end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) latency: Duration,
    /// The status, if it was no answer.
    pub(super) end: Result<(), u16>,
}

/// Collects samples.
#[derive(Debug, Default)]
pub(super) struct Builder {
    latencies_us: Vec<u64>,
    errors: BTreeMap<u16, u64>,
    sent: u64,
}

/// What is printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Requests sent.
    pub sent: u64,
    /// Requests answered.
    pub ok: u64,
    /// Requests that were not answered, by the status that the SDK would report.
    pub errors: BTreeMap<u16, u64>,
    /// The latency that half of the answers kept to, in microseconds.
    pub p50_us: u64,
    /// The latency that 90 % of the answers kept to, in microseconds.
    pub p90_us: u64,
    /// The latency that 99 % of the answers kept to, in microseconds.
    pub p99_us: u64,
    /// The longest latency of an answer, in microseconds.
    pub max_us: u64,
    /// Answers per second, from the first request to the last answer.
    pub requests_per_s: f64,
}

impl Builder {
    pub(super) fn add(&mut self, sample: Sample) {
        self.sent += 1;
        match sample.end {
            Ok(()) => self.latencies_us.push(u64::try_from(sample.latency.as_micros()).unwrap_or(u64::MAX)),
            Err(status) => *self.errors.entry(status).or_default() += 1,
        }
    }

    pub(super) fn finish(mut self, elapsed: Duration) -> Report {
        self.latencies_us.sort_unstable();
        let at = |percent| quantile(&self.latencies_us, percent);
        let ok = self.latencies_us.len() as u64;
        Report {
            sent: self.sent,
            ok,
            p50_us: at(50),
            p90_us: at(90),
            p99_us: at(99),
            max_us: at(100),
            requests_per_s: (ok as f64 / elapsed.as_secs_f64().max(1e-9) * 10.0).round() / 10.0,
            errors: self.errors,
        }
    }
}

/// The smallest value that so many percent of the sorted values do not exceed; 0 if there are none.
fn quantile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact() {
        let hundred: Vec<u64> = (1..=100).collect();

        assert_eq!([50, 90, 99, 100].map(|percent| quantile(&hundred, percent)), [50, 90, 99, 100]);
        assert_eq!(quantile(&[7], 50), 7);
        assert_eq!(quantile(&[], 99), 0);
    }

    #[test]
    fn errors_are_counted_by_status_and_have_no_latency() {
        let mut builder = Builder::default();
        for end in [Ok(()), Err(503), Err(503), Err(408)] {
            builder.add(Sample { latency: Duration::from_micros(9), end });
        }

        let report = builder.finish(Duration::from_secs(2));

        assert_eq!((report.sent, report.ok, report.max_us), (4, 1, 9));
        assert_eq!(report.errors, BTreeMap::from([(408, 1), (503, 2)]));
        assert_eq!(report.requests_per_s, 0.5);
    }
}
