//! No plan passes a bound, whatever the conditions.

use std::time::Duration;

use common::decision::{DecisionOutcome, ModelReadiness};
use common::outcome::DeclineReason;
use llm_router::{Calls, Decision, MIN_OUTPUT_TOKENS};
use proptest::prelude::*;

use crate::setting::{any_class, any_model, bound, conditions, decided, policy, profile, task};

const STRATEGIES: [&str; 6] = ["direct", "exact_format", "few_shot", "step_by_step", "critic", "self_consistency"];

proptest! {
    #[test]
    fn no_plan_passes_max_tokens_per_task_and_a_decline_means_no_plan(
        max_tokens_per_task in 0_u32..9_000,
        rate in prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0],
        asked in proptest::option::of(0_u32..5_000),
        prompt in ".{0,800}",
        strategy in proptest::sample::select(STRATEGIES.to_vec()),
        first in any_model("v/a"),
        second in any_model("v/b"),
        class in any_class(),
        remaining_ms in 0_u64..9_000,
        paused in any::<bool>(),
        number in 0_u64..1_000_000,
        samples in 2_u8..=5,
    ) {
        let mut profile = profile(&["v/a", "v/b"], &[strategy]);
        profile.max_tokens_per_task = max_tokens_per_task;
        profile.participation_rate = rate;
        profile.samples = samples;
        let policy = policy(profile);
        let mut conditions = conditions(vec![first, second]);
        conditions.paused = paused;
        conditions.remaining = Duration::from_millis(remaining_ms);
        let mut task = task(number, &prompt);
        task.max_tokens = asked;

        let decided_once = decided(&policy, conditions.clone(), &task, class);

        prop_assert_eq!(&decided_once, &decided(&policy, conditions.clone(), &task, class), "the same twice");
        match decided_once.decision {
            Decision::Decline(reason) => {
                prop_assert!(reason != DeclineReason::Participation || rate < 1.0);
                prop_assert_eq!(decided_once.outcome, DecisionOutcome::Declined(reason));
            }
            Decision::Try(plans) => {
                prop_assert!(!paused && rate > 0.0 && !plans.is_empty());
                for plan in plans {
                    let calls = match &plan.calls {
                        Calls::One | Calls::Critic(_) => 1,
                        Calls::Samples(samples) => u64::from(*samples),
                    };
                    prop_assert_eq!(plan.input_tokens, bound(&plan.messages));
                    prop_assert!(plan.max_tokens() * calls <= u64::from(max_tokens_per_task));
                    prop_assert!(plan.max_output_tokens >= MIN_OUTPUT_TOKENS);
                    if let Calls::Critic(request) = &plan.calls {
                        let draft = "x".repeat(usize::try_from(plan.max_output_tokens).unwrap());
                        let second = plan.followed_by(&draft, request, bound);
                        prop_assert!(plan.max_tokens() + second.max_tokens() <= u64::from(max_tokens_per_task));
                    }
                    let model = conditions.models.iter().find(|model| model.model == plan.model).unwrap();
                    prop_assert!(plan.max_tokens() <= model.context_tokens);
                    prop_assert!(plan.max_output_tokens <= model.max_output_tokens);
                    prop_assert!(model.state == ModelReadiness::Ready);
                    prop_assert!(model.min_time_ms.max(model.median_ms.unwrap_or(0)) <= remaining_ms);
                    let thinks = !model.efforts.is_empty();
                    prop_assert!(thinks || plan.max_output_tokens <= asked.unwrap_or(u32::MAX).max(MIN_OUTPUT_TOKENS));
                }
            }
        }
    }

    #[test]
    fn a_task_that_some_model_can_answer_is_tried(
        asked in proptest::option::of(0_u32..5_000),
        strategy in proptest::sample::select(STRATEGIES.to_vec()),
        prompt in ".{0,200}",
        class in any_class(),
        first in any_model("v/a"),
    ) {
        let policy = policy(profile(&["v/a", "v/b"], &[strategy]));
        let mut task = task(1, &prompt);
        task.max_tokens = asked;

        let decided = decided(&policy, conditions(vec![first, crate::setting::model("v/b")]), &task, class);

        let is_tried = matches!(decided.decision, Decision::Try(_));
        prop_assert!(is_tried, "{:?}", decided.decision);
    }
}
