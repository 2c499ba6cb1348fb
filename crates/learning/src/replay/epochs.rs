//! A replay where each validator says one number per epoch: the mean of what it was answered, with noise.

use super::immediate::request;
use super::player::{Player, Request};
use super::purse::Purse;
use super::run::{Epochs, Plan, Played};
use super::strategic::Strategic;
use super::stream::Stream;
use crate::evidence::{Answers, Evidence};
use crate::random::Random;

/// Standard deviation of what a validator's number is off.
const NOISE: f64 = 0.02;

/// Players that want a reward for each answer are given the validator's mean for each.
pub(crate) fn play_naive(stream: &Stream<'_>, plan: &Plan, epochs: Epochs, player: &mut dyn Player) -> Played {
    let mut random = Random::new(plan.seed, &[2]);
    let mut noise = Random::new(plan.seed, &[3]);
    let mut purse = Purse::new(stream.table, plan.budget);
    let mut played = Played::new(stream.len());
    for epoch in 0..epochs.epochs {
        let mut books: Vec<Vec<(Request<'_>, usize, f64)>> = vec![Vec::new(); epochs.validators];
        for place in epochs.places(epoch) {
            let Some(request) = request(stream, place, &purse) else { continue };
            let chosen = player.choose(&request, &mut random);
            let chosen = chosen.filter(|arm| request.affordable.get(*arm).copied().unwrap_or(false));
            match chosen.and_then(|arm| Some((arm, stream.outcome(place, arm)?))) {
                Some((arm, outcome)) => {
                    purse.pay(request.row, arm, outcome);
                    played.answer(place, outcome.reward);
                    if let Some(book) = books.get_mut(place % epochs.validators) {
                        book.push((request, arm, outcome.reward));
                    }
                }
                None => played.decline(place, plan.declined),
            }
        }
        for book in books.iter().filter(|book| !book.is_empty()) {
            let mean = book.iter().map(|(_, _, reward)| reward).sum::<f64>() / book.len() as f64;
            let told = mean + NOISE * noise.normal();
            book.iter().for_each(|(request, arm, _)| player.learn(request, *arm, told));
        }
        if player.end_epoch() {
            played.alarms.push(epoch);
        }
    }
    played.spent = purse.spent();
    played
}

/// The strategist draws one arm per validator, class and epoch, and is told the validators' numbers only.
pub(crate) fn play_strategic(stream: &Stream<'_>, plan: &Plan, epochs: Epochs) -> Played {
    let mut noise = Random::new(plan.seed, &[3]);
    let mut purse = Purse::new(stream.table, plan.budget);
    let mut played = Played::new(stream.len());
    let mut strategic = Strategic::new(stream.table, plan, epochs);
    for epoch in 0..epochs.epochs {
        strategic.begin(epoch);
        let mut books: Vec<Vec<(Answers, f64)>> = vec![Vec::new(); epochs.validators];
        for place in epochs.places(epoch) {
            let Some(request) = request(stream, place, &purse) else { continue };
            let validator = place % epochs.validators;
            let chosen = strategic.choose(&request, validator);
            let chosen = chosen.filter(|arm| request.affordable.get(*arm).copied().unwrap_or(false));
            match chosen.and_then(|arm| Some((arm, stream.outcome(place, arm)?))) {
                Some((arm, outcome)) => {
                    purse.pay(request.row, arm, outcome);
                    played.answer(place, outcome.reward);
                    if let Some(book) = books.get_mut(validator) {
                        let (task, arm) = (request.row.class as u32, arm as u32);
                        book.push((Answers { task, arm, count: 1 }, outcome.reward));
                    }
                }
                None => played.decline(place, plan.declined),
            }
        }
        for (validator, book) in (0..).zip(books).filter(|(_, book)| !book.is_empty()) {
            let mean = book.iter().map(|(_, reward)| reward).sum::<f64>() / book.len() as f64;
            let answers = book.into_iter().map(|(answers, _)| answers).collect();
            let score = mean + NOISE * noise.normal();
            strategic.hear(Evidence { epoch: epoch as u64, validator, answers, score });
        }
        if strategic.end(epoch) {
            played.alarms.push(epoch);
        }
    }
    played.spent = purse.spent();
    played
}
