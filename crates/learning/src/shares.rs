//! Shares of the traffic: how likely each arm is the best, and how far the shares may move.

use serde::{Deserialize, Serialize};

use crate::posterior::Posterior;
use crate::random::Random;
use crate::settings::Settings;

/// Draws that are made together.
const LANES: usize = 8;

/// One way to answer tasks of a class.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The arm.
    pub arm: u32,
    /// What an answer costs, in units of score: the price of the budget times the expected cost.
    pub penalty: f64,
    /// Whether the arm came later and has too few answers to be given more than a little.
    pub is_canary: bool,
}

/// The ways to answer tasks of a class.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The class.
    pub task: u32,
    /// The arms.
    pub candidates: Vec<Candidate>,
    /// The score of no answer, if declining is a choice.
    pub declined: Option<f64>,
}

/// How likely each candidate is the best.
#[derive(Clone, Debug, PartialEq)]
pub struct Chances {
    /// In the order of the candidates.
    pub candidates: Vec<f64>,
    /// Of declining.
    pub declined: f64,
}

/// Returns for each choice how often each candidate is the best of it in draws from the belief, spread as the settings say.
pub fn chances(
    posterior: &mut Posterior,
    choices: &[Choice],
    settings: &Settings,
    random: &mut Random,
) -> Vec<Chances> {
    let mut wins: Vec<Chances> =
        choices.iter().map(|c| Chances { candidates: vec![0.0; c.candidates.len()], declined: 0.0 }).collect();
    let rounds = (settings.draws as usize).div_ceil(LANES).max(1);
    let win = ((rounds * LANES) as f64).recip();
    for _ in 0..rounds {
        let mut draw = posterior.draw::<LANES>(settings.spread, random);
        for (choice, wins) in choices.iter().zip(&mut wins) {
            let mut best = [(f64::NEG_INFINITY, None); LANES];
            if let Some(declined) = choice.declined {
                best = [(declined, None); LANES];
            }
            for (place, candidate) in choice.candidates.iter().enumerate() {
                let scores = draw.score(choice.task, candidate.arm, random);
                for (best, score) in best.iter_mut().zip(scores) {
                    let worth = score - candidate.penalty;
                    if worth > best.0 {
                        *best = (worth, Some(place));
                    }
                }
            }
            for (_, place) in best {
                match place.and_then(|place| wins.candidates.get_mut(place)) {
                    Some(wins) => *wins += win,
                    None => wins.declined += win,
                }
            }
        }
    }
    wins
}

/// Turns chances into the shares to aim at: arms that may be the best get a little in any case, canaries no more.
#[must_use]
pub fn aim(chances: &[f64], candidates: &[Candidate], settings: &Settings) -> Vec<f64> {
    let total: f64 = chances.iter().sum();
    if total <= 0.0 {
        return vec![0.0; chances.len()];
    }
    let shares: Vec<f64> = chances.iter().map(|chance| chance / total).collect();
    let mut shares = explored(&shares, settings);
    limit_canaries(&mut shares, candidates, settings.canary);
    shares
}

/// Lifts the shares of arms that are not known to be worse, by at most the exploration's part of the traffic.
fn explored(shares: &[f64], settings: &Settings) -> Vec<f64> {
    /// What is the best in fewer draws than this is known to be worse.
    const DOMINATED: f64 = 0.002;
    let alive = shares.iter().filter(|&&share| share >= DOMINATED).count();
    if alive < 2 {
        return shares.to_vec();
    }
    let floor = settings.exploration / alive as f64;
    let lifted: Vec<f64> =
        shares.iter().map(|&share| if share >= DOMINATED { share.max(floor) } else { 0.0 }).collect();
    normalised(lifted)
}

fn limit_canaries(shares: &mut [f64], candidates: &[Candidate], most: f64) {
    let canary: Vec<bool> = candidates.iter().map(|candidate| candidate.is_canary).collect();
    let sum = |shares: &[f64], wanted: bool| -> f64 {
        shares.iter().zip(&canary).filter(|(_, is)| **is == wanted).map(|(share, _)| share).sum()
    };
    let (few, known) = (sum(shares, true), sum(shares, false));
    let established = canary.iter().filter(|is| !**is).count();
    if few <= most || established == 0 {
        return;
    }
    for (share, is_canary) in shares.iter_mut().zip(&canary) {
        if *is_canary {
            *share *= most / few;
        } else if known > 0.0 {
            *share *= (1.0 - most) / known;
        } else {
            *share = (1.0 - most) / established as f64;
        }
    }
}

