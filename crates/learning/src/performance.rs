//! Whether the miner does what it should: four targets, each met, not met, or not to be told yet.
//!
//! A target is met when chance is no excuse: when the whole interval that holds the true value nine times in ten lies above it.

use serde::{Deserialize, Serialize};

/// The mean score of a validator's epoch should be above this.
pub const SCORE: f64 = 0.7;
/// An epoch is a success when its score is above this.
pub const SUCCESS: f64 = 0.6;
/// More than this share of epochs should be successes.
pub const SUCCESS_SHARE: f64 = 0.7;
/// TAO that a thousand tokens should earn at least.
pub const TAO_PER_1000_TOKENS: f64 = 0.001;
/// The share of minutes in which the miner should be able to answer.
pub const UPTIME: f64 = 0.99;

/// Standard deviations to both sides that hold 90 % of a normal distribution.
const NINETY_PERCENT: f64 = 1.644_853_626_951_472_2;
/// With fewer observations nothing is told.
const FEWEST: usize = 8;

/// What is known of a target.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What the value should be above.
    pub target: f64,
    /// The value; none if nothing is known.
    pub value: Option<f64>,
    /// The interval that holds the true value nine times in ten; none while there is too little to tell.
    pub interval: Option<(f64, f64)>,
    /// What it is the value of: epochs of validators, epochs, or minutes.
    pub count: u64,
    /// How the newer half compares with the older one.
    pub trend: Trend,
    /// What follows.
    pub verdict: Verdict,
}

/// What follows from what is known.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The value is above the target.
    Met,
    /// It is not.
    NotMet,
    /// It may be either.
    NotEnoughData,
}

/// How the newer half of what is known compares with the older one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// It is better, by more than chance explains.
    Better,
    /// It is worse, by more than chance explains.
    Worse,
    /// No difference can be told.
    Unclear,
}

/// What an epoch brought for how many tokens.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EpochYield {
    /// Earned, in TAO.
    pub tao: f64,
    /// Used, in thousands.
    pub kilotokens: f64,
}

/// What is known of the minutes of a time.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Minutes {
    /// The miner could answer.
    pub up: u64,
    /// It could not.
    pub down: u64,
    /// Nobody knows.
    pub unknown: u64,
}

/// Judges the mean of scores, oldest first.
#[must_use]
pub fn mean_score(scores: &[f64]) -> Finding {
    let scores = finite(scores);
    let (mean, error) = mean_and_error(&scores);
    let interval = (scores.len() >= FEWEST).then_some((mean - NINETY_PERCENT * error, mean + NINETY_PERCENT * error));
    finding(SCORE, (!scores.is_empty()).then_some(mean), interval, scores.len(), trend(&scores))
}

/// Judges the share of successes among scores, oldest first.
#[must_use]
pub fn success(scores: &[f64]) -> Finding {
    let successes: Vec<f64> = finite(scores).into_iter().map(|score| f64::from(u8::from(score > SUCCESS))).collect();
    let (share, _) = mean_and_error(&successes);
    let interval = (successes.len() >= FEWEST).then(|| wilson(share, successes.len() as f64));
    finding(SUCCESS_SHARE, (!successes.is_empty()).then_some(share), interval, successes.len(), trend(&successes))
}

/// Judges what tokens earned, from epochs, oldest first. Epochs without tokens count for what they earned.
#[must_use]
pub fn earnings(epochs: &[EpochYield]) -> Finding {
    let is_known =
        |epoch: &&EpochYield| epoch.tao.is_finite() && epoch.kilotokens.is_finite() && epoch.kilotokens >= 0.0;
    let epochs: Vec<EpochYield> = epochs.iter().filter(is_known).copied().collect();
    let kilotokens: f64 = epochs.iter().map(|epoch| epoch.kilotokens).sum();
    if kilotokens <= 0.0 {
        return finding(TAO_PER_1000_TOKENS, None, None, epochs.len(), Trend::Unclear);
    }
    let ratio = epochs.iter().map(|epoch| epoch.tao).sum::<f64>() / kilotokens;
    // How far each epoch is from what its tokens should have brought, in the unit of the ratio.
    let usual = kilotokens / epochs.len() as f64;
    let residual = |epoch: &EpochYield| ratio + (epoch.tao - ratio * epoch.kilotokens) / usual;
    let residuals: Vec<f64> = epochs.iter().map(residual).collect();
    let (_, error) = mean_and_error(&residuals);
    let interval = (epochs.len() >= FEWEST).then_some((ratio - NINETY_PERCENT * error, ratio + NINETY_PERCENT * error));
    finding(TAO_PER_1000_TOKENS, Some(ratio), interval, epochs.len(), trend(&residuals))
}

/// Judges uptime. Unknown minutes may have been either, so they widen the interval and count for nothing else.
#[must_use]
pub fn uptime(minutes: Minutes) -> Finding {
    let known = minutes.up.saturating_add(minutes.down);
    let all = known.saturating_add(minutes.unknown) as f64;
    let value = (known > 0).then(|| minutes.up as f64 / known as f64);
    let interval =
        (known > 0).then(|| (minutes.up as f64 / all, minutes.up.saturating_add(minutes.unknown) as f64 / all));
    finding(UPTIME, value, interval, known as usize, Trend::Unclear)
}

fn finding(target: f64, value: Option<f64>, interval: Option<(f64, f64)>, count: usize, trend: Trend) -> Finding {
    let verdict = match interval {
        Some((low, _)) if low > target => Verdict::Met,
        Some((_, high)) if high <= target => Verdict::NotMet,
        Some(_) | None => Verdict::NotEnoughData,
    };
    Finding { target, value, interval, count: count as u64, trend, verdict }
}

