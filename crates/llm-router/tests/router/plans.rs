//! What plans say.

use common::config::miner::Effort;
use common::strategy::{Arm, TaskClass};
use common::task::Role;
use llm_router::{Calls, MIN_OUTPUT_TOKENS, Policy};

use crate::setting::{arm, bound, conditions, decided, model, plans, policy, profile, profiles, revision, task};

#[test]
fn a_plan_shrinks_to_what_is_left_or_to_nothing() {
    let policy = policy(profile(&["v/m"], &["direct"]));
    let plan = plans(decided(&policy, conditions(vec![model("v/m")]), &task(1, "hello"), TaskClass::Chat)).remove(0);

    let shrunk = plan.clone().within(500).unwrap();

    assert_eq!(shrunk.max_tokens(), 500);
    assert_eq!(plan.clone().within(5_000), Some(plan.clone()));
    assert_eq!(plan.clone().within(plan.input_tokens + u64::from(MIN_OUTPUT_TOKENS) - 1), None);
}

#[test]
fn a_critic_asks_twice_and_both_calls_fit() {
    let policy = policy(profile(&["v/m"], &["critic"]));

    let plan = plans(decided(&policy, conditions(vec![model("v/m")]), &task(1, "hello"), TaskClass::Chat)).remove(0);

    let Calls::Critic(request) = &plan.calls else { panic!("{:?}", plan.calls) };
    let draft = "x".repeat(usize::try_from(plan.max_output_tokens).unwrap());
    let second = plan.followed_by(&draft, request, bound);
    assert_eq!(second.messages.len(), 3);
    assert_eq!((second.messages[1].role, second.messages[1].content.as_str()), (Role::Assistant, draft.as_str()));
    assert_eq!(second.messages[2].content, *request);
    assert!(plan.max_tokens() + second.max_tokens() <= 4_000);
    assert_eq!(second.calls, Calls::One);
}

#[test]
fn samples_share_the_tasks_tokens() {
    let policy = policy(profile(&["v/m"], &["self_consistency"]));

    let plan = plans(decided(&policy, conditions(vec![model("v/m")]), &task(1, "2+2?"), TaskClass::Math)).remove(0);

    assert_eq!(plan.calls, Calls::Samples(3));
    assert!(plan.max_tokens() * 3 <= 4_000);
}

#[test]
fn several_calls_become_one_where_there_is_no_time_no_room_or_no_use() {
    let of = |strategy: &str,
              class,
              change: &dyn Fn(&mut common::config::subnet::SubnetProfile, &mut llm_router::Conditions)| {
        let mut profile = profile(&["v/m"], &[strategy]);
        let mut conditions = conditions(vec![model("v/m")]);
        change(&mut profile, &mut conditions);
        plans(decided(&policy(profile), conditions, &task(1, "hello"), class)).remove(0).strategy.as_str().to_owned()
    };

    assert_eq!(of("critic", TaskClass::Chat, &|_, _| ()), "critic");
    assert_eq!(of("critic", TaskClass::Chat, &|_, conditions| conditions.models[0].median_ms = Some(6_000)), "direct");
    assert_eq!(of("critic", TaskClass::Chat, &|profile, _| profile.max_tokens_per_task = 700), "direct");
    assert_eq!(of("self_consistency", TaskClass::Chat, &|_, _| ()), "direct", "two texts are hardly ever the same");
    assert_eq!(of("step_by_step", TaskClass::Math, &|_, _| ()), "step_by_step");
    assert_eq!(of("step_by_step", TaskClass::Translation, &|_, _| ()), "direct");
    let thinks = |_: &mut _, conditions: &mut llm_router::Conditions| {
        conditions.models[0].efforts = vec![Effort::Low, Effort::High];
    };
    assert_eq!(of("step_by_step", TaskClass::Math, &thinks), "direct", "it thinks anyway");
}

#[test]
fn examples_stand_before_the_question() {
    let policy = policy(profile(&["v/m"], &["few_shot"]));

    let plan = plans(decided(&policy, conditions(vec![model("v/m")]), &task(1, "3+4?"), TaskClass::Math)).remove(0);

    let said: Vec<_> = plan.messages.iter().map(|message| (message.role, message.content.as_str())).collect();
    assert_eq!(said[0].0, Role::System);
    assert_eq!(said[1..], [(Role::User, "1+1?"), (Role::Assistant, "2"), (Role::User, "3+4?")]);
}

#[test]
fn thinking_comes_on_top_of_what_the_validator_asks_for() {
    let of = |effort, asked: Option<u32>, per_task: u32| {
        let mut profile = profile(&["v/m"], &["direct"]);
        profile.max_tokens_per_task = per_task;
        let arm = Arm { effort, ..arm("v/m", "direct") };
        let policy = Policy::new(revision(vec![arm], &[1.0], 0), &profiles(profile), bound).unwrap();
        let mut conditions = conditions(vec![model("v/m")]);
        conditions.models[0].max_output_tokens = 50_000;
        conditions.models[0].efforts = vec![Effort::None, Effort::Low, Effort::High];
        let mut task = task(1, "hello");
        task.max_tokens = asked;
        let plan = plans(decided(&policy, conditions, &task, TaskClass::Chat)).remove(0);
        (plan.effort, plan.max_output_tokens)
    };

    assert_eq!(of(Some(Effort::High), Some(100), 20_000), (Some(Effort::High), 8_292));
    assert_eq!(of(Some(Effort::Low), Some(100), 20_000), (Some(Effort::Low), 1_124));
    assert_eq!(of(Some(Effort::None), Some(100), 20_000), (Some(Effort::None), 100));
    assert_eq!(of(Some(Effort::High), Some(100), 4_000), (Some(Effort::Low), 1_124), "less thinking, room to answer");
    assert_eq!(of(Some(Effort::High), None, 1_200), (Some(Effort::None), 1_200 - 85));
    assert_eq!(of(None, Some(100), 20_000), (None, 1_124), "told nothing, it may think as usual");
}

#[test]
fn ahead_of_the_budgets_pace_an_answer_gets_twice_its_usual_length() {
    let policy = policy(profile(&["v/m"], &["direct"]));
    let cap = |elapsed| {
        let mut conditions = conditions(vec![model("v/m")]);
        conditions.models[0].usual_output_tokens = Some(200);
        conditions.windows = vec![common::decision::WindowFacts {
            limit: "daily".into(),
            tokens_left: Some(50_000),
            cost_left: None,
            used_share: 0.5,
            elapsed_share: Some(elapsed),
        }];
        plans(decided(&policy, conditions, &task(1, "hello"), TaskClass::Chat))[0].max_output_tokens
    };

    assert_eq!(cap(0.5), 4_000 - 85);
    assert_eq!(cap(0.1), 400);
}