/// Moves from `old` towards `aim`, by at most `bound` in total variation.
#[must_use]
pub fn step(old: &[f64], aim: &[f64], bound: f64) -> Vec<f64> {
    let distance = total_variation(old, aim);
    if distance <= bound {
        return aim.to_vec();
    }
    let part = bound / distance;
    old.iter().zip(aim).map(|(old, aim)| old + part * (aim - old)).collect()
}

/// Returns how far two sets of shares are apart: the part of the traffic that is answered otherwise.
#[must_use]
pub fn total_variation(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0
}

/// Scales to a sum of 1; equal shares if there is nothing to scale.
#[must_use]
pub fn normalised(shares: Vec<f64>) -> Vec<f64> {
    let sum: f64 = shares.iter().sum();
    let equal = (shares.len() as f64).recip();
    shares.into_iter().map(|share| if sum > 0.0 { share / sum } else { equal }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posterior::{Effect, Prior};

    fn candidate(arm: u32) -> Candidate {
        Candidate { arm, penalty: 0.0, is_canary: false }
    }

    fn choice(arms: u32) -> Choice {
        Choice { task: 0, candidates: (0..arms).map(candidate).collect(), declined: None }
    }

    fn certain(scores: &[f64]) -> Posterior {
        let mut posterior = Posterior::new(Prior::default());
        for (arm, &score) in (0..).zip(scores) {
            let cell = Effect::Cell { task: 0, arm };
            posterior.observe(&[(Effect::Task(0), 1.0), (Effect::Arm(arm), 1.0), (cell, 1.0)], score, 1e-6);
        }
        posterior
    }

    #[test]
    fn without_evidence_all_arms_are_equally_likely_the_best() {
        let mut posterior = Posterior::new(Prior::default());

        let chances = chances(
            &mut posterior,
            &[choice(4)],
            &Settings { draws: 8000, ..Settings::default() },
            &mut Random::new(1, &[]),
        );

        for chance in &chances[0].candidates {
            assert!((chance - 0.25).abs() < 0.02, "{chances:?}");
        }
    }

    #[test]
    fn the_arm_that_is_known_to_be_best_always_wins_unless_it_costs_too_much() {
        let mut posterior = certain(&[0.3, 0.8]);
        let mut dear = choice(2);
        dear.candidates[1].penalty = 0.6;

        let chances = chances(&mut posterior, &[choice(2), dear], &Settings::default(), &mut Random::new(1, &[]));

        assert!((chances[0].candidates[1] - 1.0).abs() < 1e-9, "{chances:?}");
        assert!((chances[1].candidates[0] - 1.0).abs() < 1e-9, "{chances:?}");
    }

    #[test]
    fn declining_wins_where_every_answer_is_worth_less() {
        let mut posterior = certain(&[-0.5, -0.2]);
        let choice = Choice { declined: Some(0.0), ..choice(2) };

        let chances = chances(&mut posterior, &[choice], &Settings::default(), &mut Random::new(1, &[]));

        assert!((chances[0].declined - 1.0).abs() < 1e-9, "{chances:?}");
    }

    #[test]
    fn exploration_is_bounded_and_leaves_out_what_is_known_to_be_worse() {
        let settings = Settings::default();
        let candidates: Vec<_> = (0..4).map(candidate).collect();

        let aim = aim(&[0.994, 0.003, 0.003, 0.0], &candidates, &settings);

        assert!(aim[3] == 0.0 && aim[1] > 0.005, "{aim:?}");
        assert!(aim[0] >= 1.0 - settings.exploration, "{aim:?}");
    }

    #[test]
    fn a_newcomer_gets_little_until_it_is_known() {
        let candidates = [candidate(0), Candidate { is_canary: true, ..candidate(1) }];

        let aim = aim(&[0.3, 0.7], &candidates, &Settings::default());

        assert!((aim[1] - 0.02).abs() < 1e-9 && (aim[0] - 0.98).abs() < 1e-9, "{aim:?}");
    }

    #[test]
    fn a_step_ends_at_the_aim_or_at_the_bound() {
        assert_eq!(step(&[0.5, 0.5], &[0.6, 0.4], 0.15), [0.6, 0.4]);

        let far = step(&[0.5, 0.5], &[1.0, 0.0], 0.15);

        assert!((far[0] - 0.65).abs() < 1e-12 && (far[1] - 0.35).abs() < 1e-12, "{far:?}");
    }
}
