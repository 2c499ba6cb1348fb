//! What is found after a crash: no sequence of crashes overspends, and tracker hears of every call.

use super::*;

#[tokio::test]
async fn p2_what_a_dead_process_left_open_is_booked_at_the_next_start() {
    let limits = || vec![limit("day", LimitWindow::Day, 1_000)];
    let bench = Bench::new(limits()).await;
    let in_flight = bench.reserve(1, 400).await.unwrap();

    let bench = bench.killed(limits()).await;

    assert_eq!(bench.tokens(0).await, (400, 0));
    let records = bench.records().await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].attempt, in_flight.attempt());
    assert_eq!((records[0].outcome, records[0].estimated), (AttemptOutcome::Interrupted, true));
    assert_eq!(records[0].usage, output(400));
}

#[tokio::test]
async fn what_was_settled_before_a_crash_stays_as_it_was() {
    let limits = || vec![limit("day", LimitWindow::Day, 1_000)];
    let bench = Bench::new(limits()).await;
    bench.spend(1, 123).await;

    let bench = bench.killed(limits()).await;
    let bench = bench.killed(limits()).await;

    assert_eq!(bench.tokens(0).await, (123, 0));
    assert_eq!(bench.records().await.len(), 1);
}

#[tokio::test]
async fn a_task_that_was_interrupted_is_not_paid_again() {
    let limits = || vec![limit("day", LimitWindow::Day, 1_000)];
    let bench = Bench::new(limits()).await;
    let _in_flight = bench.reserve(1, 400).await.unwrap();

    let bench = bench.killed(limits()).await;

    assert!(matches!(bench.reserve(1, 1).await, Err(ReserveError::AlreadyTried)));
    assert!(bench.reserve(2, 1).await.is_ok());
}

#[tokio::test]
async fn a_dropped_reservation_is_written_before_the_worker_ends() {
    let limits = || vec![limit("day", LimitWindow::Day, 1_000)];
    let bench = Bench::new(limits()).await;

    drop(bench.reserve(1, 400).await.unwrap());
    let bench = bench.restarted(limits()).await;

    assert_eq!(bench.records().await[0].outcome, AttemptOutcome::Cancelled, "not interrupted");
}
