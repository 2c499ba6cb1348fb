//! P1 for any history: random reservations, settlements, drops, crashes and clock changes against a model of ten lines.

use proptest::prelude::*;

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
    Reserve { tokens: u64, netuid: u16, bob: bool },
    Settle { which: usize, share: Share },
    Drop { which: usize },
    Crash,
    Clock { change_ms: i64 },
}

#[derive(Clone, Copy, Debug)]
enum Share {
    Nothing,
    Known(u64),
    Unknown,
}

fn any_step() -> impl Strategy<Value = Step> {
    let share = prop_oneof![Just(Share::Nothing), (0..=100_u64).prop_map(Share::Known), Just(Share::Unknown)];
    let change_ms = prop_oneof![
        4 => 0..40_000_i64,
        1 => -200_000..0_i64,
        2 => 0..90_000_000_i64,
        1 => 0..2_700_000_000_i64,
    ];
    prop_oneof![
        6 => (1..400_u64, 1..3_u16, any::<bool>())
            .prop_map(|(tokens, netuid, bob)| Step::Reserve { tokens, netuid, bob }),
        3 => (any::<usize>(), share).prop_map(|(which, share)| Step::Settle { which, share }),
        1 => any::<usize>().prop_map(|which| Step::Drop { which }),
        1 => Just(Step::Crash),
        3 => change_ms.prop_map(|change_ms| Step::Clock { change_ms }),
    ]
}

fn limits() -> Vec<budget::Limit> {
    let bob = LimitScope { validator: Some(BOB.parse().unwrap()), ..LimitScope::default() };
    let two = LimitScope { netuid: Some(Netuid(2)), vendor: Some("v".into()), ..LimitScope::default() };
    let both = LimitScope { model: Some("m".into()), ..bob.clone() };
    vec![
        limit("minute", LimitWindow::Minute, 700),
        limit("day", LimitWindow::Day, 1_500),
        budget::Limit { scope: bob, ..limit("bob", LimitWindow::Day, 600) },
        budget::Limit { scope: two, ..money_limit("two", LimitWindow::Month, 1_300 * TOKEN_COST) },
        budget::Limit { scope: both, ..money_limit("both", LimitWindow::Total, 2_500 * TOKEN_COST) },
        limit("total", LimitWindow::Total, 6_000),
    ]
}

/// What the model knows of a call.
#[derive(Clone, Debug)]
struct Known {
    unix_ms: u64,
    tokens: u64,
    subject: Subject,
}

async fn live_through(steps: Vec<Step>) {
    let mut bench = Bench::new(limits()).await;
    let rules: Vec<Limit> = limits().iter().map(Limit::from).collect();
    let mut history: Vec<Known> = Vec::new();
    let mut open: Vec<(usize, Reservation)> = Vec::new();

    for (number, step) in (1..).zip(steps) {
        match step {
            Step::Reserve { tokens, netuid, bob } => {
                let mut task = task(number);
                task.netuid = Netuid(netuid);
                task.caller = if bob { BOB } else { ALICE }.parse().unwrap();
                let subject = Subject {
                    vendor: "v".into(),
                    model: "m".into(),
                    netuid: task.netuid,
                    validator: task.caller.clone(),
                };
                let newest = history.iter().map(|known| known.unix_ms).max().unwrap_or(0);
                let known = Known { unix_ms: newest.max(bench.now.load(Ordering::Relaxed)), tokens, subject };
                let result = bench.ledger.reserve(&call(&task, &model(), tokens)).await;
                let expected = rules.iter().find(|rule| !has_room(rule, &history, &known));
                match (result, expected) {
                    (Ok((reservation, _permit)), None) => {
                        open.push((history.len(), reservation));
                        history.push(known);
                    }
                    (Err(ReserveError::Blocked { limit }), Some(rule)) => assert_eq!(limit, rule.name),
                    (result, expected) => panic!("{result:?}, but the model says {expected:?}"),
                }
            }
            Step::Settle { which, share } if !open.is_empty() => {
                let (index, reservation) = open.swap_remove(which % open.len());
                let known = &mut history[index];
                let (billing, tokens) = match share {
                    Share::Nothing => (Billing::Nothing, 0),
                    Share::Known(percent) => {
                        let tokens = known.tokens * percent / 100;
                        (Billing::Known(output(tokens)), tokens)
                    }
                    Share::Unknown => (Billing::Unknown, known.tokens),
                };
                known.tokens = tokens;
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
            Step::Clock { change_ms } => {
                bench.set_clock(bench.now.load(Ordering::Relaxed).saturating_add_signed(change_ms));
            }
        }
        compare(&bench, &rules, &history).await;
    }
}

/// Whether one more call fits, by adding up the whole history.
fn has_room(rule: &Limit, history: &[Known], asked: &Known) -> bool {
    if !rule.applies_to(&asked.subject) {
        return true;
    }
    let tokens = used(rule, history, asked.unix_ms) + asked.tokens;
    tokens <= rule.max_tokens.unwrap_or(u64::MAX)
        && tokens * TOKEN_COST <= rule.max_cost.map_or(u64::MAX, |cost| cost.0)
}

fn used(rule: &Limit, history: &[Known], time_ms: u64) -> u64 {
    let day = |unix_ms: u64| unix_ms / 86_400_000;
    let month = |unix_ms: u64| window::slot(LimitWindow::Month, unix_ms);
    let in_window = |known: &&Known| match rule.window {
        LimitWindow::Minute => known.unix_ms / 1000 + 60 >= time_ms / 1000,
        LimitWindow::Day => day(known.unix_ms) == day(time_ms),
        LimitWindow::Month => month(known.unix_ms) == month(time_ms),
        LimitWindow::Total => true,
    };
    let of_rule = history.iter().filter(|known| rule.applies_to(&known.subject));
    of_rule.filter(in_window).map(|known| known.tokens).sum()
}

async fn compare(bench: &Bench, rules: &[Limit], history: &[Known]) {
    let newest = history.iter().map(|known| known.unix_ms).max().unwrap_or(0);
    let time_ms = newest.max(bench.now.load(Ordering::Relaxed));
    for (usage, rule) in bench.ledger.limits().await.unwrap().iter().zip(rules) {
        let tokens = usage.settled.tokens + usage.reserved.tokens;
        let cost = usage.settled.cost.0 + usage.reserved.cost.0;
        assert_eq!(tokens, used(rule, history, time_ms), "{}", rule.name);
        assert_eq!(cost, tokens * TOKEN_COST, "{}", rule.name);
        assert!(tokens <= rule.max_tokens.unwrap_or(u64::MAX), "{} is passed", rule.name);
        assert!(cost <= rule.max_cost.map_or(u64::MAX, |cost| cost.0), "{} is passed", rule.name);
    }
}
