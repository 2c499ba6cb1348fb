//! The two servers: the miner's, and the least that could do the same.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use bittensor::keys::{Scheme, verify};
use bittensor::ss58;
use bytes::Bytes;
use common::call::miner::{MinerCall, MinerStatusQuery};
use daemon_kit::config::Config;
use daemon_kit::ipc::{self, Client};
use daemon_kit::{Daemon, Home, Problems, Workers};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;

/// Serves until it is killed; says its port on stdout.
pub(crate) fn serve(what: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        match what {
            "door" => door().await,
            _ => floor().await,
        }
    });
}

/// The miner's own server, with routes that answer at once.
async fn door() {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::new(directory.path().to_owned());
    home.prepare().unwrap();
    let keys = home.root().join("wallets/golden/hotkeys");
    std::fs::create_dir_all(&keys).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wallets/golden/hotkeys/hot1");
    std::fs::copy(golden, keys.join("hot1")).unwrap();
    std::fs::set_permissions(keys.join("hot1"), Permissions::from_mode(0o600)).unwrap();
    let reply = json!({ "action": { "reply": {} } });
    let profile = |protocol: &str, routes| {
        json!({
            "name": "measured", "protocol": protocol, "max_tokens_per_task": 1, "preferred_models": [], "routes": routes
        })
    };
    let subnets = json!({
        "1": profile("synapse", json!({ "Ping": reply })),
        "2": profile("btauth", json!({ "health": { "action": { "reply": { "status": "ok" } } } })),
    });
    let config = Config {
        miner: serde_json::from_value(json!({
            "version": 1,
            "wallet": { "path": home.root().join("wallets"), "name": "golden", "hotkey": "hot1" },
            "listeners": [{ "address": "127.0.0.1:0", "netuids": [1, 2] }],
            "callers": { "policy": "anyone" },
            "server": { "max_requests_per_s_per_caller": 0, "max_connections_per_ip": 1024 },
            "vendors": {}
        }))
        .unwrap(),
        subnets: serde_json::from_value(json!({ "version": 1, "subnets": subnets })).unwrap(),
        budgets: serde_json::from_value(json!({ "version": 1, "limits": [] })).unwrap(),
        credentials: serde_json::from_value(json!({ "version": 1, "entries": {} })).unwrap(),
    };
    let (workers, problems) = (Workers::new(), Problems::new());
    let (service, version) = ("miner-daemon", "0.0.0");
    let daemon = Daemon { service, version, home: home.clone(), config, workers, problems, started_unix_ms: 0 };
    let workers = daemon.workers.clone();
    miner_daemon::run(daemon).await.unwrap();
    let client: Client<MinerCall> = ipc::connect(&home.socket(service), service, &workers).await.unwrap();
    let status = client.call(MinerStatusQuery {}, Duration::from_secs(5)).await.unwrap();
    println!("{}", status.listeners[0].address.port());
    std::future::pending().await
}

/// A bare server that reads the body and checks one signature of the usual length.
async fn floor() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    let connections = Workers::new();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        let serving = http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer));
        connections.spawn("connection", async move { drop(serving.await) });
    }
}

async fn answer(request: Request<Incoming>) -> hyper::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (caller, signature) = if head.headers.contains_key("x-bittensor-hotkey") {
        (text("x-bittensor-hotkey"), text("x-bittensor-signature"))
    } else {
        (text("bt_header_dendrite_hotkey"), text("bt_header_dendrite_signature"))
    };
    let mut bytes = [0; 64];
    hex::decode_to_slice(signature.trim_start_matches("0x"), &mut bytes).unwrap();
    // The message is another, so the signature is wrong: to find that out takes as long.
    let is_right = verify(Scheme::Sr25519, &ss58::decode(caller).unwrap(), &body, &bytes);
    assert!(!is_right);
    Ok(Response::new(Full::new(Bytes::from_static(b"{\"status\":\"ok\"}"))))
}
