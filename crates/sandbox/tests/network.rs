//! Validators, vendor and load generator over real sockets, with the smallest miner there can be between them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod network {
    pub(crate) mod miner;
}

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use common::id::Ss58;
use daemon_kit::Workers;
use http::{Method, Request, Response, StatusCode};
use network::miner;
use sandbox::connections::Connections;
use sandbox::dendrite::Target;
use sandbox::load::{self, Load};
use sandbox::score_log::{Outcome, Score};
use sandbox::settings::{self, Settings};
use sandbox::validator::Validator;
use sandbox::vendor::{self, Authors, Pace, Vendor};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn every_default_validator_is_answered_and_scores() {
    let workers = Workers::new();
    let (address, hotkey) = miner::start(&workers).await;
    let mut settings = settings(address);
    settings.validators.iter_mut().for_each(hurry);

    let scores = watch(&settings, &hotkey, &workers, 100).await;

    assert!(scores.iter().all(|score| score.outcome == Outcome::Answered && score.correct == 1.0 && score.format_ok));
    let names: BTreeMap<_, usize> = scores.iter().fold(BTreeMap::new(), |mut names, score| {
        *names.entry(score.validator.clone()).or_default() += 1;
        names
    });
    assert_eq!(names.len(), settings.validators.len());
    end(&workers).await;
}

#[tokio::test]
async fn validators_go_on_after_the_miner_was_away() {
    let workers = Workers::new();
    let reserved = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    let mut settings = settings(address);
    settings.validators.truncate(1);
    hurry(&mut settings.validators[0]);
    let mut scores = start(&settings, &miner::hotkey(), &workers);

    let away = scores.recv().await.unwrap();
    miner::start_at(address, &workers).await;
    let back = loop {
        let score = scores.recv().await.unwrap();
        if score.outcome == Outcome::Answered {
            break score;
        }
    };

    assert_eq!((away.outcome, away.status, away.score), (Outcome::Broken, 503, 0.0));
    assert_eq!(back.status, 200);
    end(&workers).await;
}

#[tokio::test]
async fn a_silent_miner_times_out() {
    let workers = Workers::new();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings(silent.local_addr().unwrap());
    settings.validators.truncate(1);
    hurry(&mut settings.validators[0]);
    settings.validators[0].timeout_ms = 100;

    let scores = watch(&settings, &miner::hotkey(), &workers, 1).await;

    assert_eq!((scores[0].outcome, scores[0].status), (Outcome::Broken, 408));
    end(&workers).await;
}

#[tokio::test]
async fn load_of_both_sorts_is_answered_and_measured() {
    let workers = Workers::new();
    let (address, hotkey) = miner::start(&workers).await;
    let target = Target { address, hotkey };

    let closed = load::run(Load::closed(4, 100).unwrap(), &target, "//Alice", LIMIT).await.unwrap();
    let open = load::run(Load::open(200.0, 0.5, 4).unwrap(), &target, "//Alice", LIMIT).await.unwrap();

    for (report, sent) in [(closed, 100), (open, 100)] {
        assert_eq!((report.sent, report.ok, report.errors.len()), (sent, sent, 0));
        assert!(report.p50_us > 0 && report.p50_us <= report.p99_us && report.p99_us <= report.max_us);
    }
    end(&workers).await;
}

#[tokio::test]
async fn load_on_nobody_is_all_errors() {
    let target = Target { address: "127.0.0.1:1".parse().unwrap(), hotkey: miner::hotkey() };

    let report = load::run(Load::closed(2, 10).unwrap(), &target, "//Alice", LIMIT).await.unwrap();

    assert_eq!((report.ok, report.errors), (0, BTreeMap::from([(503, 10)])));
}

#[tokio::test]
async fn the_vendor_speaks_openais_chat() {
    let workers = Workers::new();
    let address = vendor(&workers, |_| {}).await;
    let ask = json!({
        "model": "gpt-6-sol",
        "messages": [{ "role": "user", "content": "Compute 20 + 1. Answer with the number only." }],
        "max_completion_tokens": 50,
    });

    let answer = post(address, &workers, &ask, None).await;
    let models = call(address, &workers, Method::GET, "/v1/models", Vec::new(), None).await;

    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "21");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["usage"]["prompt_tokens"], 15);
    assert_eq!(answer["usage"]["completion_tokens"], 1);
    let models: Value = serde_json::from_slice(models.body()).unwrap();
    assert_eq!(models["data"][1]["id"], "gpt-6-luna");
    end(&workers).await;
}

