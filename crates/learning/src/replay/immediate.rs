//! A replay where the reward of each answer is heard at once.

use super::player::{Player, Request};
use super::purse::Purse;
use super::run::{Plan, Played};
use super::stream::Stream;
use crate::random::Random;

/// Answers after which players are asked whether they noticed a change, as in an epoch.
pub(crate) const BLOCK: usize = 72;

pub(crate) fn play(stream: &Stream<'_>, plan: &Plan, player: &mut dyn Player) -> Played {
    let mut random = Random::new(plan.seed, &[2]);
    let mut purse = Purse::new(stream.table, plan.budget);
    let mut played = Played::new(stream.len());
    for place in 0..stream.len() {
        let Some(request) = request(stream, place, &purse) else { continue };
        let chosen = player.choose(&request, &mut random);
        let chosen = chosen.filter(|arm| request.affordable.get(*arm).copied().unwrap_or(false));
        match chosen.and_then(|arm| Some((arm, stream.outcome(place, arm)?))) {
            Some((arm, outcome)) => {
                purse.pay(request.row, arm, outcome);
                played.answer(place, outcome.reward);
                player.learn(&request, arm, outcome.reward);
            }
            None => played.decline(place, plan.declined),
        }
        if (place + 1) % BLOCK == 0 && player.end_epoch() {
            played.alarms.push(place / BLOCK);
        }
    }
    played.spent = purse.spent();
    played
}

/// Shows a prompt to a player.
pub(crate) fn request<'a>(stream: &Stream<'a>, place: usize, purse: &Purse) -> Option<Request<'a>> {
    let row = stream.row(place)?;
    Some(Request {
        row,
        costs: purse.expect(row),
        affordable: purse.affordable(),
        left: purse.left(stream.len() - place),
        hindsight: (0..stream.table.arms.len())
            .filter_map(|arm| stream.outcome(place, arm).map(|outcome| outcome.reward))
            .collect(),
        changed: stream.is_changed(place),
    })
}
