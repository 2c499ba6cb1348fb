//! docs/PROTOCOLS.md says what the code does: its tables are held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bittensor::keys::Scheme;
use bittensor::protocol::{self, Head};
use common::config::subnet::{AdapterName, Protocol};
use common::record::RefusalReason;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use crate::harness::{MINER, Miner};
use crate::validator::{Request, ask, btauth, btauth_at, epistula, epistula_by, nonce, signed};

const DOCUMENT: &str = include_str!("../../../../docs/PROTOCOLS.md");

/// The rows of the table with this heading in its first line, by their first cell.
fn table(heading: &str) -> BTreeMap<String, Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let mut lines =
        DOCUMENT.lines().skip_while(|line| !line.starts_with(heading)).take_while(|line| line.starts_with('|'));
    let head = cells(lines.next().unwrap());
    let rows = lines.skip(1).map(cells).map(|mut row| (row.remove(0), row));
    std::iter::once(("".to_owned(), head)).chain(rows).collect()
}

fn names(heading: &str) -> BTreeSet<String> {
    table(heading).into_keys().filter(|name| !name.is_empty()).collect()
}

/// The column of a protocol in the table of differences, by row.
fn column(protocol: Protocol) -> BTreeMap<String, String> {
    let table = table("| | `synapse`");
    let index = table[""].iter().position(|name| name == protocol.name()).unwrap();
    table
        .iter()
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, row)| (name.clone(), row[index - 1].clone()))
        .collect()
}

#[test]
fn every_protocol_is_in_the_tables() {
    let known: BTreeSet<_> = Protocol::ALL.map(|protocol| protocol.name().to_owned()).into();

    assert_eq!(names("| protocol in"), known);
    assert_eq!(table("| | `synapse`")[""].iter().skip(1).cloned().collect::<BTreeSet<_>>(), known);
}

#[test]
fn every_reason_is_in_the_table() {
    // A new reason does not compile here: it belongs into the list below.
    let _ = |reason: RefusalReason| match reason {
        RefusalReason::UnknownRoute
        | RefusalReason::Method
        | RefusalReason::BadHeader
        | RefusalReason::Unsigned
        | RefusalReason::BadSignature
        | RefusalReason::WrongReceiver
        | RefusalReason::Stale
        | RefusalReason::Future
        | RefusalReason::Replay
        | RefusalReason::BodyHash
        | RefusalReason::BadBody
        | RefusalReason::TooLarge
        | RefusalReason::Slow
        | RefusalReason::NotAdmitted
        | RefusalReason::RateLimited
        | RefusalReason::Overloaded => {}
    };
    let all = [
        RefusalReason::UnknownRoute,
        RefusalReason::Method,
        RefusalReason::BadHeader,
        RefusalReason::Unsigned,
        RefusalReason::BadSignature,
        RefusalReason::WrongReceiver,
        RefusalReason::Stale,
        RefusalReason::Future,
        RefusalReason::Replay,
        RefusalReason::BodyHash,
        RefusalReason::BadBody,
        RefusalReason::TooLarge,
        RefusalReason::Slow,
        RefusalReason::NotAdmitted,
        RefusalReason::RateLimited,
        RefusalReason::Overloaded,
    ];

    assert_eq!(names("| reason |"), all.map(|reason| reason.name().to_owned()).into());
}

#[test]
fn every_adapter_is_in_the_table() {
    let name = |adapter: AdapterName| match adapter {
        AdapterName::OpenaiChat => "openai-chat",
        AdapterName::ConversationGenome => "conversation-genome",
    };

    let known = [AdapterName::OpenaiChat, AdapterName::ConversationGenome].map(|adapter| name(adapter).to_owned());

    assert_eq!(names("| `action.adapter.name`"), known.into());
}

#[test]
fn the_windows_are_those_of_the_table() {
    let second = Duration::from_secs(1);
    for (protocol, oldest) in [(Protocol::Btauth, 10 * second), (Protocol::Epistula, 8 * second)] {
        let column = column(protocol);
        assert_eq!(column["oldest request"], format!("{} s", oldest.as_secs()));
        assert_eq!(column["newest request"], "2 s ahead");

        let now = 1_795_345_600_000_000_000;
        let accepts = |request: Request| {
            let head_map = headers(&request);
            let head = Head { method: "POST", target: &request.path, headers: &head_map };
            protocol::claim(protocol, head, &MINER.parse().unwrap(), now).is_ok()
        };
        let at = |ns: u64| match protocol {
            Protocol::Epistula => epistula_by("//Alice", ns / 1_000_000, "/", b"{}"),
            Protocol::Btauth | Protocol::Synapse => btauth_at(ns, "//Alice", Scheme::Sr25519, "POST", "/", b"{}"),
        };
        let oldest = u64::try_from(oldest.as_nanos()).unwrap();
        let ms = 1_000_000;

        assert!(accepts(at(now - oldest)) && !accepts(at(now - oldest - ms)), "{protocol:?}");
        assert!(accepts(at(now + 2000 * ms)) && !accepts(at(now + 2001 * ms)), "{protocol:?}");
    }
    assert_eq!(protocol::MAX_AGE, 64 * second);
    assert!(column(Protocol::Synapse)["oldest request"].ends_with("at most 64 s"));
}

fn headers(request: &Request) -> HeaderMap {
    let pair =
        |(name, value): &(String, String)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    request.headers.iter().map(pair).collect()
}

#[tokio::test]
async fn the_statuses_are_those_of_the_table() {
    let miner = Miner::start(|_| {}).await;
    let chat = "/v1/chat/completions";
    let body = br#"{"messages": []}"#;
    let broken = |request: Request| Request { body: b"{}".to_vec(), ..request };
    let forged = |protocol| match protocol {
        Protocol::Synapse => ask("Why?").with("bt_header_dendrite_uuid", "another"),
        Protocol::Btauth => broken(btauth("POST", chat, body)),
        Protocol::Epistula => broken(epistula(chat, body)),
    };
    let strange = |protocol| match protocol {
        Protocol::Synapse => signed("//Bob", "Ask", &json!({ "question": "Why?" })),
        Protocol::Btauth => btauth_at(nonce(), "//Bob", Scheme::Sr25519, "POST", chat, body),
        Protocol::Epistula => epistula_by("//Bob", nonce() / 1_000_000, chat, body),
    };

    for protocol in Protocol::ALL {
        let column = column(protocol);
        for (request, row) in
            [(forged(protocol), "refused as not verified"), (strange(protocol), "verified, but not answered")]
        {
            let answer = miner.connect().await.ask(request.bytes()).await;

            assert_eq!(answer.status.to_string(), column[row], "{protocol:?}: {}", answer.text);
            let keys: Vec<&str> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
            assert!(keys.iter().all(|key| column["error body"].contains(&format!("\"{key}\""))), "{keys:?}");
        }
    }
}
