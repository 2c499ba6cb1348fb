//! What the checks cost as functions: a bare signature, each protocol's whole verification, and a refusal that needs none.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bittensor::keys::{Keypair, Scheme, verify};
use bittensor::protocol::{self, Claim, Head};
use common::config::subnet::Protocol;
use http::{HeaderMap, HeaderValue};

use crate::sender::{Kind, MINER, nonce};

const TIMES: u32 = 2000;

/// Measures and prints.
pub(crate) fn measure() {
    let key = Keypair::from_uri(Scheme::Sr25519, "//Alice").unwrap();
    let (message, public) = (b"a message of about the length that is signed by a dendrite".repeat(4), key.public());
    let signature = key.sign(&message);
    let bare = time(|| assert!(verify(Scheme::Sr25519, &public, black_box(&message), &signature)));
    println!("  bare signature        {:7.2} us", us(bare));
    let own = MINER.parse().unwrap();
    for (kind, protocol, target) in
        [(Kind::Synapse, Protocol::Synapse, "/Ping"), (Kind::Btauth, Protocol::Btauth, "/health")]
    {
        let now = nonce();
        let headers = headers(kind, &key, now);
        let head = Head { method: "POST", target, headers: &headers };
        let whole = time(|| {
            let claim = protocol::claim(protocol, black_box(head), &own, now).unwrap();
            let verified = match claim {
                Claim::OfHead(claim) => claim.verify(),
                Claim::OfBody(claim) => claim.verify_body(kind.body().as_bytes()),
            };
            assert!(verified.is_ok());
        });
        let late = now + 100_000_000_000;
        let refusal = time(|| assert!(protocol::claim(protocol, black_box(head), &own, late).is_err()));
        println!(
            "  {:8} verified     {:7.2} us, {:+.2} us over the bare signature; {:.0} stale ones refused a second",
            kind.name(),
            us(whole),
            us(whole) - us(bare),
            1.0 / refusal.as_secs_f64()
        );
    }
}

fn headers(kind: Kind, key: &Keypair, now: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in kind.headers(key, now) {
        headers.insert(name, HeaderValue::from_str(&value).unwrap());
    }
    headers
}

/// The least of a few rounds: the machine does other things, too.
fn time(mut run: impl FnMut()) -> Duration {
    let round = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..TIMES).for_each(|_| run());
        start.elapsed() / TIMES
    };
    (0..5).map(|_| round(&mut run)).min().unwrap()
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
