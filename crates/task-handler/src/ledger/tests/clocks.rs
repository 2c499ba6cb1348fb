//! A clock that cannot be believed stops spending, and only what should ends that.

use super::*;

const HOUR: i64 = 3_600_000;

fn limits() -> Vec<budget::Limit> {
    vec![limit("day", LimitWindow::Day, 1_000)]
}

/// Whether spending is frozen; a call that may be made is not.
async fn is_frozen(bench: &Bench, number: u64) -> bool {
    matches!(bench.reserve(number, 1).await, Err(ReserveError::Clock(_)))
}

#[tokio::test]
async fn p16_a_jump_of_the_clock_freezes_spending_until_it_is_confirmed() {
    let bench = Bench::new(limits()).await;
    bench.spend(1, 1_000).await;

    bench.jump(24 * HOUR);
    let tried = bench.reserve(2, 1_000).await;
    let jump = bench.ledger.report().await.unwrap().clock_jump;
    bench.ledger.confirm_clock().await.unwrap();
    let confirmed = bench.reserve(3, 1_000).await;

    assert!(matches!(tried, Err(ReserveError::Clock(_))), "{tried:?}");
    assert_eq!(jump.map(|jump| jump.by_ms), Some(24 * HOUR));
    assert!(confirmed.is_ok(), "{confirmed:?}");
    assert_eq!(bench.ledger.report().await.unwrap().clock_jump, None);
}

#[tokio::test]
async fn p16_ten_minutes_are_let_pass() {
    let bench = Bench::new(limits()).await;

    bench.jump(600_000);

    assert!(!is_frozen(&bench, 1).await);
}

#[tokio::test]
async fn p16_a_clock_that_is_set_right_again_ends_the_freeze() {
    let bench = Bench::new(limits()).await;

    bench.jump(-HOUR);
    let jumped = is_frozen(&bench, 1).await;
    bench.jump(HOUR);

    assert!(jumped && !is_frozen(&bench, 2).await);
}

#[tokio::test]
async fn p16_neither_a_restart_nor_a_boot_confirms_the_clock() {
    let bench = Bench::new(limits()).await;
    bench.jump(HOUR);

    let bench = bench.restarted(limits()).await;
    let restarted = is_frozen(&bench, 1).await;
    let bench = bench.booted(limits()).await;
    let booted = is_frozen(&bench, 2).await;
    bench.ledger.confirm_clock().await.unwrap();

    assert!(restarted && booted && !is_frozen(&bench, 3).await);
}

#[tokio::test]
async fn p16_a_boot_alone_is_no_jump() {
    let bench = Bench::new(limits()).await;
    bench.spend(1, 400).await;
    bench.set_clock(NOON + 7_200_000);

    let bench = bench.booted(limits()).await;

    assert!(!is_frozen(&bench, 2).await);
}

#[tokio::test]
async fn p16_what_is_in_flight_when_the_clock_jumps_is_settled_all_the_same() {
    let bench = Bench::new(limits()).await;
    let reservation = bench.reserve(1, 400).await.unwrap();

    bench.jump(HOUR);
    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(123))).await;

    assert!(is_frozen(&bench, 2).await);
    assert_eq!(bench.tokens(0).await, (123, 0));
}
