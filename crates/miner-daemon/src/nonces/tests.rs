//! Nonces over restarts.

use bittensor::keys::{Keypair, Scheme};
use bittensor::{ss58, synapse};
use http::{HeaderMap, HeaderValue};
use tempfile::TempDir;

use super::*;

const SECOND: u64 = 1_000_000_000;
const NOW: u64 = 1_795_345_600 * SECOND;
/// What a restart may refuse a caller.
const LEAD: u64 = SECOND / 4;

#[tokio::test]
async fn a_restart_refuses_what_was_used_and_nothing_newer() {
    let (_directory, store) = database();
    let first = start(&store, "boot").await;
    first.spend(request("//Alice", NOW)).await.unwrap();

    let second = start(&store, "boot").await;

    assert_eq!(reason(&second, request("//Alice", NOW)).await, Some(RefusalReason::Replay));
    assert_eq!(reason(&second, request("//Alice", NOW + LEAD + 1)).await, None);
    assert_eq!(reason(&second, request("//Bob", NOW)).await, None);
}

#[tokio::test]
async fn a_boot_of_the_machine_refuses_what_was_signed_before() {
    let (_directory, store) = database();
    start(&store, "boot").await;

    let second = start(&store, "another boot").await;

    assert_eq!(reason(&second, request("//Alice", NOW + 2 * SECOND)).await, Some(RefusalReason::Replay));
    assert_eq!(reason(&second, request_at(NOW + SECOND, "//Alice", NOW + 2 * SECOND + 1)).await, None);
}

#[tokio::test]
async fn a_request_whose_bound_cannot_be_stored_is_refused() {
    let (_directory, store) = database();
    let nonces = start(&store, "boot").await;
    store.run(Durability::Lazy, |connection| connection.pragma_update(None, "query_only", true)).await.unwrap();

    let refused = nonces.spend(request("//Alice", NOW)).await.unwrap_err();

    assert_eq!((refused.reason, refused.status), (RefusalReason::Overloaded, 503));
    assert_eq!(reason(&nonces, request("//Alice", NOW + 1)).await, Some(RefusalReason::Overloaded));
}

#[tokio::test]
async fn old_bounds_are_pruned_while_running() {
    let (_directory, store) = database();
    let nonces = start(&store, "boot").await;
    let long_ago = 1000 * SECOND;
    nonces.spend(request_at(long_ago, "//Alice", long_ago)).await.unwrap();
    nonces.stored.store(PRUNE_EVERY - 1, Ordering::Relaxed);

    nonces.spend(request("//Bob", NOW)).await.unwrap();

    let count = |connection: &rusqlite::Connection| {
        connection.query_row("SELECT count(*) FROM nonce_bound", [], |row| row.get::<_, u32>(0))
    };
    assert_eq!(store.run(Durability::Lazy, count).await.unwrap(), 1);
}

fn database() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("front.db"), &[SCHEMA]).unwrap();
    (directory, store)
}

async fn start(store: &Store, boot_id: &str) -> Nonces {
    Nonces::start_at(store, Some(boot_id.to_owned()), NOW).await.unwrap()
}

async fn reason(nonces: &Nonces, request: Verified) -> Option<RefusalReason> {
    nonces.spend(request).await.err().map(|refused| refused.reason)
}

/// A request that comes now.
fn request(uri: &str, nonce_ns: u64) -> Verified {
    request_at(NOW, uri, nonce_ns)
}

fn request_at(now_ns: u64, uri: &str, nonce_ns: u64) -> Verified {
    let key = Keypair::from_uri(Scheme::Sr25519, uri).unwrap();
    let (caller, own, hash) = (key.address(), ss58::encode(&[7; 32]), "0".repeat(64));
    let signature = key.sign(format!("{nonce_ns}.{caller}.{own}.client.{hash}").as_bytes());
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("bt_header_dendrite_hotkey", caller.as_str()),
        ("bt_header_dendrite_nonce", &nonce_ns.to_string()),
        ("bt_header_dendrite_uuid", "client"),
        ("bt_header_dendrite_signature", &format!("0x{}", hex::encode(signature))),
        ("computed_body_hash", &hash),
    ] {
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    synapse::verify(&headers, &own, now_ns).unwrap()
}
