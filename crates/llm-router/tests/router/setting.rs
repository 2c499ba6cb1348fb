//! A subnet, a task and conditions that tests change.

use std::time::Duration;

use common::config::subnet::{SubnetProfile, SubnetProfiles};
use common::decision::{ModelFacts, ModelReadiness};
use common::id::{Netuid, TaskId};
use common::outcome::DeclineReason;
use common::strategy::{Arm, ArmShare, EpochClock, FORMAT, Revision, ShareTable, SubnetStrategy, TaskClass};
use common::task::{Message, Role, Task};
use llm_router::{Classified, Conditions, Decided, Decision, Plan, Policy, decide, prior};
use proptest::prelude::*;
use serde_json::json;

pub(crate) const NETUID: Netuid = Netuid(1);
pub(crate) const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
pub(crate) const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
pub(crate) const SYSTEM: &str = "Be brief.";

pub(crate) fn bound(messages: &[Message]) -> u64 {
    messages.iter().map(|message| message.content.len() as u64 + 16).sum::<u64>() + 64
}

pub(crate) fn profile(models: &[&str], strategies: &[&str]) -> SubnetProfile {
    let task = |form: &str| json!({ "task": { "prompt": { "field": "q" }, "answer": { "field": "a", "as": form } } });
    let mut with_system = task("text");
    with_system["task"]["system"] = json!(SYSTEM);
    serde_json::from_value(json!({
        "name": "test",
        "protocol": "synapse",
        "max_tokens_per_task": 4_000,
        "preferred_models": models,
        "prompt_strategies": strategies,
        "few_shot": [{ "question": "1+1?", "answer": "2" }],
        "routes": {
            "Ask": { "action": task("text") },
            "Told": { "action": with_system },
            "Json": { "action": task("json") },
            "Number": { "action": task("integer") },
            "Ping": { "action": { "reply": {} } },
        },
    }))
    .unwrap()
}

pub(crate) fn profiles(profile: SubnetProfile) -> SubnetProfiles {
    SubnetProfiles { version: 1, subnets: [(NETUID, profile)].into() }
}

/// Follows the profile.
pub(crate) fn policy(profile: SubnetProfile) -> Policy {
    let profiles = profiles(profile);
    Policy::new(prior(&profiles), &profiles, bound).unwrap()
}

/// Follows a revision with these shares of its arms, in one table for all.
pub(crate) fn revision(arms: Vec<Arm>, shares: &[f64], seed: u64) -> Revision {
    let shares = (0..).zip(shares).map(|(arm, share)| ArmShare { arm, share: *share });
    let table = ShareTable { validator: None, class: None, shares: shares.collect() };
    let epochs = EpochClock { number: 0, start_unix_ms: 0, length_ms: 1_000 };
    let subnet = SubnetStrategy { epochs, arms, tables: vec![table], callers: Vec::new() };
    Revision { version: FORMAT, number: 3, seed, canary_share: 0.0, subnets: [(NETUID, subnet)].into() }
}

pub(crate) fn arm(model: &str, strategy: &str) -> Arm {
    Arm { model: model.to_owned().try_into().unwrap(), effort: None, strategy: strategy.into() }
}

pub(crate) fn model(name: &str) -> ModelFacts {
    ModelFacts {
        model: name.to_owned().try_into().unwrap(),
        state: ModelReadiness::Ready,
        context_tokens: 100_000,
        max_output_tokens: 8_000,
        min_time_ms: 1_000,
        median_ms: None,
        usual_output_tokens: None,
        efforts: Vec::new(),
        default_effort: None,
    }
}

pub(crate) fn conditions(models: Vec<ModelFacts>) -> Conditions {
    Conditions { paused: false, unix_ms: 5_000, remaining: Duration::from_secs(10), models, windows: Vec::new() }
}

pub(crate) fn task(number: u64, prompt: &str) -> Task {
    Task {
        id: TaskId::new(number, [1; 10]),
        netuid: NETUID,
        caller: ALICE.parse().unwrap(),
        route: "Ask".into(),
        task_type: "text".into(),
        messages: vec![Message { role: Role::User, content: prompt.into() }],
        max_tokens: None,
    }
}

pub(crate) fn of_class(class: TaskClass) -> Classified {
    Classified { class, confidence: 0.9 }
}

pub(crate) fn decided(policy: &Policy, conditions: Conditions, task: &Task, class: TaskClass) -> Decided {
    decide(policy.subnet(NETUID).unwrap(), conditions, task, of_class(class))
}

pub(crate) fn plans(decided: Decided) -> Vec<Plan> {
    let Decision::Try(plans) = decided.decision else { panic!("{:?}", decided.decision) };
    plans
}

pub(crate) fn reason(decided: Decided) -> Option<DeclineReason> {
    match decided.decision {
        Decision::Decline(reason) => Some(reason),
        Decision::Try(_) => None,
    }
}

prop_compose! {
    pub(crate) fn any_model(name: &'static str)(
        state in prop_oneof![
            4 => Just(ModelReadiness::Ready),
            1 => Just(ModelReadiness::Benched),
            1 => Just(ModelReadiness::Unusable),
        ],
        context_tokens in 0_u64..9_000,
        max_output_tokens in 0_u32..4_000,
        min_time_ms in 0_u64..2_000,
        median_ms in proptest::option::of(0_u64..9_000),
        usual_output_tokens in proptest::option::of(0_u32..2_000),
        thinks in any::<bool>(),
    ) -> ModelFacts {
        use common::config::miner::Effort::{High, Low, Medium, None as No};
        let efforts = if thinks { vec![No, Low, Medium, High] } else { Vec::new() };
        let model = model(name);
        ModelFacts { state, context_tokens, max_output_tokens, min_time_ms, median_ms, usual_output_tokens, efforts, ..model }
    }
}

pub(crate) fn any_class() -> impl Strategy<Value = TaskClass> {
    proptest::sample::select(TaskClass::ALL.to_vec())
}