/// Compares the newer half with the older one.
fn trend(values: &[f64]) -> Trend {
    let (older, newer) = values.split_at(values.len() / 2);
    if older.len() < FEWEST {
        return Trend::Unclear;
    }
    let ((before, error_before), (now, error_now)) = (mean_and_error(older), mean_and_error(newer));
    let doubt = NINETY_PERCENT * error_before.hypot(error_now);
    if now - before > doubt {
        Trend::Better
    } else if before - now > doubt {
        Trend::Worse
    } else {
        Trend::Unclear
    }
}

fn finite(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|value| value.is_finite()).collect()
}

/// The mean and its standard error. What comes one after another resembles itself, which makes the error larger.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    if values.is_empty() {
        return (0.0, f64::INFINITY);
    }
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let neighbours: f64 = values.iter().zip(values.iter().skip(1)).map(|(a, b)| (a - mean) * (b - mean)).sum();
    let resemblance = if squares > 0.0 { (neighbours / squares).clamp(0.0, 0.9) } else { 0.0 };
    let variance = squares / (count - 1.0).max(1.0);
    (mean, (variance / count * (1.0 + resemblance) / (1.0 - resemblance)).sqrt())
}

/// Wilson's interval of a share: it stays between 0 and 1, and is honest near both.
fn wilson(share: f64, count: f64) -> (f64, f64) {
    let z = NINETY_PERCENT * NINETY_PERCENT / count;
    let middle = share + z / 2.0;
    let half = NINETY_PERCENT * (share * (1.0 - share) / count + z / (4.0 * count)).sqrt();
    ((middle - half) / (1.0 + z), (middle + half) / (1.0 + z))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn noisy(mean: f64, count: usize, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed, &[]);
        (0..count).map(|_| mean + 0.1 * random.normal()).collect()
    }

    #[test]
    fn a_target_is_met_or_missed_only_beyond_chance() {
        assert_eq!(mean_score(&noisy(0.8, 60, 1)).verdict, Verdict::Met);
        assert_eq!(mean_score(&noisy(0.6, 60, 1)).verdict, Verdict::NotMet);
        assert_eq!(mean_score(&noisy(0.71, 10, 1)).verdict, Verdict::NotEnoughData);
        assert_eq!(mean_score(&[0.9; 7]).verdict, Verdict::NotEnoughData);
        assert_eq!((mean_score(&[]).value, mean_score(&[f64::NAN; 20]).count), (None, 0));
    }

    #[test]
    fn nine_of_ten_intervals_hold_the_mean_even_if_scores_resemble_their_neighbours() {
        let held = (0..400).filter(|&seed| {
            let mut level = 0.0;
            let scores: Vec<f64> = noisy(0.0, 200, seed)
                .into_iter()
                .map(|noise| {
                    level = 0.4 * level + noise;
                    0.7 + level
                })
                .collect();
            let (low, high) = mean_score(&scores).interval.unwrap();
            (low..=high).contains(&0.7)
        });

        let held = held.count();
        assert!((336..=384).contains(&held), "{held} of 400");
    }

    #[test]
    fn successes_are_counted_and_their_share_is_judged() {
        let finding = success(&[0.61, 0.9, 0.6, 0.2].repeat(25));

        assert_eq!((finding.value, finding.count, finding.verdict), (Some(0.5), 100, Verdict::NotMet));
        assert_eq!(success(&[0.9; 40]).verdict, Verdict::Met);
        assert_eq!(success(&[0.9; 7]).verdict, Verdict::NotEnoughData);
    }

    #[test]
    fn a_trend_is_told_only_beyond_chance() {
        let rising: Vec<f64> = [noisy(0.5, 40, 1), noisy(0.7, 40, 2)].concat();
        let falling: Vec<f64> = rising.iter().rev().copied().collect();

        assert_eq!(mean_score(&rising).trend, Trend::Better);
        assert_eq!(mean_score(&falling).trend, Trend::Worse);
        assert_eq!(mean_score(&noisy(0.5, 12, 3)).trend, Trend::Unclear);
    }

    #[test]
    fn earnings_are_a_ratio_of_sums_so_that_large_epochs_count_more() {
        let epochs =
            [EpochYield { tao: 0.02, kilotokens: 10.0 }, EpochYield { tao: 0.06, kilotokens: 40.0 }].repeat(10);

        let finding = earnings(&epochs);

        assert!((finding.value.unwrap() - 0.0016).abs() < 1e-12, "{finding:?}");
        assert_eq!(finding.verdict, Verdict::Met);
        assert_eq!(earnings(&[EpochYield { tao: 1.0, kilotokens: 0.0 }; 20]).verdict, Verdict::NotEnoughData);
        assert_eq!(earnings(&[EpochYield { tao: f64::NAN, kilotokens: 1.0 }; 20]).count, 0);
    }

    #[test]
    fn unknown_minutes_make_uptime_uncertain_and_nothing_else() {
        let minutes = Minutes { up: 9_990, down: 10, unknown: 0 };

        assert_eq!(uptime(minutes).verdict, Verdict::Met);
        assert_eq!(uptime(Minutes { unknown: 2_000, ..minutes }).verdict, Verdict::NotEnoughData);
        assert_eq!(uptime(Minutes { unknown: 2_000, ..minutes }).value, Some(0.999));
        assert_eq!(uptime(Minutes { down: 500, ..minutes }).verdict, Verdict::NotMet);
        assert_eq!(uptime(Minutes::default()).verdict, Verdict::NotEnoughData);
    }
}
