//! `wallet-manager mcp` as an agent uses it, through the MCP SDK for Python.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use common::call::wallet::Lock;
use common::call::wallet::operation::{Operation, OperationState, PriceBound};
use common::id::Netuid;
use common::money::Rao;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::chains::{Embedded, ONE};
use crate::desk::{Desk, NETUID, PATIENCE, address, generous, hotkey, id};
use crate::steps::register;

/// Every tool there is, with arguments that work on a chain where the hotkey has a place.
fn calls() -> Vec<(&'static str, Value)> {
    let ferdie = address("//Ferdie");
    vec![
        ("get_wallet_info", json!({})),
        ("tao_balance", json!({})),
        ("tao_stake", json!({})),
        ("tao_emissions", json!({})),
        ("tao_earnings", json!({ "limit": 5 })),
        ("tao_price", json!({ "netuid": NETUID, "amount": "2.5" })),
        ("tao_operations", json!({})),
        ("tao_propose_transfer", json!({ "to": ferdie, "amount": "0.5", "dry_run": true })),
        ("tao_propose_stake", json!({ "netuid": NETUID, "amount": "1" })),
        ("tao_propose_unstake", json!({ "netuid": NETUID, "amount": "0.5", "max_slippage_bp": 500 })),
        ("tao_propose_register", json!({ "netuid": NETUID, "max_cost": "5", "hotkey": address("//Eve//second") })),
        // Last: while it is out, nothing else is done.
        ("get_signed_transaction", json!({ "targetWallet": ferdie, "amountAtomic": ONE })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_finds_every_tool_and_each_answers() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;
    desk.done(id(1), register(&hotkey(), 5 * ONE)).await;
    desk.done(id(2), stake()).await;

    let (tools, results) = agent(&desk, &calls()).await;

    let names: BTreeSet<_> = tools.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, calls().iter().map(|(name, _)| *name).collect::<BTreeSet<_>>());
    for ((name, _), result) in calls().iter().zip(&results) {
        assert_eq!(result["error"], false, "{name}: {result}\n{}", desk.log());
    }
    let data = |tool: &str| {
        let place = calls().iter().position(|(name, _)| *name == tool).unwrap();
        results[place]["data"].clone()
    };
    let info = data("get_wallet_info");
    assert_eq!([&info["address"], &info["hotkey"]], [&json!(address("//Eve")), &json!(hotkey())]);
    assert_eq!(info["balance"]["free"], data("tao_balance")["free"]);
    assert_eq!(data("tao_stake")["stakes"][0]["netuid"], NETUID);
    assert_eq!(data("tao_emissions")["emissions"][0]["hotkey"], json!(hotkey()));
    assert!(data("tao_price")["swap"]["price"].as_u64().unwrap() > 0);
    assert_eq!(data("tao_propose_register")["operation"]["register"]["max_cost"], 5 * ONE);
    assert!(data("tao_propose_stake")["state"]["proposed"]["payload"]["signerPayload"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn latinums_tools_have_latinums_arguments() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;

    let (tools, _) = agent(&desk, &[]).await;

    let arguments = |tool: &str| -> BTreeSet<String> {
        tools[tool]["properties"].as_object().into_iter().flat_map(|properties| properties.keys().cloned()).collect()
    };
    assert!(arguments("get_wallet_info").is_empty());
    let payment = arguments("get_signed_transaction");
    assert!(["targetWallet", "amountAtomic", "mint"].iter().all(|name| payment.contains(*name)), "{payment:?}");
    assert_eq!(tools["get_signed_transaction"]["required"], json!(["targetWallet", "amountAtomic"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_the_agent_sends_arrives_and_counts_as_spent() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;
    let pay = json!({ "targetWallet": address("//Ferdie"), "amountAtomic": ONE, "idempotencyKey": id(9).to_string() });

    let (_, results) = agent(&desk, &[("get_signed_transaction", pay.clone()), ("get_signed_transaction", pay)]).await;

    let [first, second] = &results[..] else { panic!("{results:?}") };
    let signed = first["data"]["signedTransaction"].as_str().unwrap_or_else(|| panic!("{first}")).to_owned();
    assert_eq!(first["data"]["status"], "signed");
    assert_eq!(second["data"]["operation"]["id"], first["data"]["operation"]["id"]);
    assert_eq!(second["data"]["signedTransaction"], Value::Null, "handed out once");
    chain.node.submit(hex::decode(signed.trim_start_matches("0x")).unwrap()).unwrap();
    desk.until(id(9), |state| matches!(state, OperationState::Done(_))).await;
    assert_eq!(chain.eyes.free(&address("//Ferdie")).await, ONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_decides_whatever_the_agent_wants() {
    let chain = Embedded::start().await;
    let mut policy = generous();
    policy["approve_above"] = json!("0.5");
    policy["max_per_operation"] = json!("2");
    let desk = Desk::start(&chain.url(), policy).await;
    let pay =
        |to: &str, rao: u64| ("get_signed_transaction", json!({ "targetWallet": address(to), "amountAtomic": rao }));

    let (_, results) = agent(&desk, &[pay("//Ferdie", ONE), pay("//Ferdie", 3 * ONE), pay("//Charlie", ONE / 2)]).await;
    desk.ask(Lock {}).await.unwrap();
    let (_, locked) = agent(&desk, &[pay("//Ferdie", ONE / 2)]).await;

    let state = |result: &Value| result["data"]["status"].as_str().unwrap_or_else(|| panic!("{result}")).to_owned();
    assert_eq!(results.iter().map(state).collect::<Vec<_>>(), ["awaiting_approval", "refused", "refused"]);
    let rule = |result: &Value| result["data"]["operation"]["state"]["refused"]["rule"].clone();
    assert_eq!([rule(&results[1]), rule(&results[2])], [json!("max_per_operation"), json!("destinations")]);
    assert_eq!(rule(&locked[0]), "locked");
    assert!(results.iter().chain(&locked).all(|result| result["data"]["signedTransaction"].is_null()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_an_error_that_names_the_argument() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;
    let pay = |to: &str, amount: Value, mint: Value| {
        ("get_signed_transaction", json!({ "targetWallet": to, "amountAtomic": amount, "mint": mint }))
    };
    let ferdie = address("//Ferdie").to_string();
    let mistakes = [
        (pay(&ferdie, json!(0), Value::Null), "amountAtomic"),
        (pay("15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5", json!(1), Value::Null), "another network"),
        (pay(&ferdie.replace("5CiPP", "5CiPQ"), json!(1), Value::Null), "targetWallet"),
        (pay(&ferdie, json!(1), json!("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")), "mint"),
        (("tao_propose_transfer", json!({ "to": ferdie, "amount": "1.0000000001" })), "place 12"),
        (("tao_propose_transfer", json!({ "to": ferdie, "amount": "1e3" })), "'e' at place 2"),
    ];

    let (_, results) = agent(&desk, &mistakes.clone().map(|(call, _)| call)).await;

    for ((call, named), result) in mistakes.iter().zip(&results) {
        let message = result["data"]["error"]["message"].as_str().unwrap_or_else(|| panic!("{call:?}: {result}"));
        assert!(result["error"] == true && message.contains(named), "{call:?}: {message}");
    }
}

#[tokio::test]
async fn without_a_wallet_manager_the_tools_say_so() {
    let home = tempfile::tempdir().unwrap();

    let (tools, results) = agent_in(home.path(), &[("tao_balance", json!({}))]).await;

    assert!(tools.as_object().unwrap().len() > 10);
    assert_eq!(results[0]["data"]["error"]["code"], "unavailable");
}

fn stake() -> Operation {
    Operation::AddStake { hotkey: hotkey(), netuid: Netuid(NETUID), amount: Rao(2 * ONE), bound: PriceBound::Policy }
}

async fn agent(desk: &Desk, calls: &[(&str, Value)]) -> (Value, Vec<Value>) {
    agent_in(desk.home.path(), calls).await
}

/// Lets an agent list the tools and make the calls.
async fn agent_in(home: &Path, calls: &[(&str, Value)]) -> (Value, Vec<Value>) {
    let mut python = Command::new(python())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp_client.py"))
        .args([env!("CARGO_BIN_EXE_wallet-manager"), "mcp", "--home"])
        .arg(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let calls = serde_json::to_vec(calls).unwrap();
    python.stdin.take().unwrap().write_all(&calls).await.unwrap();
    let output = tokio::time::timeout(PATIENCE, python.wait_with_output()).await.unwrap().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    (said["tools"].clone(), said["results"].as_array().unwrap().clone())
}

/// Python with the MCP SDK, in the environment that `scripts/test.sh` makes.
fn python() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv-sdk11");
    let venv = std::env::var_os("MINER_TEST_VENV_SDK11").unwrap_or_else(|| default.into());
    let program = PathBuf::from(venv).join("bin/python");
    assert!(program.exists(), "{} is missing: scripts/test.sh installs what the tests need", program.display());
    program
}
