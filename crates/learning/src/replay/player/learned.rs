//! The learner where every answer's reward is heard at once: the same belief, the same watch for changes, the same pacing.

use super::{Player, Request};
use crate::cusum::Cusum;
use crate::learner::TUNE_EVERY;
use crate::noise::Record;
use crate::pacing::{Offer, Pacer};
use crate::posterior::{Effect, Posterior};
use crate::random::Random;
use crate::settings::Settings;

/// Answers after which the watch for changes looks at their sum.
const BLOCK: u32 = 72;
/// Answers that the expected variance counts for before the first.
const BENEFIT_OF_DOUBT: f64 = 50.0;
/// What is kept of the record of the variance from answer to answer.
const KEEP: f64 = 0.999;

/// The player.
#[derive(Debug)]
pub(crate) struct Learned {
    settings: Settings,
    posterior: Posterior,
    pacer: Pacer,
    declined: f64,
    block: Block,
    cusum: Cusum,
    noise: Record,
    blocks: u64,
    noticed: bool,
}

/// The surprises since the watch looked last.
#[derive(Debug, Default)]
struct Block {
    answers: u32,
    difference: f64,
    variance: f64,
}

impl Learned {
    pub(crate) fn new(settings: Settings, declined: f64) -> Self {
        Self {
            settings,
            posterior: Posterior::new(settings.prior),
            pacer: Pacer::default(),
            declined,
            block: Block::default(),
            cusum: Cusum::default(),
            noise: Record::default(),
            blocks: 0,
            noticed: false,
        }
    }
}

/// The effects that an answer's score is the sum of.
fn weights(class: usize, arm: usize) -> [(Effect, f64); 3] {
    let (task, arm) = (class as u32, arm as u32);
    [(Effect::Task(task), 1.0), (Effect::Arm(arm), 1.0), (Effect::Cell { task, arm }, 1.0)]
}

impl Player for Learned {
    fn choose(&mut self, request: &Request<'_>, random: &mut Random) -> Option<usize> {
        let class = request.row.class as u32;
        let mut draw = self.posterior.draw::<1>(self.settings.spread, random);
        let drawn = |(arm, &cost): (usize, &f64)| {
            let [score] = draw.score(class, arm as u32, random);
            Offer { score, cost }
        };
        let mut offers: Vec<Offer> = request.costs.iter().enumerate().map(drawn).collect();
        let worth = |offer: &Offer| offer.score - self.pacer.price() * offer.cost;
        let chosen = super::best(offers.iter().map(worth), &request.affordable);
        // Without a budget nothing is gained by declining.
        let chosen = chosen.filter(|&arm| {
            request.left.is_none() || offers.get(arm).is_some_and(|offer| worth(offer) >= self.declined)
        });
        if let Some(left) = request.left {
            offers.push(Offer { score: self.declined, cost: 0.0 });
            self.pacer.note(offers, left);
        }
        chosen
    }

    fn learn(&mut self, request: &Request<'_>, arm: usize, reward: f64) {
        let weights = weights(request.row.class, arm);
        let expected = self.posterior.estimate(&weights);
        let expected_variance = self.settings.variance(expected.mean, 1);
        let variance = expected_variance * self.noise.variance(1.0, BENEFIT_OF_DOUBT);
        let square = (reward - expected.mean).powi(2) - expected.deviation.powi(2);
        self.noise.note(square / expected_variance, KEEP);
        self.block.answers += 1;
        self.block.difference += reward - expected.mean;
        self.block.variance += expected.deviation.powi(2) + variance;
        self.posterior.observe(&weights, reward, variance);
        if self.block.answers < BLOCK {
            return;
        }
        let block = std::mem::take(&mut self.block);
        let (cusum, change) = self.cusum.next(block.difference / block.variance.sqrt(), self.settings.vigilance);
        self.cusum = cusum;
        self.noticed |= change.is_some();
        self.posterior.forget(if change.is_some() { self.settings.keep_on_change } else { self.settings.keep });
        self.blocks += 1;
        if self.blocks.is_multiple_of(TUNE_EVERY) {
            self.posterior.tune();
        }
    }

    fn end_epoch(&mut self) -> bool {
        std::mem::take(&mut self.noticed)
    }
}
