//! Models that use more than was reserved: booked in full, and not surprised by a second time.

use common::config::subnet::ModelRef;

use super::*;

fn limits() -> Vec<budget::Limit> {
    vec![limit("total", LimitWindow::Total, 1_000)]
}

#[tokio::test]
async fn p19_more_than_was_reserved_is_booked_in_full() {
    let bench = Bench::new(limits()).await;
    let reservation = bench.reserve(1, 400).await.unwrap();

    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(5_000))).await;

    assert_eq!(bench.tokens(0).await, (5_000, 0));
    assert_eq!(blocked(bench.reserve(2, 1).await).as_deref(), Some("total"));
    assert!(bench.verify().await);
}

#[tokio::test]
async fn p19_from_then_on_more_is_reserved_for_that_model_over_restarts_too() {
    let bench = Bench::new(limits()).await;
    let reservation = bench.reserve(1, 100).await.unwrap();
    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(150))).await;

    let bench = bench.killed(limits()).await;
    let _open = bench.reserve(2, 100).await.unwrap();

    assert_eq!(bench.tokens(0).await, (150, 150));
    let lifted = bench.ledger.report().await.unwrap().lifted;
    assert_eq!(lifted.iter().map(|lifted| lifted.lift.output_permille).collect::<Vec<_>>(), [1_500]);
    let _open = bench.reserve(3, 466).await.unwrap();
    assert_eq!(blocked(bench.reserve(4, 1).await).as_deref(), Some("total"), "699 and 300 are 999, and one is two");
}

#[tokio::test]
async fn p19_other_models_are_not_lifted_and_no_lift_is_taken_back() {
    let bench = Bench::new(limits()).await;
    let reservation = bench.reserve(1, 100).await.unwrap();
    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(200))).await;
    bench.spend(2, 10).await;
    let other = Model { name: ModelRef { vendor: "v".into(), model: "n".into() }, ..model() };

    let _of_other = bench.ledger.reserve(&call(&task(3), &other, 100)).await.unwrap();
    let _of_lifted = bench.reserve(4, 100).await.unwrap();

    assert_eq!(bench.tokens(0).await, (210, 300));
}

#[tokio::test]
async fn p19_a_permit_never_allows_more_than_was_asked_for() {
    let bench = Bench::new(limits()).await;
    let reservation = bench.reserve(1, 100).await.unwrap();
    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(200))).await;

    let (task, model) = (task(2), model());
    let (_reservation, permit) = bench.ledger.reserve(&call(&task, &model, 100)).await.unwrap();

    assert_eq!(permit.worst().output_tokens, 100);
}
