//! Makes a budget last: the price, in score per unit of money, at which what is left suffices for what is to come.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// How many of the last requests stand for those to come.
const RECENT: usize = 256;
/// After so many requests the price is found anew.
const EVERY: u32 = 16;

/// One way to deal with a request.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Offer {
    /// What it is expected to be scored.
    pub score: f64,
    /// What it is expected to cost.
    pub cost: f64,
}

/// What is left of a budget, and for how long.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Left {
    /// What can still be spent.
    pub money: f64,
    /// How many requests are expected until it is renewed.
    pub requests: f64,
}

/// Sets the price of money by what the last requests offered.
///
/// Money is worth nothing while there is enough of it. Otherwise its price is such that the last requests, each dealt with
/// in the way that was worth most at that price, would have cost on average what is left for each one to come.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pacer {
    /// The last requests; declining is an offer too, if it is one.
    recent: VecDeque<Vec<Offer>>,
    since: u32,
    price: f64,
}

impl Pacer {
    /// Returns the price: how much more score a unit of money must buy to be spent.
    #[must_use]
    pub fn price(&self) -> f64 {
        self.price
    }

    /// Takes in what could have been done with a request. Offers that are no numbers are left out.
    pub fn note(&mut self, mut offers: Vec<Offer>, left: Left) {
        offers.retain(|offer| offer.score.is_finite() && offer.cost.is_finite());
        self.recent.push_back(offers);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        self.since += 1;
        // At first every request tells much about those to come.
        if self.since >= EVERY.min(1 + self.recent.len() as u32 / 4) {
            self.since = 0;
            self.price = self.find(left);
        }
    }

    /// The lowest price at which the last requests would have cost what is left for each to come.
    fn find(&self, left: Left) -> f64 {
        let rate = left.money.max(0.0) / left.requests.max(1.0);
        if self.spend(0.0) <= rate {
            return 0.0;
        }
        let scale = self.spend(0.0).recip();
        let (mut low, mut high) = (0.0, scale * 1e-3);
        while self.spend(high) > rate && high < scale * 1e6 {
            (low, high) = (high, high * 4.0);
        }
        for _ in 0..24 {
            let middle = f64::midpoint(low, high);
            if self.spend(middle) > rate { low = middle } else { high = middle }
        }
        high
    }

    /// What the last requests would have cost on average at a price.
    fn spend(&self, price: f64) -> f64 {
        let cost = |offers: &Vec<Offer>| {
            let worth = |offer: &&Offer| offer.score - price * offer.cost;
            offers.iter().max_by(|a, b| worth(a).total_cmp(&worth(b))).map_or(0.0, |offer| offer.cost)
        };
        self.recent.iter().map(cost).sum::<f64>() / (self.recent.len() as f64).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Spends on the offer that is worth most as long as there is money; returns score and what was spent.
    fn run(budget: f64, requests: u32, seed: u64) -> (f64, f64) {
        let mut random = Random::new(seed, &[]);
        let (mut pacer, mut spent, mut score) = (Pacer::default(), 0.0, 0.0);
        for n in 0..requests {
            let gain = random.uniform();
            let offers = vec![
                Offer { score: 0.0, cost: 0.0 },
                Offer { score: 0.2, cost: 0.1 },
                Offer { score: 0.2 + gain, cost: 1.0 },
            ];
            let worth = |offer: &&Offer| offer.score - pacer.price() * offer.cost;
            let affordable = offers.iter().filter(|offer| offer.cost <= budget - spent);
            let best = affordable.max_by(|a, b| worth(a).total_cmp(&worth(b))).copied().unwrap();
            spent += best.cost;
            score += best.score;
            pacer.note(offers, Left { money: budget - spent, requests: f64::from(requests - n - 1) });
        }
        (score, spent)
    }

    #[test]
    fn a_scarce_budget_lasts_and_buys_the_most() {
        let (score, spent) = run(1000.0 * 0.325, 1000, 1);

        // The best quarter of the gains at 1, the rest at 0.1: 0.25 * (0.2 + 0.875) + 0.75 * 0.2 a request.
        assert!(spent <= 325.0 && spent > 320.0, "{spent}");
        assert!((score - 418.75).abs() < 15.0, "{score}");
    }

    #[test]
    fn plenty_of_money_has_no_price() {
        let mut pacer = Pacer::default();

        for _ in 0..100 {
            pacer.note(vec![Offer { score: 1.0, cost: 1.0 }], Left { money: 1000.0, requests: 100.0 });
        }

        assert!(pacer.price() == 0.0, "{}", pacer.price());
    }

    #[test]
    fn without_money_nothing_is_worth_its_cost() {
        let mut pacer = Pacer::default();

        let offers = vec![Offer { score: 0.0, cost: 0.0 }, Offer { score: 0.9, cost: 0.001 }];
        pacer.note(offers, Left { money: 0.0, requests: 100.0 });

        assert!(0.9 - pacer.price() * 0.001 <= 0.0, "{}", pacer.price());
    }

    #[test]
    fn offers_that_are_no_numbers_are_left_out() {
        let mut pacer = Pacer::default();

        pacer.note(vec![Offer { score: f64::NAN, cost: 1.0 }], Left { money: 0.0, requests: 1.0 });

        assert!(pacer.price() == 0.0, "{}", pacer.price());
    }
}
