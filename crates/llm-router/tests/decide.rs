//! What holds for every decision, and the order of the gates.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use common::config::subnet::SubnetProfile;
use common::id::TaskId;
use common::outcome::DeclineReason;
use common::task::{Message, Role, Task};
use llm_router::{Conditions, Decision, MIN_OUTPUT_TOKENS, ModelCondition, ModelReadiness, check_strategies, decide};
use proptest::prelude::*;
use serde_json::json;

#[test]
fn the_first_gate_that_closes_gives_the_reason() {
    let everything_wrong = || {
        let mut conditions = conditions(vec![model(ModelReadiness::Unusable)]);
        conditions.paused = true;
        conditions.remaining = Duration::ZERO;
        (profile(1, 0.0, &["magic"]), conditions)
    };
    let reason = |profile: &SubnetProfile, conditions: &Conditions| match decide(profile, conditions, &task("hello"), 0)
    {
        Decision::Decline(reason) => Some(reason),
        Decision::Try(_) => None,
    };
    let (mut profile, mut conditions) = everything_wrong();

    assert_eq!(reason(&profile, &conditions), Some(DeclineReason::Paused));
    conditions.paused = false;
    assert_eq!(reason(&profile, &conditions), Some(DeclineReason::Profile));
    profile.prompt_strategies = vec!["magic".into(), "direct".into()];
    assert_eq!(reason(&profile, &conditions), Some(DeclineReason::Participation));
    profile.participation_rate = 1.0;
    assert_eq!(reason(&profile, &conditions), Some(DeclineReason::NoModel));
    conditions.models[0].state = ModelReadiness::Benched;
    assert_eq!(reason(&profile, &conditions), Some(DeclineReason::Breaker));
    conditions.models[0].state = ModelReadiness::Ready;
    assert_eq!(reason(&profile, &conditions), Some(DeclineReason::Deadline));
    conditions.remaining = Duration::from_secs(10);
    assert_eq!(reason(&profile, &conditions), Some(DeclineReason::TooLarge));
    profile.max_tokens_per_task = 1_000;
    assert_eq!(reason(&profile, &conditions), None);
}

#[test]
fn a_route_that_takes_no_tasks_is_declined() {
    let mut task = task("hello");
    task.route = "Ping".into();

    let decision = decide(&profile(1_000, 1.0, &["direct"]), &conditions(vec![model(ModelReadiness::Ready)]), &task, 0);

    assert_eq!(decision, Decision::Decline(DeclineReason::Profile));
}

#[test]
fn models_keep_the_order_of_the_profile_and_only_those_that_pass_get_a_plan() {
    let mut models =
        [ModelReadiness::Ready, ModelReadiness::Benched, ModelReadiness::Unusable, ModelReadiness::Ready].map(model);
    models[0].model = "v/first".to_owned().try_into().unwrap();
    models[3].model = "v/last".to_owned().try_into().unwrap();

    let decision = decide(&profile(1_000, 1.0, &["direct"]), &conditions(models.into()), &task("hello"), 0);

    let Decision::Try(plans) = decision else { panic!("{decision:?}") };
    let names: Vec<_> = plans.iter().map(|plan| plan.model.to_string()).collect();
    assert_eq!(names, ["v/first", "v/last"]);
}

#[test]
fn the_first_known_strategy_is_used_and_the_unknown_one_reported() {
    let profile = profile(1_000, 1.0, &["magic", "exact_format", "direct"]);

    let decision = decide(&profile, &conditions(vec![model(ModelReadiness::Ready)]), &task("hello"), 0);

    let Decision::Try(plans) = decision else { panic!("{decision:?}") };
    assert_eq!(plans[0].strategy.as_str(), "exact_format");
    assert_eq!(plans[0].messages.len(), 2);
    let unknown = check_strategies(&profile);
    assert_eq!(unknown.len(), 1);
    assert_eq!((unknown[0].index, unknown[0].name.as_str()), (0, "magic"));
}

#[test]
fn a_plan_shrinks_to_what_is_left_or_to_nothing() {
    let decision =
        decide(&profile(1_000, 1.0, &["direct"]), &conditions(vec![model(ModelReadiness::Ready)]), &task("hello"), 0);
    let Decision::Try(plans) = decision else { panic!("{decision:?}") };
    let plan = plans[0].clone();

    let shrunk = plan.clone().within(500).unwrap();

    assert_eq!(shrunk.max_tokens(), 500);
    assert_eq!(plan.clone().within(5_000), Some(plan.clone()));
    assert_eq!(plan.clone().within(plan.input_tokens + u64::from(MIN_OUTPUT_TOKENS) - 1), None);
}

