//! What a ledger must hold whatever happens, each with the failure of other ledgers that it answers.

use common::outcome::VendorFailure;
use tokio::task::JoinSet;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p1_of_many_concurrent_calls_only_those_that_fit_are_permitted() {
    let bench = Bench::new(vec![limit("total", LimitWindow::Total, 37 * 150 + 149)]).await;
    let ledger = Arc::new(bench.ledger);
    let mut calls = JoinSet::new();

    for number in 0..200 {
        let ledger = Arc::clone(&ledger);
        calls.spawn(async move {
            let (task, model) = (task(number), model());
            ledger.reserve(&call(&task, &model, 150)).await
        });
    }
    let results = calls.join_all().await;

    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 37);
    let usage = &ledger.limits().await.unwrap()[0];
    assert_eq!(usage.reserved.tokens, 37 * 150);
}

#[tokio::test]
async fn p2_a_dropped_reservation_is_settled_at_its_worst_case() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;

    drop(bench.reserve(1, 400).await.unwrap());
    bench.quiet().await;

    assert_eq!(bench.tokens(0).await, (400, 0));
    let records = bench.records().await;
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].outcome, records[0].estimated), (AttemptOutcome::Cancelled, true));
    assert_eq!(records[0].cost, NanoUsd(400 * TOKEN_COST));
}

#[tokio::test]
async fn p2_a_reservation_that_nobody_waited_for_costs_nothing() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;

    {
        let mut asked = std::pin::pin!(bench.reserve(1, 400));
        let polled_once = asked.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        assert!(polled_once.is_pending());
    }
    bench.quiet().await;

    assert_eq!(bench.tokens(0).await, (0, 0));
}

#[tokio::test]
async fn p3_unknown_usage_costs_the_reservation_and_is_flagged() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;
    let reservation = bench.reserve(1, 400).await.unwrap();

    let booking = reservation.settle(AttemptOutcome::Completed, Billing::Unknown).await;

    assert!(booking.estimated);
    assert_eq!(bench.tokens(0).await, (400, 0));
    assert!(bench.records().await[0].estimated);
}

#[tokio::test]
async fn p4_settling_twice_books_once() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;
    let (task, model) = (task(1), model());
    let (reservation, _permit) = bench.ledger.reserve(&call(&task, &model, 400)).await.unwrap();
    let facts = Facts::new(&call(&task, &model, 400), Key::None, lift::usual(), reservation.attempt());
    let again = Settlement {
        booking: facts.bound.book(Billing::Known(output(300))),
        facts,
        outcome: AttemptOutcome::Completed,
        latency: Duration::ZERO,
        done: None,
    };

    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(100))).await;
    bench.ledger.settlements.send(Note::Ended(again)).await.unwrap();
    bench.quiet().await;

    assert_eq!(bench.tokens(0).await, (100, 0));
    assert_eq!(bench.records().await.len(), 1);
}

#[tokio::test]
async fn p4_the_record_is_written_with_the_settlement_or_not_at_all() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;
    let reservation = bench.reserve(1, 400).await.unwrap();
    let no_outbox = |connection: &rusqlite::Connection| connection.execute_batch("DROP TABLE outbox");
    bench.store.run(Durability::Lazy, no_outbox).await.unwrap();

    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(100))).await;

    assert_eq!(bench.tokens(0).await, (0, 400), "still reserved");
}

#[tokio::test]
async fn p5_without_a_writable_store_there_is_no_permit() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;
    let read_only = |connection: &rusqlite::Connection| connection.pragma_update(None, "query_only", true);
    bench.store.run(Durability::Lazy, read_only).await.unwrap();

    let result = bench.reserve(1, 1).await;

    assert!(matches!(result, Err(ReserveError::Store(_))));
}

#[tokio::test]
async fn p5_a_settlement_that_cannot_be_written_leaves_the_reservation() {
    let limits = || vec![limit("day", LimitWindow::Day, 1_000)];
    let bench = Bench::new(limits()).await;
    let reservation = bench.reserve(1, 400).await.unwrap();
    let read_only = |connection: &rusqlite::Connection| connection.pragma_update(None, "query_only", true);
    bench.store.run(Durability::Lazy, read_only).await.unwrap();

    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(1))).await;
    let bench = bench.killed(limits()).await;

    assert_eq!(bench.tokens(0).await, (400, 0));
}

