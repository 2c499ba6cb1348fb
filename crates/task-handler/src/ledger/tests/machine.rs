//! P1 for any history: reservations, settlements above and below them, drops, crashes, boots, clocks that jump and earnings
//! that come and go, against a model that adds everything up anew.

use common::config::budget::EarningsShare;
use proptest::prelude::*;

use super::earnings::brought;
use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn p1_no_history_passes_any_limit(steps in proptest::collection::vec(any_step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live_through(steps));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Reserve { tokens: u64, netuid: u16, bob: bool, keyless: bool },
    Settle { which: usize, share: Share },
    Drop { which: usize },
    Crash,
    Restart,
    Boot,
    Time { change_ms: i64 },
    Jump { by_ms: i64 },
    Confirm,
    Earn { tokens: u64, age_ms: u64 },
}

#[derive(Clone, Copy, Debug)]
enum Share {
    Nothing,
    /// In percent of the reservation; of more than 100 of it, there was no holding the vendor.
    Known(u64),
    AtLeast(u64),
    Unknown,
}

fn any_step() -> impl Strategy<Value = Step> {
    let share = prop_oneof![
        1 => Just(Share::Nothing),
        6 => (0..=100_u64).prop_map(Share::Known),
        1 => (101..300_u64).prop_map(Share::Known),
        1 => (0..200_u64).prop_map(Share::AtLeast),
        1 => Just(Share::Unknown)
    ];
    let change_ms = prop_oneof![
        4 => 0..40_000_i64,
        1 => -200_000..0_i64,
        2 => 0..90_000_000_i64,
        1 => 0..2_700_000_000_i64,
    ];
    prop_oneof![
        12 => (1..400_u64, 1..3_u16, any::<bool>(), any::<bool>())
            .prop_map(|(tokens, netuid, bob, keyless)| Step::Reserve { tokens, netuid, bob, keyless }),
        6 => (any::<usize>(), share).prop_map(|(which, share)| Step::Settle { which, share }),
        2 => any::<usize>().prop_map(|which| Step::Drop { which }),
        1 => Just(Step::Crash),
        1 => Just(Step::Restart),
        1 => Just(Step::Boot),
        6 => change_ms.prop_map(|change_ms| Step::Time { change_ms }),
        1 => (-2_000_000..2_000_000_i64).prop_map(|by_ms| Step::Jump { by_ms }),
        1 => Just(Step::Confirm),
        2 => (0..4_000_u64, 0..200_000_000_u64).prop_map(|(tokens, age_ms)| Step::Earn { tokens, age_ms }),
    ]
}

fn limits() -> Vec<budget::Limit> {
    let bob = LimitScope { validator: Some(BOB.parse().unwrap()), ..LimitScope::default() };
    let two = LimitScope { netuid: Some(Netuid(2)), vendor: Some("v".into()), ..LimitScope::default() };
    let both = LimitScope { model: Some("m".into()), ..bob.clone() };
    let key = LimitScope { key: Some("k".into()), ..LimitScope::default() };
    let floor_usd = Usd(NanoUsd(FLOOR * TOKEN_COST));
    let of_earnings = Some(EarningsShare { percent: 50, floor_usd, max_age_hours: 36 });
    vec![
        limit("minute", LimitWindow::Minute, 900),
        budget::Limit { scope: key, ..limit("key", LimitWindow::Minute, 700) },
        limit("day", LimitWindow::Day, 1_500),
        budget::Limit { max_tokens: None, of_earnings, ..limit("share", LimitWindow::Day, 0) },
        budget::Limit { scope: bob, ..limit("bob", LimitWindow::Day, 600) },
        budget::Limit { scope: two, ..money_limit("two", LimitWindow::Month, 1_300 * TOKEN_COST) },
        budget::Limit { scope: both, ..money_limit("both", LimitWindow::Total, 2_500 * TOKEN_COST) },
        limit("total", LimitWindow::Total, 6_000),
    ]
}

/// What the limit that is a share of the earnings allows in any case.
const FLOOR: u64 = 500;

/// What the model knows of a call.
#[derive(Clone, Debug)]
struct Known {
    unix_ms: u64,
    /// The bound that the caller gave.
    asked: u64,
    tokens: u64,
    /// More than was reserved: what no ledger can help.
    excess: u64,
    subject: Subject,
}

