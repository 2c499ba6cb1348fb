//! Each protocol with a real client of it, through the four daemons: what stands in config/examples is what is served.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use e2e::{Dendrite, Llmock, Query, SignedHttp, Suite, eventually};
use serde_json::{Value, json};

const CHAT: &str = "/v1/chat/completions";

/// A suite that serves one profile of the shipped examples as netuid 1.
fn serving(vendor: &Llmock, netuid: &str) -> Suite {
    let suite = Suite::new(&vendor.base_url());
    let examples = include_str!("../../../config/examples/subnet-profiles.json");
    let examples: Value = serde_json::from_str(examples).unwrap();
    let profile = examples["subnets"][netuid].clone();
    assert!(profile.is_object(), "there is no example {netuid}");
    suite.configure("subnet-profiles", &json!({ "version": 1, "subnets": { "1": profile } }));
    suite
}

fn chat(prompt: &str) -> Value {
    json!({ "model": "default", "messages": [{ "role": "user", "content": prompt }], "max_tokens": 200 })
}

fn dendrite_query<'a>(suite: &Suite, synapse: &'a str, fields: Value) -> Query<'a> {
    Query { signer: "//Alice", port: suite.port(), hotkey: suite.hotkey(), synapse, fields, timeout: 12.0 }
}

fn answered(suite: &Suite) -> u64 {
    suite.status()["tracker"]["running"]["today"]["answered"].as_u64().unwrap_or(0)
}

#[test]
fn the_newest_sdk_and_epistula_are_answered_plain_and_streamed() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = serving(&vendor, "200");
    suite.up();
    let mut client = SignedHttp::start();

    for protocol in ["btauth", "epistula"] {
        let plain = client.ask(&suite, CHAT, chat("a-marker"), &json!({ "protocol": protocol }));
        assert_eq!(plain.status, Some(200), "{protocol}: {}", plain.text);
        let said = plain.json()["choices"][0]["message"]["content"].clone();
        assert!(said.as_str().unwrap().contains("a-marker"), "{protocol}: {said}");

        let mut body = chat("b-marker and more words than one piece would hold");
        body["stream"] = json!(true);
        let streamed = client.ask(&suite, CHAT, body, &json!({ "protocol": protocol }));
        let events = streamed.events();
        let (done, chunks) = events.split_last().unwrap();
        let said: String = chunks.iter().filter_map(|chunk| content(chunk)).collect();
        assert_eq!((streamed.status, *done), (Some(200), "[DONE]"), "{protocol}: {}", streamed.text);
        assert!(said.contains("b-marker") && chunks.len() > 3, "{protocol}: {said}");
    }
    eventually("tracker counts the answers", || (answered(&suite) == 4).then_some(()));
}

fn content(chunk: &str) -> Option<String> {
    let chunk: Value = serde_json::from_str(chunk).unwrap();
    chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned)
}

#[test]
fn a_signed_request_works_once_and_only_for_those_who_are_listed() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = serving(&vendor, "200");
    suite.up();
    let mut client = SignedHttp::start();

    for (protocol, refused, forbidden) in [("btauth", 401, 403), ("epistula", 400, 401)] {
        let again = client.ask(&suite, CHAT, chat("x"), &json!({ "protocol": protocol, "times": 2 }));
        let stranger = client.ask(&suite, CHAT, chat("x"), &json!({ "protocol": protocol, "uri": "//Bob" }));

        assert_eq!((again.status, stranger.status), (Some(refused), Some(forbidden)), "{protocol}");
        assert!(again.json()["detail"].as_str().unwrap().contains("used before"), "{}", again.text);
    }
    let ed25519 = json!({ "protocol": "btauth", "scheme": "ed25519" });
    let other_key = client.ask(&suite, CHAT, chat("x"), &ed25519);
    assert_eq!(other_key.status, Some(403), "verified, but not the key that is listed: {}", other_key.text);

    let why = suite.minerctl(&["why"]);
    let said = String::from_utf8(why.stdout).unwrap();
    assert!(why.status.success() && said.contains("replay") && said.contains("not_admitted"), "{said}");
}

#[test]
fn a_streaming_dendrite_reads_pieces_and_headers() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = serving(&vendor, "1");
    suite.up();
    let mut dendrite = Dendrite::start();
    let words = "sail the lake until the wind has gone and the boat is home again";
    let fields = json!({ "roles": ["user"], "messages": [words] });

    let result = dendrite.ask(&dendrite_query(&suite, "StreamPrompting", fields));

    assert_eq!(result.status, Some(200), "{}", result.message);
    assert!(result.fields["completion"].as_str().unwrap().contains("the boat is home again"), "{}", result.fields);
    assert_eq!(result.axon_hotkey.as_deref(), Some(suite.hotkey()));
    assert!(result.fields["pieces"].as_u64().unwrap() >= 1);
    eventually("tracker counts the answer", || (answered(&suite) == 1).then_some(()));
}

#[test]
fn subnet_33_gets_tags() {
    let vendor = Llmock::echoing(&[]);
    let mut tagging = serving(&vendor, "33");
    tagging.up();
    vendor.say_next("Sailing, Mountain Lakes, wind");
    let mut dendrite = Dendrite::start();
    let window = json!([[0, "Do you like sailing?"], [1, "Only on mountain lakes."]]);
    let task = json!({
        "mode": "validator", "api_version": 1.4, "guid": "a", "bundle_guid": "b", "type": "conversation_tagging",
        "scoring_mechanism": "ground_truth_tag_similarity_scoring",
        "input": { "guid": "c", "input_type": "conversation", "data": {
            "window_idx": 3, "window": window, "participants": ["p0", "p1"]
        } },
        "prompt_chain": [], "example_output": null,
    });

    let result = dendrite.ask(&dendrite_query(&tagging, "CgSynapse", json!({ "cgp_input": [{ "task": task }] })));

    assert_eq!(result.status, Some(200), "{}", result.message);
    let output = &result.fields["cgp_output"][0];
    assert_eq!(output["tags"], json!(["sailing", "mountain lakes", "wind"]), "{}", result.fields);
    assert_eq!(output["vectors"], Value::Null);
}

#[test]
fn the_templates_dummy_gets_a_number() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = serving(&vendor, "201");
    suite.up();
    vendor.say_next("42");
    let mut dendrite = Dendrite::start();

    let result = dendrite.ask(&dendrite_query(&suite, "Dummy", json!({ "dummy_input": 21 })));

    assert_eq!((result.status, &result.fields["dummy_output"]), (Some(200), &json!(42)), "{}", result.message);
}

#[test]
fn the_dendrite_of_sdk_9_is_answered_plain_and_streamed() {
    let vendor = Llmock::echoing(&[]);
    let mut suite = serving(&vendor, "1");
    suite.up();
    let mut dendrite = Dendrite::start_older();
    let fields = json!({ "roles": ["user"], "messages": ["a-marker"] });

    for synapse in ["PromptingSynapse", "StreamPrompting"] {
        let result = dendrite.ask(&dendrite_query(&suite, synapse, fields.clone()));

        assert_eq!(result.status, Some(200), "{synapse}: {}", result.message);
        assert!(result.fields["completion"].as_str().unwrap().contains("a-marker"), "{synapse}: {}", result.fields);
    }
}