#[tokio::test]
async fn p5_a_call_that_nothing_limits_is_not_permitted() {
    let elsewhere = LimitScope { netuid: Some(Netuid(99)), ..LimitScope::default() };
    let empty = budget::Limit { max_tokens: None, ..limit("empty", LimitWindow::Day, 0) };
    let bench =
        Bench::new(vec![budget::Limit { scope: elsewhere, ..limit("elsewhere", LimitWindow::Day, 9) }, empty]).await;

    let result = bench.reserve(1, 1).await;

    assert!(matches!(result, Err(ReserveError::Unlimited)));
}

#[tokio::test]
async fn p7_an_aborted_call_costs_its_reservation_and_never_less_than_was_seen() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;
    let failed = AttemptOutcome::Failed(VendorFailure::Disconnected);

    for (number, seen, tokens) in [(1, 399, 400), (2, 500, 900)] {
        let reservation = bench.reserve(number, 400).await.unwrap();
        reservation.settle(failed, Billing::AtLeast(output(seen))).await;

        assert_eq!(bench.tokens(0).await, (tokens, 0), "{seen} were seen");
    }
    assert!(bench.records().await.iter().all(|record| record.estimated));
}

#[tokio::test]
async fn p8_zero_usage_is_booked_as_zero() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;
    let reservation = bench.reserve(1, 400).await.unwrap();

    reservation.settle(AttemptOutcome::Completed, Billing::Known(TokenUsage::default())).await;

    assert_eq!(bench.tokens(0).await, (0, 0));
    assert!(!bench.records().await[0].estimated);
}

#[tokio::test]
async fn p9_buckets_are_added_up_once() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;
    let reservation = bench.reserve(1, 400).await.unwrap();
    let usage = TokenUsage { input_uncached: 1, input_cache_read: 20, input_cache_write: 30, output: 40 };

    reservation.settle(AttemptOutcome::Completed, Billing::Known(usage)).await;

    assert_eq!(bench.tokens(0).await, (91, 0));
}

#[tokio::test]
async fn p11_limits_come_from_the_journal_whatever_the_sums_say() {
    let limits = || vec![limit("month", LimitWindow::Month, 1_000)];
    let bench = Bench::new(limits()).await;
    bench.spend(1, 700).await;
    bench.forget().await;

    let bench = bench.restarted(limits()).await;

    assert_eq!(bench.tokens(0).await, (700, 0));
    assert_eq!(blocked(bench.reserve(2, 301).await).as_deref(), Some("month"));
}

#[tokio::test]
async fn p11_the_audit_finds_and_mends_wrong_sums() {
    let bench = Bench::new(vec![limit("total", LimitWindow::Total, 1_000)]).await;
    bench.spend(1, 700).await;
    let _open = bench.reserve(2, 100).await.unwrap();

    assert!(bench.verify().await, "right before");
    bench.forget().await;
    assert_eq!(bench.tokens(0).await, (0, 0), "wrong");
    assert!(!bench.verify().await, "found");
    assert!(bench.verify().await, "mended");
    assert_eq!(bench.tokens(0).await, (700, 100));
}

#[tokio::test]
async fn p11_a_lost_transaction_leaves_no_trace_in_the_sums() {
    let bench = Bench::new(vec![limit("total", LimitWindow::Total, 1_000)]).await;
    let reservation = bench.reserve(1, 700).await.unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    // What SQLite does by itself when an error leaves it no other way: it takes back the jobs before it, too.
    let hold = bench.store.run(Durability::Lazy, move |_| {
        let _closed = held.recv();
        Ok(())
    });
    let lose = bench.store.run(Durability::Lazy, |connection| connection.execute_batch("ROLLBACK"));
    let lost = async {
        let settled = reservation.settle(AttemptOutcome::Completed, Billing::Known(output(100)));
        let reserved = bench.reserve(2, 200);
        let all = futures_util::future::join3(reserved, settled, async {
            // The settler takes the settlement before the transaction is lost.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            futures_util::future::join(lose, async { drop(release) }).await.0
        });
        all.await
    };
    let (_, (reserved, _, _)) = futures_util::future::join(hold, lost).await;

    assert!(matches!(reserved, Err(ReserveError::Store(_))), "{reserved:?}");
    assert_eq!(bench.tokens(0).await, (0, 700), "as in the journal");
    assert!(bench.verify().await);
}