#[tokio::test]
async fn the_vendors_errors_are_openais() {
    let workers = Workers::new();
    let address = vendor(&workers, |settings| settings.key = Some("sk-sandbox".into())).await;
    let ask = |model: &str| json!({ "model": model, "messages": [{ "role": "user", "content": "q" }] });

    let without_key = post(address, &workers, &ask("gpt-6-sol"), None).await;
    let wrong_key = post(address, &workers, &ask("gpt-6-sol"), Some("Bearer sk-other")).await;
    let right_key = post(address, &workers, &ask("gpt-6-sol"), Some("Bearer sk-sandbox")).await;
    let unknown = post(address, &workers, &ask("gpt-2"), Some("Bearer sk-sandbox")).await;

    let code = |response: &Response<_>| response.status().as_u16();
    assert_eq!([&without_key, &wrong_key, &right_key, &unknown].map(code), [401, 401, 200, 404]);
    let error: Value = serde_json::from_slice(wrong_key.body()).unwrap();
    assert_eq!(error["error"]["code"], "invalid_api_key");
    let error: Value = serde_json::from_slice(unknown.body()).unwrap();
    assert_eq!(error["error"]["code"], "model_not_found");
    end(&workers).await;
}

#[tokio::test]
async fn a_limited_call_says_when_to_come_again() {
    let workers = Workers::new();
    let address = lifelike(&workers, |settings| settings.faults.rate_limited = 1.0).await;
    let ask = json!({ "model": "gpt-6-luna", "messages": [{ "role": "user", "content": "q" }] });

    let limited = post(address, &workers, &ask, None).await;

    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.headers()["retry-after"], "1");
    end(&workers).await;
}

fn settings(miner: SocketAddr) -> Settings {
    Settings::new(1, miner, "127.0.0.1:1".parse().unwrap())
}

fn hurry(validator: &mut settings::Validator) {
    validator.interval_ms = 20;
}

fn start(settings: &Settings, hotkey: &Ss58, workers: &Workers) -> mpsc::Receiver<Score> {
    let (scores, judged) = mpsc::channel(16);
    let target = Target { address: settings.miner, hotkey: hotkey.clone() };
    for habits in &settings.validators {
        let authors = Arc::new(Authors::default());
        let validator = Validator::new(settings, habits, &target, authors, workers.clone()).unwrap();
        workers.spawn("validator", validator.run(scores.clone(), workers.clone()));
    }
    judged
}

async fn watch(settings: &Settings, hotkey: &Ss58, workers: &Workers, count: usize) -> Vec<Score> {
    let mut judged = start(settings, hotkey, workers);
    let mut scores = Vec::new();
    while scores.len() < count {
        scores.push(tokio::time::timeout(LIMIT, judged.recv()).await.unwrap().unwrap());
    }
    scores
}

async fn vendor(workers: &Workers, change: impl FnOnce(&mut settings::Vendor)) -> SocketAddr {
    serve(workers, Pace::Instant, change).await
}

async fn lifelike(workers: &Workers, change: impl FnOnce(&mut settings::Vendor)) -> SocketAddr {
    serve(workers, Pace::Lifelike, change).await
}

async fn serve(workers: &Workers, pace: Pace, change: impl FnOnce(&mut settings::Vendor)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut settings = settings(address).vendor;
    change(&mut settings);
    workers.spawn("vendor", vendor::serve(listener, Arc::new(Vendor::new(settings, pace)), workers.clone()));
    address
}

async fn post(address: SocketAddr, workers: &Workers, body: &Value, key: Option<&str>) -> Response<bytes::Bytes> {
    call(address, workers, Method::POST, "/v1/chat/completions", body.to_string().into_bytes(), key).await
}

async fn call(
    address: SocketAddr,
    workers: &Workers,
    method: Method,
    path: &str,
    body: Vec<u8>,
    key: Option<&str>,
) -> Response<bytes::Bytes> {
    let mut request = Request::builder().method(method).uri(path).header("host", address.to_string());
    if let Some(key) = key {
        request = request.header("authorization", key);
    }
    Connections::new(address, workers.clone()).exchange(request.body(body).unwrap()).await.unwrap()
}

async fn end(workers: &Workers) {
    workers.stop();
    workers.wait(LIMIT).await.unwrap();
}
