//! Many large calls at once.

use futures_util::future::join_all;

use super::service::{Echo, LONG, client, serve_in};

/// One loop that both reads and writes deadlocks here: each side fills the other's socket buffer and waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_calls_both_ways_do_not_deadlock() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve_in(directory.path());
    let (client, _workers) = client(&served.path).await;
    let text = "x".repeat(1024 * 1024);

    let calls = (0..32).map(|_| client.call(Echo { text: text.clone() }, LONG));
    let echoes = join_all(calls).await;

    assert!(echoes.iter().all(|echo| echo.as_ref().is_ok_and(|echo| *echo == text)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_find_their_calls() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve_in(directory.path());
    let (client, _workers) = client(&served.path).await;

    let calls = (0..300).map(|number| client.call(Echo { text: number.to_string() }, LONG));
    let echoes = join_all(calls).await;

    let expected: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    let echoes: Vec<_> = echoes.into_iter().map(Result::unwrap).collect();
    assert_eq!(echoes, expected);
}
