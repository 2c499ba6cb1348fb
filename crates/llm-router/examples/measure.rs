//! How long a decision and a classification take: `cargo run --release -p llm-router --example measure`.
//!
//! A decision is everything from the task to the plans: select, allocate and prompt, for a task of 4 KiB and 40 ways of
//! answering. Prints the median and the 99th percentile.

#![expect(clippy::indexing_slicing, reason = "places are below the lengths")]

use std::hint::black_box;
use std::io::{Write, stdout};
use std::time::{Duration, Instant};

use common::config::subnet::SubnetProfiles;
use common::decision::{ModelFacts, ModelReadiness, WindowFacts};
use common::id::{Netuid, TaskId};
use common::task::{Message, Role, Task};
use llm_router::{Conditions, Policy, SubnetPolicy, classify, decide, prior};
use serde_json::json;

const ROUNDS: usize = 200_000;
const NETUID: Netuid = Netuid(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let profiles: SubnetProfiles = serde_json::from_value(json!({ "version": 1, "subnets": { "1": {
        "name": "measure",
        "protocol": "synapse",
        "max_tokens_per_task": 100_000,
        "preferred_models": ["a/one", "b/two", "c/three", "d/four", "e/five"],
        "efforts": ["low", "high"],
        "prompt_strategies": ["exact_format", "direct", "critic", "step_by_step"],
        "routes": { "Ask": { "action": { "task": {
            "prompt": { "field": "q" }, "system": "Be brief.", "answer": { "field": "a" },
        } } } },
    } } }))?;
    // A canary is drawn among all arms, so some are.
    let mut revision = prior(&profiles);
    revision.canary_share = 0.02;
    let policy =
        Policy::new(revision, &profiles, |messages| messages.iter().map(|m| m.content.len() as u64 + 16).sum())?;
    let subnet = policy.subnet(NETUID).ok_or("there is no subnet")?;
    let tasks: Vec<_> = (0..64).map(task).collect::<Result<_, _>>()?;

    let decisions = measure(|round| {
        let task = &tasks[round % tasks.len()];
        let conditions = conditions(subnet);
        let classified = llm_router::Classified { class: common::strategy::TaskClass::Question, confidence: 0.9 };
        let started = Instant::now();
        black_box(decide(subnet, conditions, black_box(task), classified));
        started.elapsed()
    });
    let classes = measure(|round| {
        let task = &tasks[round % tasks.len()];
        let started = Instant::now();
        black_box(classify(black_box(&task.messages)));
        started.elapsed()
    });

    let mut out = stdout();
    writeln!(out, "{} arms, a task of {} bytes, {ROUNDS} rounds", 40, tasks[0].messages[1].content.len())?;
    writeln!(out, "decision        p50 {:>8.1?}  p99 {:>8.1?}", decisions.0, decisions.1)?;
    writeln!(out, "classification  p50 {:>8.1?}  p99 {:>8.1?}", classes.0, classes.1)?;
    Ok(())
}

/// The median and the 99th percentile.
fn measure(mut once: impl FnMut(usize) -> Duration) -> (Duration, Duration) {
    for round in 0..ROUNDS / 10 {
        once(round);
    }
    let mut times: Vec<_> = (0..ROUNDS).map(once).collect();
    times.sort_unstable();
    (times[ROUNDS / 2], times[ROUNDS * 99 / 100])
}

fn conditions(subnet: &SubnetPolicy) -> Conditions {
    let facts = |model: &common::config::subnet::ModelRef| ModelFacts {
        model: model.clone(),
        state: ModelReadiness::Ready,
        context_tokens: 1_000_000,
        max_output_tokens: 128_000,
        min_time_ms: 500,
        median_ms: Some(2_000),
        usual_output_tokens: Some(400),
        efforts: Vec::new(),
        default_effort: None,
    };
    let window = WindowFacts {
        limit: "daily".into(),
        tokens_left: Some(1_000_000),
        cost_left: None,
        used_share: 0.4,
        elapsed_share: Some(0.5),
    };
    Conditions {
        paused: false,
        unix_ms: 1_795_824_000_000,
        remaining: Duration::from_secs(12),
        models: subnet.models().iter().map(facts).collect(),
        windows: vec![window],
    }
}

/// A question at the end of four KiB of text, with the operator's words before it as miner-daemon puts them.
fn task(number: u64) -> Result<Task, common::id::Ss58ShapeError> {
    let sentence = format!("In {number} the {} river carried more water than in any year before it. ", number * 7);
    let mut prompt = sentence.repeat(4_096 / sentence.len());
    prompt.push_str("What does this say about the climate?");
    let message = |role, content: String| Message { role, content };
    Ok(Task {
        id: TaskId::new(number, [1; 10]),
        netuid: NETUID,
        caller: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse()?,
        route: "Ask".into(),
        task_type: "text".into(),
        messages: vec![message(Role::System, "Be brief.".into()), message(Role::User, prompt)],
        max_tokens: Some(512),
    })
}