/// What the model knows.
#[derive(Default)]
struct World {
    history: Vec<Known>,
    /// How much more is reserved for each vendor, in thousandths.
    lifts: BTreeMap<&'static str, u64>,
    /// When it was reported, and for how many tokens' worth.
    earned: Option<(u64, u64)>,
    /// How far the wall clock is ahead of where it was last known to be right.
    drift_ms: i64,
    /// Whether a jump was seen and not taken back, and whether that was before a boot.
    is_doubted: bool,
    is_carried: bool,
}

async fn live_through(steps: Vec<Step>) {
    let mut bench = Bench::new(limits()).await;
    let rules: Vec<Limit> = limits().iter().map(Limit::from).collect();
    let mut world = World::default();
    let mut open: Vec<(usize, Reservation)> = Vec::new();

    for (number, step) in (1..).zip(steps) {
        match step {
            Step::Reserve { tokens, netuid, bob, keyless } => {
                let mut task = task(number);
                task.netuid = Netuid(netuid);
                task.caller = if bob { BOB } else { ALICE }.parse().unwrap();
                let (vendor, key) = if keyless { ("x", Key::None) } else { ("v", Key::Entry("k".into())) };
                let model = Model { name: format!("{vendor}/m").try_into().unwrap(), ..model() };
                let validator = task.caller.clone();
                let subject = Subject { vendor: vendor.into(), key, model: "m".into(), netuid: task.netuid, validator };
                let reserved = (tokens * world.lifts.get(vendor).unwrap_or(&1_000)).div_ceil(1_000);
                let unix_ms = world.time_ms(&bench);
                let known = Known { unix_ms, asked: tokens, tokens: reserved, excess: 0, subject };
                world.look_at_the_clock();
                let result = bench.ledger.reserve(&call(&task, &model, tokens)).await;
                let expected = rules.iter().find(|rule| !world.has_room(rule, &known));
                match (result, expected) {
                    (Err(ReserveError::Clock(_)), _) => assert!(world.is_doubted, "the clock is right"),
                    (result, _) if world.is_doubted => panic!("{result:?}, but the clock has jumped"),
                    (Ok((reservation, _permit)), None) => {
                        open.push((world.history.len(), reservation));
                        world.history.push(known);
                    }
                    (Err(ReserveError::Blocked { limit }), Some(rule)) => assert_eq!(limit, rule.name),
                    (result, expected) => panic!("{result:?}, but the model says {expected:?}"),
                }
            }
            Step::Settle { which, share } if !open.is_empty() => {
                let (index, reservation) = open.swap_remove(which % open.len());
                let reserved = world.history[index].tokens;
                let part = |percent: u64| reserved * percent / 100;
                let (billing, tokens) = match share {
                    Share::Nothing => (Billing::Nothing, 0),
                    Share::Known(percent) => (Billing::Known(output(part(percent))), part(percent)),
                    Share::AtLeast(percent) => (Billing::AtLeast(output(part(percent))), part(percent).max(reserved)),
                    Share::Unknown => (Billing::Unknown, reserved),
                };
                world.settle(index, tokens);
                reservation.settle(AttemptOutcome::Completed, billing).await;
            }
            Step::Drop { which } if !open.is_empty() => {
                drop(open.swap_remove(which % open.len()));
                bench.quiet().await;
            }
            Step::Settle { .. } | Step::Drop { .. } => {}
            Step::Crash => {
                bench = bench.killed(limits()).await;
                open.clear();
            }
            Step::Restart => {
                open.clear();
                bench = bench.restarted(limits()).await;
            }
            Step::Boot => {
                bench = bench.booted(limits()).await;
                open.clear();
                world.boot();
            }
            Step::Time { change_ms } => {
                let (now_ms, _) = bench.hands();
                bench.set_clock(now_ms.saturating_add_signed(change_ms));
            }
            Step::Jump { by_ms } => {
                bench.jump(by_ms);
                world.drift_ms += by_ms;
            }
            Step::Confirm => {
                bench.ledger.confirm_clock().await.unwrap();
                world = World { drift_ms: 0, is_doubted: false, is_carried: false, ..world };
            }
            Step::Earn { tokens, age_ms } => {
                let as_of_unix_ms = bench.hands().0.saturating_sub(age_ms);
                let is_newest = bench.ledger.report_earnings(brought(tokens, as_of_unix_ms)).await.unwrap();
                assert_eq!(is_newest, world.earned.is_none_or(|(as_of, _)| as_of <= as_of_unix_ms));
                if is_newest {
                    world.earned = Some((as_of_unix_ms, tokens));
                }
            }
        }
        world.compare(&bench, &rules).await;
    }
    assert!(bench.verify().await);
}

