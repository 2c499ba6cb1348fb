//! A miner that verifies signatures and answers everything right: a model without faults behind one HTTP server.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;

use bittensor::keys::{Keypair, Scheme, verify};
use bittensor::ss58;
use bytes::Bytes;
use common::id::Ss58;
use daemon_kit::Workers;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sandbox::settings::{Latency, Model};
use sandbox::vendor;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

pub(crate) fn hotkey() -> Ss58 {
    Keypair::from_uri(Scheme::Sr25519, "//miner").unwrap().address()
}

pub(crate) async fn start(workers: &Workers) -> (SocketAddr, Ss58) {
    (start_at("127.0.0.1:0".parse().unwrap(), workers).await, hotkey())
}

pub(crate) async fn start_at(address: SocketAddr, workers: &Workers) -> SocketAddr {
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    workers.spawn("miner", accept(listener, workers.clone()));
    address
}

async fn accept(listener: TcpListener, workers: Workers) {
    loop {
        tokio::select! {
            () = workers.stopping() => return,
            accepted = listener.accept() => workers.spawn("miner-connection", connection(accepted.unwrap().0, workers.clone())),
        }
    }
}

async fn connection(stream: TcpStream, workers: Workers) {
    let service = service_fn(|request| async { Ok::<_, Infallible>(respond(request).await) });
    tokio::select! {
        () = workers.stopping() => {}
        end = http1::Builder::new().serve_connection(TokioIo::new(stream), service) => drop(end),
    }
}

async fn respond(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    assert!(is_signed(&head.headers));
    let mut body: Value = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
    let (prompt, answer) = match head.uri.path() {
        "/PromptingSynapse" => (body["messages"][0].clone(), "completion"),
        _ => (body["logic_question"].clone(), "logic_answer"),
    };
    body[answer] = json!(vendor::answer("perfect", &perfect(), "", prompt.as_str().unwrap()));
    body["axon"]["status_code"] = json!(200);
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    response
}

fn is_signed(headers: &HeaderMap) -> bool {
    let header = |name: &str| headers[name].to_str().unwrap();
    let message = format!(
        "{}.{}.{}.{}.{}",
        header("bt_header_dendrite_nonce"),
        header("bt_header_dendrite_hotkey"),
        hotkey(),
        header("bt_header_dendrite_uuid"),
        header("computed_body_hash"),
    );
    let signer = ss58::decode(header("bt_header_dendrite_hotkey")).unwrap();
    let signature = hex::decode(header("bt_header_dendrite_signature").trim_start_matches("0x")).unwrap();
    verify(Scheme::Sr25519, &signer, message.as_bytes(), signature.as_slice().try_into().unwrap())
}

fn perfect() -> Model {
    let latency = Latency { median_ms: 0.0, spread: 0.0, per_token_ms: 0.0 };
    Model { latency, right: BTreeMap::new(), tidy: 1.0, tidy_if_told: 1.0 }
}
