//! A real validator's request through the four daemons, and what an operator sees of it.
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use e2e::{Dendrite, Llmock, Query, Suite, eventually};
use serde_json::{Value, json};

/// Would stand in a log if prompts or answers did.
const MARKER: &str = "zanzibar-marker-71";

fn prompting<'a>(suite: &Suite, signer: &'a str, prompt: &str) -> Query<'a> {
    Query {
        signer,
        port: suite.port(),
        hotkey: suite.hotkey(),
        synapse: "PromptingSynapse",
        fields: json!({ "roles": ["user"], "messages": [prompt] }),
        timeout: 12.0,
    }
}

fn today(suite: &Suite) -> Value {
    suite.status()["tracker"]["running"]["today"].clone()
}

#[test]
fn a_validators_synapse_comes_back_filled_budgeted_and_recorded() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.up();
    let mut dendrite = Dendrite::start();

    let result = dendrite.ask(&prompting(&suite, "//Alice", MARKER));

    assert_eq!(result.status, Some(200), "{}", result.message);
    assert!(result.fields["completion"].as_str().unwrap().contains(MARKER), "{}", result.fields);
    assert_eq!(result.axon_hotkey.as_deref(), Some(suite.hotkey()));
    eventually("tracker counts the answer", || (today(&suite)["answered"] == 1).then_some(()));
    let day = &suite.status()["task_handler"]["running"]["limits"][0];
    assert!(day["settled"]["tokens"].as_u64().unwrap() > 0);
    assert_eq!(day["reserved"]["tokens"], 0);
}

#[test]
fn who_is_not_on_the_list_is_refused_and_costs_nothing() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.up();
    let mut dendrite = Dendrite::start();

    let result = dendrite.ask(&prompting(&suite, "//Bob", "hello"));

    assert_eq!(result.status, Some(403), "{}", result.message);
    assert_eq!(result.fields["completion"], "");
    eventually("tracker counts the refusal", || (today(&suite)["refused"] == 1).then_some(()));
    assert_eq!(suite.status()["task_handler"]["running"]["limits"][0]["settled"]["tokens"], 0);
}

#[test]
fn over_budget_a_task_is_declined() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.limit_day_to("0.000000001");
    suite.up();
    let mut dendrite = Dendrite::start();

    let result = dendrite.ask(&prompting(&suite, "//Alice", "hello"));

    assert_eq!(result.status, Some(503), "{}", result.message);
    eventually("tracker counts the decline", || (today(&suite)["declined"] == 1).then_some(()));
}

#[test]
fn a_dead_vendor_is_an_honest_failure() {
    let mut suite = Suite::new("http://127.0.0.1:9/v1");
    suite.up();
    let mut dendrite = Dendrite::start();

    let result = dendrite.ask(&prompting(&suite, "//Alice", "hello"));

    assert!(result.status.is_some_and(|status| status >= 500), "{:?}", result.status);
    eventually("tracker counts the failure", || (today(&suite)["failed"] == 1).then_some(()));
}

#[test]
fn neither_prompt_nor_answer_is_kept_anywhere() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.up();
    let mut dendrite = Dendrite::start();

    let result = dendrite.ask(&prompting(&suite, "//Alice", MARKER));

    assert_eq!(result.status, Some(200));
    suite.down();
    for file in suite.files() {
        let content = std::fs::read(&file).unwrap();
        let found = content.windows(MARKER.len()).any(|window| window == MARKER.as_bytes());
        assert!(!found, "{} holds the prompt or the answer", file.display());
    }
}

#[test]
fn pause_declines_and_resume_answers() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.up();
    let mut dendrite = Dendrite::start();

    let paused = suite.minerctl(&["pause", "--yes"]);
    let while_paused = dendrite.ask(&prompting(&suite, "//Alice", "hello"));
    let resumed = suite.minerctl(&["resume", "--yes"]);
    let after = dendrite.ask(&prompting(&suite, "//Alice", "hello"));

    assert!(paused.status.success() && resumed.status.success());
    assert_eq!((while_paused.status, after.status), (Some(503), Some(200)));
}