proptest! {
    #[test]
    fn no_plan_passes_max_tokens_per_task_and_a_decline_means_no_plan(
        max_tokens_per_task in 0_u32..3_000,
        rate in prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0],
        asked in proptest::option::of(0_u32..5_000),
        prompt in ".{0,800}",
        strategy in prop_oneof![Just("direct"), Just("exact_format"), Just("step_by_step")],
        models in proptest::collection::vec(any_model(), 0..4),
        remaining_ms in 0_u64..5_000,
        paused in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let profile = profile(max_tokens_per_task, rate, &[strategy]);
        let mut conditions = conditions(models);
        conditions.paused = paused;
        conditions.remaining = Duration::from_millis(remaining_ms);
        let mut task = task(&prompt);
        task.max_tokens = asked;

        let decision = decide(&profile, &conditions, &task, seed);

        prop_assert_eq!(&decision, &decide(&profile, &conditions, &task, seed), "the same twice");
        match decision {
            Decision::Decline(reason) => {
                prop_assert!(reason != DeclineReason::Participation || rate < 1.0);
                prop_assert!(paused || rate < 1.0 || !some_model_fits(&profile, &conditions, &task));
            }
            Decision::Try(plans) => {
                prop_assert!(!paused && rate > 0.0 && !plans.is_empty());
                for plan in plans {
                    prop_assert!(plan.input_tokens == bound(&plan.messages));
                    prop_assert!(plan.max_tokens() <= u64::from(max_tokens_per_task));
                    prop_assert!(plan.max_output_tokens >= MIN_OUTPUT_TOKENS);
                    let model = conditions.models.iter().find(|model| model.model == plan.model).unwrap();
                    prop_assert!(plan.max_tokens() <= model.context_tokens);
                    prop_assert!(plan.max_output_tokens <= model.max_output_tokens);
                    prop_assert!(model.state == ModelReadiness::Ready && model.min_time <= conditions.remaining);
                    prop_assert!(plan.max_output_tokens <= asked.unwrap_or(u32::MAX).max(MIN_OUTPUT_TOKENS));
                }
            }
        }
    }
}

/// Said another way than the code: whether any model could answer with the fewest useful tokens.
fn some_model_fits(profile: &SubnetProfile, conditions: &Conditions, task: &Task) -> bool {
    let longest_instruction = 250;
    let needed = bound(&task.messages) + 16 + longest_instruction + u64::from(MIN_OUTPUT_TOKENS);
    needed <= u64::from(profile.max_tokens_per_task)
        && conditions.models.iter().any(|model| {
            model.state == ModelReadiness::Ready
                && model.min_time <= conditions.remaining
                && needed <= model.context_tokens
                && model.max_output_tokens >= MIN_OUTPUT_TOKENS
        })
}

fn bound(messages: &[Message]) -> u64 {
    messages.iter().map(|message| message.content.len() as u64 + 16).sum::<u64>() + 64
}

fn conditions(models: Vec<ModelCondition>) -> Conditions {
    Conditions { paused: false, remaining: Duration::from_secs(10), models, input_bound: bound }
}

fn model(state: ModelReadiness) -> ModelCondition {
    ModelCondition {
        model: "v/m".to_owned().try_into().unwrap(),
        state,
        context_tokens: 100_000,
        max_output_tokens: 8_000,
        min_time: Duration::from_secs(1),
    }
}

prop_compose! {
    fn any_model()(
        name in "v/[a-z]{8}",
        state in prop_oneof![
            3 => Just(ModelReadiness::Ready),
            1 => Just(ModelReadiness::Benched),
            1 => Just(ModelReadiness::Unusable),
        ],
        context_tokens in 0_u64..4_000,
        max_output_tokens in 0_u32..2_000,
        min_time_ms in 0_u64..2_000,
    ) -> ModelCondition {
        let (model, min_time) = (name.try_into().unwrap(), Duration::from_millis(min_time_ms));
        ModelCondition { model, state, context_tokens, max_output_tokens, min_time }
    }
}

fn task(prompt: &str) -> Task {
    Task {
        id: TaskId::new(1_700_000_000_000, [1; 10]),
        netuid: common::id::Netuid(1),
        caller: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap(),
        route: "Ask".into(),
        task_type: "text".into(),
        messages: vec![Message { role: Role::User, content: prompt.into() }],
        max_tokens: None,
    }
}

fn profile(max_tokens_per_task: u32, participation_rate: f64, strategies: &[&str]) -> SubnetProfile {
    serde_json::from_value(json!({
        "name": "test",
        "protocol": "synapse",
        "participation_rate": participation_rate,
        "max_tokens_per_task": max_tokens_per_task,
        "preferred_models": [],
        "prompt_strategies": strategies,
        "routes": {
            "Ask": { "action": { "task": { "prompt": { "field": "q" }, "answer": { "field": "a" } } } },
            "Ping": { "action": { "reply": {} } },
        },
    }))
    .unwrap()
}
