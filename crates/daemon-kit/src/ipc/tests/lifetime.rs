//! Cancelling, hanging up, stopping and coming back.

use common::ipc::FaultCode;
use tokio::sync::mpsc;

use super::service::{Count, Echo, Gate, Hang, LONG, NAME, ParrotCall, Raw, Told, client, serve_in};
use crate::ipc::connect;
use crate::workers::Workers;

#[tokio::test]
async fn dropping_a_call_cancels_it_at_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let mut served = serve_in(directory.path());
    let (client, _workers) = client(&served.path).await;

    let token = tokio::select! {
        reply = client.call(Hang {}, LONG) => panic!("{reply:?}"),
        token = served.begun() => token,
    };
    let dropped = served.told.recv().await;

    assert!(token.is_cancelled());
    assert!(matches!(dropped, Some(Told::Dropped)));
    assert_eq!(client.call(Echo { text: "still here".into() }, LONG).await.unwrap(), "still here");
}

#[tokio::test]
async fn a_hang_up_cancels_the_calls_of_the_connection() {
    let directory = tempfile::tempdir().unwrap();
    let mut served = serve_in(directory.path());
    let mut raw = Raw::connect(&served.path).await;
    raw.request(1, 30_000, r#"{"hang":{}}"#).await;
    let token = served.begun().await;

    drop(raw);
    let dropped = served.told.recv().await;

    assert!(token.is_cancelled());
    assert!(matches!(dropped, Some(Told::Dropped)));
}

#[tokio::test]
async fn stopping_lets_calls_in_flight_finish_and_refuses_new_ones() {
    let directory = tempfile::tempdir().unwrap();
    let mut served = serve_in(directory.path());
    let (client, _workers) = client(&served.path).await;

    let first = client.call(Gate {}, LONG);
    let rest = async {
        served.begun().await;
        served.workers.stop();
        let late = client.call(Echo { text: String::new() }, LONG).await;
        served.gate.add_permits(1);
        late
    };
    let (first, late) = tokio::join!(first, rest);
    let ended = served.workers.wait(LONG).await;

    assert!(first.is_ok(), "{first:?}");
    assert_eq!(late.unwrap_err().code, FaultCode::Unavailable);
    assert_eq!(ended, Ok(()));
    assert!(!served.path.exists());
}

#[tokio::test]
async fn a_client_connects_again_after_its_server_came_back() {
    let directory = tempfile::tempdir().unwrap();
    let first = serve_in(directory.path());
    let (client, _workers) = client(&first.path).await;
    first.workers.stop();
    first.workers.wait(LONG).await.unwrap();

    let _second = serve_in(directory.path());
    let echoed = loop {
        client.connected().await;
        match client.call(Echo { text: "again".into() }, LONG).await {
            Ok(echoed) => break echoed,
            // The client may not yet have seen that the first connection ended.
            Err(fault) => assert!(fault.code != FaultCode::Invalid, "{fault}"),
        }
    };

    assert_eq!(echoed, "again");
}

#[tokio::test]
async fn a_single_connection_is_not_renewed() {
    let directory = tempfile::tempdir().unwrap();
    let first = serve_in(directory.path());
    let client = connect::<ParrotCall>(&first.path, NAME, &Workers::new()).await.unwrap();
    let before = client.call(Echo { text: "once".into() }, LONG).await;
    first.workers.stop();
    first.workers.wait(LONG).await.unwrap();
    let _second = serve_in(directory.path());

    let after = client.call(Echo { text: "twice".into() }, LONG).await;

    assert_eq!(before.unwrap(), "once");
    assert!(after.is_err());
}

#[tokio::test]
async fn a_client_works_until_the_workers_of_its_process_have_ended() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve_in(directory.path());
    let (client, workers) = client(&served.path).await;
    let (sender, mut replies) = mpsc::channel(1);
    let last = client.clone();
    let stopping = workers.token();
    workers.spawn("worker", async move {
        stopping.cancelled().await;
        let reply = last.call(Echo { text: "last words".into() }, LONG).await;
        sender.send(reply).await.unwrap();
    });

    workers.stop();
    let ended = workers.wait(LONG).await;
    let after = client.call(Echo { text: "too late".into() }, LONG).await;

    assert_eq!(replies.recv().await.unwrap().unwrap(), "last words");
    assert_eq!(ended, Ok(()));
    assert_eq!(after.unwrap_err().code, FaultCode::Unavailable);
}

#[tokio::test]
async fn events_come_in_order_before_the_reply() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve_in(directory.path());
    let (client, _workers) = client(&served.path).await;
    let (sender, mut events) = mpsc::channel(200);

    client.call_streaming(Count { to: 200 }, LONG, sender).await.unwrap();

    let mut numbers = Vec::new();
    while let Some(event) = events.recv().await {
        numbers.push(event.get().parse::<u32>().unwrap());
    }
    assert_eq!(numbers, (0..200).collect::<Vec<_>>());
}
