//! Nodes that lie, babble or flood: each is told as what it is, and another node takes over.

use std::time::Duration;

use chain::{EndpointError, Settings, Timing};
use common::config::chain::Network;
use jsonrpsee::RpcModule;
use jsonrpsee::server::{ServerBuilder, ServerConfig, ServerHandle};
use sandbox_chain::Pace;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::faults::start;
use crate::ground::{Ground, settings};

const BLOCK: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn a_first_block_that_is_no_hash_is_nonsense() {
    let error = error_of(Lie { genesis: json!(17), ..Lie::default() }).await;

    assert!(matches!(error, EndpointError::Implausible { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_is_cut_off() {
    let error = error_of(Lie { genesis: json!("0".repeat(20 << 20)), ..Lie::default() }).await;

    assert!(matches!(error, EndpointError::Dropped { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_none_is_nonsense() {
    for header in [json!("head"), json!({"number": "0xzz"}), json!([])] {
        let error = error_of(Lie { header, ..Lie::default() }).await;

        assert!(matches!(error, EndpointError::Implausible { .. }), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_that_is_none_is_nonsense() {
    // Not hex, no version, and a version whose description is garbage.
    let version = codec::Encode::encode(&("a", "a", 0_u32, 424_u32, 0_u32, Vec::<([u8; 8], u32)>::new(), 1_u32));
    for call in [json!("0xzz"), json!("0x00"), json!(format!("0x{}", hex::encode(version)))] {
        let error = error_of(Lie { call, ..Lie::default() }).await;

        assert!(matches!(error, EndpointError::Implausible { .. }), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_the_far_future_is_not_believed_after_an_honest_one() {
    let (mut chain, side) = start(Pace::Every(BLOCK), |_| {});
    let genesis = json!(format!("{:?}", chain.node.genesis_hash()));
    let header = header(u64::MAX);
    let (liar, handle) = Lie { genesis, header, ..Lie::default() }.serve().await;
    let ground = Ground::on(quick(&[chain.node.url(), liar]), &side).await;

    chain.node.endpoint().refuse(sandbox_chain::Refusal::Close);
    chain.node.endpoint().drop_connections();
    let found = crate::faults::wait(&ground.client, |state| {
        matches!(state.last_error(), Some(EndpointError::Implausible { .. }))
    });
    let found = found.await;

    assert!(found.last_error().unwrap().to_string().contains("a head of 18446744073709551615"), "{found:?}");
    handle.stop().unwrap();
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_speaks_no_websocket_is_told() {
    for (answer, expected) in [
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "HTTP status 404"),
        ("HTTP/1.1 301 Moved\r\nlocation: ws://10.0.0.1/\r\ncontent-length: 0\r\n\r\n", "cannot be reached"),
        ("SSH-2.0-OpenSSH_9.6\r\n", "cannot be reached"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });

        let error = first_error(url).await;

        assert!(error.to_string().contains(expected), "{error}");
        serving.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_node_that_is_none_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move { while listener.accept().await.is_ok() {} });

    let error = first_error(url).await;

    assert!(matches!(error, EndpointError::Unreachable { .. }), "{error}");
    serving.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_not_there_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    let error = first_error(format!("ws://{free}")).await;

    assert!(matches!(error, EndpointError::Unreachable { .. }), "{error}");
}

/// What a lying node answers.
struct Lie {
    genesis: Value,
    header: Value,
    call: Value,
}

impl Default for Lie {
    fn default() -> Self {
        let genesis = json!(format!("0x{}", "11".repeat(32)));
        Self { genesis, header: header(5), call: json!("0x") }
    }
}

fn header(number: u64) -> Value {
    let hash = format!("0x{}", "22".repeat(32));
    json!({
        "parentHash": hash, "number": format!("0x{number:x}"), "stateRoot": hash, "extrinsicsRoot": hash,
        "digest": {"logs": []}
    })
}

impl Lie {
    async fn serve(self) -> (String, ServerHandle) {
        let mut module = RpcModule::new(self);
        module.register_method("chain_getBlockHash", |_, lie, _| lie.genesis.clone()).unwrap();
        module.register_method("chain_getHeader", |_, lie, _| lie.header.clone()).unwrap();
        module.register_method("chain_getFinalizedHead", |_, lie, _| lie.genesis.clone()).unwrap();
        module.register_method("state_call", |_, lie, _| lie.call.clone()).unwrap();
        for (subscribe, unsubscribe) in [
            ("chain_subscribeNewHeads", "chain_unsubscribeNewHeads"),
            ("chain_subscribeFinalizedHeads", "chain_unsubscribeFinalizedHeads"),
        ] {
            let name = "chain_head";
            module
                .register_subscription(subscribe, name, unsubscribe, |_, pending, _, _| async move {
                    let sink = pending.accept().await?;
                    sink.closed().await;
                    Ok(())
                })
                .unwrap();
        }
        let config = ServerConfig::builder().max_response_body_size(64 << 20).build();
        let server = ServerBuilder::with_config(config).build("127.0.0.1:0").await.unwrap();
        (format!("ws://{}", server.local_addr().unwrap()), server.start(module))
    }
}

async fn error_of(lie: Lie) -> EndpointError {
    let (url, handle) = lie.serve().await;
    let error = first_error(url).await;
    handle.stop().unwrap();
    error
}

/// Why a node is not used, as the first failure tells.
async fn first_error(url: String) -> EndpointError {
    let (client, driver) = chain::connect(quick(&[url]));
    let mut driving = JoinSet::new();
    driving.spawn(driver.run(std::future::pending()));
    let state = crate::faults::wait(&client, |state| state.last_error().is_some()).await;
    driving.shutdown().await;
    assert!(!state.is_up());
    state.last_error().unwrap().clone()
}

fn quick(urls: &[String]) -> Settings {
    let timing = Timing { connect: Duration::from_secs(3), ..Timing::of(Network::Sandbox) };
    Settings { timing, ..settings(urls) }
}