#[tokio::test]
async fn p13_money_is_counted_to_the_nano_dollar() {
    let bench = Bench::new(vec![money_limit("money", LimitWindow::Day, 10 * TOKEN_COST - 1)]).await;

    assert_eq!(blocked(bench.reserve(1, 10).await).as_deref(), Some("money"));
    assert!(bench.reserve(2, 9).await.is_ok());
}

#[tokio::test]
async fn p13_absurd_amounts_saturate_and_block() {
    let bench = Bench::new(vec![limit("total", LimitWindow::Total, 1_000)]).await;
    let reservation = bench.reserve(1, 1).await.unwrap();

    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(u64::MAX))).await;

    assert_eq!(blocked(bench.reserve(2, 1).await).as_deref(), Some("total"));
    assert!(bench.verify().await);
}

#[tokio::test]
async fn p14_a_lowered_limit_applies_to_what_was_spent_before() {
    let bench = Bench::new(vec![limit("month", LimitWindow::Month, 1_000)]).await;
    bench.spend(1, 700).await;

    let bench = bench.restarted(vec![limit("renamed", LimitWindow::Month, 750)]).await;

    assert_eq!(blocked(bench.reserve(2, 51).await).as_deref(), Some("renamed"));
    assert!(bench.reserve(3, 50).await.is_ok());
}

#[tokio::test]
async fn p14_a_new_scope_counts_what_was_spent_before_it_was_limited() {
    let bench = Bench::new(vec![limit("month", LimitWindow::Month, 1_000)]).await;
    bench.spend(1, 700).await;
    let scope = |validator: &str| LimitScope { validator: Some(validator.parse().unwrap()), ..LimitScope::default() };
    let alice = budget::Limit { scope: scope(ALICE), ..limit("alice", LimitWindow::Day, 700) };
    let bob = budget::Limit { scope: scope(BOB), ..limit("bob", LimitWindow::Day, 1) };

    let bench = bench.restarted(vec![bob, alice]).await;

    assert_eq!(blocked(bench.reserve(2, 1).await).as_deref(), Some("alice"));
    assert_eq!(bench.tokens(0).await, (0, 0));
    assert_eq!(bench.tokens(1).await, (700, 0));
}

#[tokio::test]
async fn p15_each_attempt_of_a_task_is_its_own_reservation() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;
    let (task, model) = (task(1), model());
    let first = call(&task, &model, 400);

    let (one, _) = bench.ledger.reserve(&first).await.unwrap();
    let (two, _) = bench.ledger.reserve(&Call { first: false, ..first }).await.unwrap();
    let three = bench.ledger.reserve(&Call { first: false, ..first }).await;

    assert_ne!(one.attempt(), two.attempt());
    assert_eq!(bench.tokens(0).await, (0, 800));
    assert!(matches!(three, Err(ReserveError::Blocked { .. })));
}

#[tokio::test]
async fn all_limits_must_hold_and_the_first_without_room_is_named() {
    let limits = vec![
        limit("roomy", LimitWindow::Total, 10_000),
        money_limit("money", LimitWindow::Day, 600 * TOKEN_COST),
        limit("tokens", LimitWindow::Day, 500),
    ];
    let bench = Bench::new(limits).await;

    assert_eq!(blocked(bench.reserve(1, 501).await).as_deref(), Some("tokens"));
    assert_eq!(blocked(bench.reserve(2, 601).await).as_deref(), Some("money"));
    assert_eq!(bench.tokens(0).await, (0, 0), "a blocked call reserves nothing anywhere");
}

#[tokio::test]
async fn the_pause_outlives_the_process() {
    let limits = || vec![limit("day", LimitWindow::Day, 1)];
    let bench = Bench::new(limits()).await;

    bench.ledger.set_paused(true).await.unwrap();
    let bench = bench.restarted(limits()).await;

    assert!(bench.ledger.paused().await.unwrap());
}
