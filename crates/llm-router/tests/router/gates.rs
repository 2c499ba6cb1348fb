//! Who and what is answered at all.

use std::time::Duration;

use common::config::answering::Respond;
use common::decision::{ModelReadiness, WindowFacts};
use common::money::NanoUsd;
use common::outcome::DeclineReason;
use common::strategy::{CallerFacts, TaskClass};
use llm_router::{Policy, check_strategies};

use crate::setting::{
    ALICE, NETUID, arm, bound, conditions, decided, model, policy, profile, profiles, reason, revision, task,
};

#[test]
fn the_first_gate_that_closes_gives_the_reason() {
    let mut profile = profile(&["v/m"], &["magic"]);
    profile.participation_rate = 0.0;
    profile.max_tokens_per_task = 1;
    profile.respond.min_worth = 0.5;
    let mut conditions = conditions(vec![model("v/m")]);
    conditions.paused = true;
    conditions.remaining = Duration::ZERO;
    conditions.models[0].state = ModelReadiness::Unusable;
    conditions.windows = vec![window(1.0, Some(0.5))];
    let caller = CallerFacts { validator: ALICE.parse().unwrap(), stake_share: 0.01, relative_weight: None };
    let mut stranger = revision(vec![arm("v/m", "magic")], &[1.0], 0);
    stranger.subnets.get_mut(&NETUID).unwrap().callers = vec![caller];
    let reason = |stranger: &common::strategy::Revision, profile: &_, conditions: &llm_router::Conditions| {
        let policy = Policy::new(stranger.clone(), &profiles(Clone::clone(profile)), bound).unwrap();
        reason(decided(&policy, conditions.clone(), &task(1, "hello"), TaskClass::Chat))
    };

    assert_eq!(reason(&stranger, &profile, &conditions), Some(DeclineReason::Paused));
    conditions.paused = false;
    assert_eq!(reason(&stranger, &profile, &conditions), Some(DeclineReason::Profile));
    stranger.subnets.get_mut(&NETUID).unwrap().arms[0].strategy = "direct".into();
    assert_eq!(reason(&stranger, &profile, &conditions), Some(DeclineReason::Participation));
    profile.participation_rate = 1.0;
    assert_eq!(reason(&stranger, &profile, &conditions), Some(DeclineReason::Worth));
    profile.respond.min_worth = 0.0;
    assert_eq!(reason(&stranger, &profile, &conditions), Some(DeclineReason::Budget { limit: "daily".into() }));
    conditions.windows.clear();
    assert_eq!(reason(&stranger, &profile, &conditions), Some(DeclineReason::NoModel));
    conditions.models[0].state = ModelReadiness::Benched;
    assert_eq!(reason(&stranger, &profile, &conditions), Some(DeclineReason::Breaker));
    conditions.models[0].state = ModelReadiness::Ready;
    assert_eq!(reason(&stranger, &profile, &conditions), Some(DeclineReason::Deadline));
    conditions.remaining = Duration::from_secs(10);
    assert_eq!(reason(&stranger, &profile, &conditions), Some(DeclineReason::TooLarge));
    profile.max_tokens_per_task = 1_000;
    assert_eq!(reason(&stranger, &profile, &conditions), None);
}

#[test]
fn a_route_that_takes_no_tasks_is_declined() {
    let policy = policy(profile(&["v/m"], &["direct"]));

    for route in ["Ping", "Nothing"] {
        let mut task = task(1, "hello");
        task.route = route.into();

        let decided = decided(&policy, conditions(vec![model("v/m")]), &task, TaskClass::Chat);

        assert_eq!(reason(decided), Some(DeclineReason::Profile));
    }
}

#[test]
fn a_model_whose_latest_calls_took_too_long_is_not_asked() {
    let policy = policy(profile(&["v/slow", "v/fast"], &["direct"]));
    let mut models = vec![model("v/slow"), model("v/fast")];
    models[0].median_ms = Some(10_001);
    models[1].median_ms = Some(10_000);

    let plans = crate::setting::plans(decided(&policy, conditions(models), &task(1, "hello"), TaskClass::Chat));

    assert_eq!(plans.iter().map(|plan| plan.model.to_string()).collect::<Vec<_>>(), ["v/fast"]);
}