impl World {
    /// The time that windows are counted at.
    fn time_ms(&self, bench: &Bench) -> u64 {
        let newest = self.history.iter().map(|known| known.unix_ms).max().unwrap_or(0);
        newest.max(bench.hands().0)
    }

    fn look_at_the_clock(&mut self) {
        if self.drift_ms.abs() > 600_000 {
            self.is_doubted = true;
        } else if !self.is_carried {
            self.is_doubted = false;
        }
    }

    fn boot(&mut self) {
        self.drift_ms = 0;
        self.is_carried = self.is_doubted;
    }

    /// Whether one more call fits, by adding up the whole history.
    fn has_room(&self, rule: &Limit, asked: &Known) -> bool {
        if !rule.applies_to(&asked.subject) {
            return true;
        }
        let tokens = self.used(rule, asked.unix_ms) + asked.tokens;
        tokens <= self.most(rule, asked.unix_ms)
    }

    /// The most tokens at a time: money and tokens say the same here.
    fn most(&self, rule: &Limit, time_ms: u64) -> u64 {
        if rule.name == "share" {
            let is_fresh = |as_of: u64| as_of <= time_ms + 600_000 && time_ms <= as_of + 36 * 3_600_000;
            let earned = self.earned.filter(|(as_of, _)| is_fresh(*as_of)).map_or(0, |(_, tokens)| tokens);
            return FLOOR.max(earned / 2);
        }
        let by_cost = rule.max_cost.map_or(u64::MAX, |cost| cost.0 / TOKEN_COST);
        rule.max_tokens.unwrap_or(u64::MAX).min(by_cost)
    }

    fn settle(&mut self, index: usize, tokens: u64) {
        let known = &mut self.history[index];
        known.excess = tokens.saturating_sub(known.tokens);
        known.tokens = tokens;
        if known.excess == 0 {
            return;
        }
        let vendor = if known.subject.key == Key::None { "x" } else { "v" };
        let lift = self.lifts.entry(vendor).or_insert(1_000);
        *lift = (*lift).max((tokens * 1_000).div_ceil(known.asked).min(64_000));
    }

    fn used(&self, rule: &Limit, time_ms: u64) -> u64 {
        used(rule, &self.history, time_ms, |known| known.tokens)
    }

    async fn compare(&self, bench: &Bench, rules: &[Limit]) {
        let time_ms = self.time_ms(bench);
        let report = bench.ledger.report().await.unwrap();
        assert_eq!(report.unix_ms, time_ms);
        for (state, rule) in report.limits.iter().zip(rules) {
            let usage = &state.usage;
            let tokens = usage.settled.tokens + usage.reserved.tokens;
            let cost = usage.settled.cost.0 + usage.reserved.cost.0;
            let excess = used(rule, &self.history, time_ms, |known| known.excess);
            assert_eq!(tokens, self.used(rule, time_ms), "{}", rule.name);
            assert_eq!(cost, tokens * TOKEN_COST, "{}", rule.name);
            // A share may shrink below what was spent when it was larger.
            if rule.name != "share" {
                assert!(tokens <= self.most(rule, time_ms) + excess, "{} is passed", rule.name);
            }
        }
    }
}

fn used(rule: &Limit, history: &[Known], time_ms: u64, of: impl Fn(&Known) -> u64) -> u64 {
    let day = |unix_ms: u64| unix_ms / 86_400_000;
    let month = |unix_ms: u64| window::slot(LimitWindow::Month, unix_ms);
    let in_window = |known: &&Known| match rule.window {
        LimitWindow::Minute => known.unix_ms / 1000 + 60 >= time_ms / 1000,
        LimitWindow::Day => day(known.unix_ms) == day(time_ms),
        LimitWindow::Month => month(known.unix_ms) == month(time_ms),
        LimitWindow::Total => true,
    };
    let of_rule = history.iter().filter(|known| rule.applies_to(&known.subject));
    of_rule.filter(in_window).map(of).sum()
}
