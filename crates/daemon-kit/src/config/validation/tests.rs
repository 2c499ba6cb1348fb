//! What an operator reads.

use serde_json::json;

use super::*;
use crate::config::schema;

fn said(file: &str, document: &Value) -> Vec<String> {
    let schemas = schema::all();
    let (_, schema) = schemas.iter().find(|(name, _)| *name == file).unwrap();
    validate(schema, document).into_iter().map(|(key, problem)| format!("{key}: {problem}")).collect()
}

fn miner() -> Value {
    json!({
        "version": 1,
        "listeners": [{"address": "0.0.0.0:8091", "netuids": [1]}],
        "callers": {"policy": "listed"},
        "vendors": {"openai": {"dialect": "openai-chat", "base_url": "https://api.openai.com/v1"}}
    })
}

fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    *document.pointer_mut(pointer).unwrap() = value;
    document
}

#[track_caller]
fn assert_miner(pointer: &str, value: Value, expected: &[&str]) {
    assert_eq!(said("miner-config", &with(miner(), pointer, value)), expected);
}

#[test]
fn a_right_file_has_no_findings() {
    assert!(said("miner-config", &miner()).is_empty());
}

#[test]
fn an_unknown_key_comes_with_the_nearest_and_without_the_missing_one() {
    let vendor = json!({"dialect": "openai-chat", "base_ur": "https://api.openai.com/v1"});

    assert_miner("/vendors/openai", vendor, &["vendors.openai.base_ur: unknown key; did you mean base_url?"]);
}

#[test]
fn a_missing_key_is_named() {
    assert_miner("/vendors/openai", json!({"dialect": "openai-chat"}), &["vendors.openai.base_url: is missing"]);
}

#[test]
fn a_wrong_type_says_which_is_right() {
    assert_miner("/listeners", json!("0.0.0.0:8091"), &["listeners: must be a list, not text"]);
    assert_miner("/listeners/0/netuids/0", json!("1"), &["listeners[0].netuids[0]: must be a whole number, not text"]);
    assert_miner("/listeners/0/netuids/0", json!(-1), &["listeners[0].netuids[0]: must be at least 0"]);
    assert_miner("/listeners/0/netuids/0", json!(65536), &["listeners[0].netuids[0]: must be at most 65535"]);
}

#[test]
fn a_wrong_word_comes_with_the_right_ones() {
    let lists = "callers.policy: must be one of listed, validators, registered, anyone; did you mean listed?";
    assert_miner("/callers/policy", json!("list"), &[lists]);
    assert_miner(
        "/callers/policy",
        json!(5),
        &["callers.policy: must be one of listed, validators, registered, anyone"],
    );
    assert_miner(
        "/vendors/openai/dialect",
        json!("x"),
        &["vendors.openai.dialect: must be one of openai-chat, anthropic, gemini"],
    );
}

#[test]
fn an_optional_value_is_explained_by_its_type() {
    let vendor = json!({"dialect": "openai-chat", "base_url": "", "cap_field": "max", "credential": 3});

    assert_miner(
        "/vendors/openai",
        vendor,
        &[
            "vendors.openai.cap_field: must be one of max_completion_tokens, max_tokens; did you mean max_tokens?",
            "vendors.openai.credential: must be text, not a number",
        ],
    );
}

#[test]
fn an_address_must_have_a_port() {
    assert_miner(
        "/listeners/0/address",
        json!("localhost"),
        &["listeners[0].address: \"localhost\" is not an address with a port, such as 0.0.0.0:8091"],
    );
}

#[test]
fn a_hotkey_must_be_an_address() {
    assert_miner(
        "/callers",
        json!({"policy": "listed", "allow": ["me"]}),
        &["callers.allow[0]: must be an ss58 address"],
    );
}

#[test]
fn dollars_are_explained() {
    let budgets = json!({"version": 1, "limits": [{"name": "day", "window": "dya", "max_usd": "5,50"}]});

    assert_eq!(
        said("token-budgets", &budgets),
        [
            "limits[0].max_usd: must be dollars, with at most nine decimals",
            "limits[0].window: must be one of minute, day, month, total; did you mean day?",
        ]
    );
}

fn action(action: &Value) -> Vec<String> {
    let route = json!({"fields": {"q": {"type": "str"}}, "action": action});
    let profile = json!({
        "name": "x", "protocol": "synapse", "max_tokens_per_task": 1, "preferred_models": ["a/b"],
        "routes": {"R": route}
    });
    said("subnet-profiles", &json!({"version": 1, "subnets": {"1": profile}}))
}

#[test]
fn an_error_inside_a_choice_is_named_where_it_is() {
    let task = json!({"task": {"prompt": {"chat": {"messages": "m", "rol": "x"}}, "answer": {"field": "a", "as": 1}}});

    assert_eq!(
        action(&task),
        [
            "subnets.1.routes.R.action.task.answer.as: must be one of text, json, integer",
            "subnets.1.routes.R.action.task.prompt.chat.rol: unknown key; did you mean role?",
        ]
    );
}

#[test]
fn a_choice_that_is_none_comes_with_the_right_ones() {
    let expected =
        "subnets.1.routes.R.action: must be an object with exactly one of the keys task, adapter, reply, decline";

    assert_eq!(action(&json!({"repl": {}})), [format!("{expected}; did you mean reply?")]);
    assert_eq!(action(&json!({"reply": {}, "decline": {}})), [expected]);
    assert_eq!(action(&json!("reply")), [expected]);
    assert_eq!(action(&json!({"reply": []})), ["subnets.1.routes.R.action.reply: must be an object, not a list"]);
}

#[test]
fn an_unknown_python_type_is_explained() {
    let profile = json!({
        "name": "x", "protocol": "synapse", "max_tokens_per_task": 1, "preferred_models": ["nobody"],
        "routes": {"R": {"fields": {"q": {"type": "Set[int]"}}, "action": {"decline": {}}}}
    });

    let said = said("subnet-profiles", &json!({"version": 1, "subnets": {"1": profile}}));

    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(said[0], "subnets.1.preferred_models[0]: must be vendor/model, such as openai/gpt-6-luna");
    assert!(said[1].starts_with("subnets.1.routes.R.fields.q.type: \"Set[int]\" is not a type"), "{said:?}");
}

#[test]
fn a_netuid_must_be_a_number() {
    let said = said("subnet-profiles", &json!({"version": 1, "subnets": {"text": {}}}));

    assert_eq!(said, ["subnets.text: the key must be a number, such as 1"]);
}