#[test]
fn a_validator_of_little_stake_or_weight_is_worth_less() {
    let outcome = |stake_share: f64, relative_weight: Option<f64>, min_worth: f64| {
        let mut profile = profile(&["v/m"], &["direct"]);
        profile.respond = Respond { min_worth, full_stake_share: 0.1, ..Respond::default() };
        let mut revision = revision(vec![arm("v/m", "direct")], &[1.0], 0);
        let caller = CallerFacts { validator: ALICE.parse().unwrap(), stake_share, relative_weight };
        revision.subnets.get_mut(&NETUID).unwrap().callers = vec![caller];
        let policy = Policy::new(revision, &profiles(profile), bound).unwrap();
        reason(decided(&policy, conditions(vec![model("v/m")]), &task(1, "hello"), TaskClass::Chat))
    };

    assert_eq!(outcome(0.1, Some(1.0), 1.0), None);
    assert_eq!(outcome(0.1, None, 1.0), None, "it has not rated anybody yet");
    assert_eq!(outcome(0.05, Some(1.0), 0.6), Some(DeclineReason::Worth));
    assert_eq!(outcome(0.5, Some(0.5), 0.6), Some(DeclineReason::Worth));
    assert_eq!(outcome(0.1, Some(0.0), 0.25), None, "a validator may come to rate us");
}

#[test]
fn little_worth_is_declined_first_where_the_budget_is_used_ahead_of_time() {
    let outcome = |stake_share: f64, decline_price: f64, used: f64, elapsed: Option<f64>| {
        let mut profile = profile(&["v/m"], &["direct"]);
        profile.respond = Respond { decline_price, ..Respond::default() };
        let mut revision = revision(vec![arm("v/m", "direct")], &[1.0], 0);
        let caller = CallerFacts { validator: ALICE.parse().unwrap(), stake_share, relative_weight: None };
        revision.subnets.get_mut(&NETUID).unwrap().callers = vec![caller];
        let policy = Policy::new(revision, &profiles(profile), bound).unwrap();
        let mut conditions = conditions(vec![model("v/m")]);
        conditions.windows = vec![WindowFacts { tokens_left: Some(90_000), ..window(used, elapsed) }];
        reason(decided(&policy, conditions, &task(1, "hello"), TaskClass::Chat))
    };

    assert_eq!(outcome(0.01, 0.0, 0.5, Some(0.45)), None, "within the slack");
    assert_eq!(outcome(0.01, 0.0, 0.9, Some(0.2)), Some(DeclineReason::Worth));
    assert_eq!(outcome(0.01, 3.0, 0.9, Some(0.2)), None, "declining costs more");
    assert_eq!(outcome(1.0, 1.0, 1.0, Some(0.0)), None, "the most worth is answered as long as there is budget");
    assert_eq!(outcome(0.01, 0.0, 0.9, None), None, "a window without an end has no pace");
}

#[test]
fn a_limit_without_room_for_the_smallest_call_declines() {
    let policy = policy(profile(&["v/m"], &["direct"]));
    let outcome = |window: WindowFacts| {
        let mut conditions = conditions(vec![model("v/m")]);
        conditions.windows = vec![window];
        reason(decided(&policy, conditions, &task(1, "hello"), TaskClass::Chat))
    };
    let smallest = 64 + 16 + 5 + 64;
    let full = Some(DeclineReason::Budget { limit: "daily".into() });

    assert_eq!(outcome(WindowFacts { tokens_left: Some(smallest), ..window(0.9, None) }), None);
    assert_eq!(outcome(WindowFacts { tokens_left: Some(smallest - 1), ..window(0.9, None) }), full);
    let broke = WindowFacts { tokens_left: None, cost_left: Some(NanoUsd(0)), ..window(1.0, None) };
    assert_eq!(outcome(broke), full);
}

#[test]
fn strategies_that_cannot_be_used_are_named() {
    let mut profile = profile(&["v/m"], &["direct", "magic", "few_shot"]);
    profile.few_shot.clear();

    let errors = check_strategies(&profile);

    assert_eq!(errors.iter().map(llm_router::StrategyError::index).collect::<Vec<_>>(), [1, 2]);
    assert!(errors[0].to_string().starts_with("there is no strategy `magic`; there are direct, exact_format"));
    assert!(errors[1].to_string().contains("give the profile some under `few_shot`"));
}

fn window(used_share: f64, elapsed_share: Option<f64>) -> WindowFacts {
    WindowFacts { limit: "daily".into(), tokens_left: Some(0), cost_left: None, used_share, elapsed_share }
}
