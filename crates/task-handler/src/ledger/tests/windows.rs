//! What each window holds, at its edges and when the clock misbehaves.

use super::*;

/// 2026-11-23 00:00:00 UTC
const MIDNIGHT: u64 = NOON + 12 * 3_600_000;
/// 2026-12-01 00:00:00 UTC
const DECEMBER: u64 = MIDNIGHT + 8 * 86_400_000;

#[tokio::test]
async fn p10_a_day_ends_at_midnight_utc() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;
    bench.set_clock(MIDNIGHT - 1);
    bench.spend(1, 1_000).await;

    let before = blocked(bench.reserve(2, 1).await);
    bench.set_clock(MIDNIGHT);
    let after = bench.reserve(3, 1_000).await;

    assert_eq!(before.as_deref(), Some("day"));
    assert!(after.is_ok());
}

#[tokio::test]
async fn p10_a_month_is_a_calendar_month() {
    let bench = Bench::new(vec![limit("month", LimitWindow::Month, 1_000)]).await;
    bench.spend(1, 1_000).await;

    bench.set_clock(DECEMBER - 1);
    let before = blocked(bench.reserve(2, 1).await);
    bench.set_clock(DECEMBER);
    let after = bench.reserve(3, 1_000).await;

    assert_eq!(before.as_deref(), Some("month"));
    assert!(after.is_ok());
}

#[tokio::test]
async fn p10_a_minute_slides_by_whole_seconds() {
    let bench = Bench::new(vec![limit("minute", LimitWindow::Minute, 1_000)]).await;
    bench.spend(1, 600).await;
    bench.set_clock(NOON + 30_000);
    bench.spend(2, 400).await;

    bench.set_clock(NOON + 60_999);
    let full = blocked(bench.reserve(3, 1).await);
    bench.set_clock(NOON + 61_000);
    let first_has_left = bench.reserve(4, 600).await;
    let second_has_not = blocked(bench.reserve(5, 1).await);

    assert_eq!(full.as_deref(), Some("minute"));
    assert!(first_has_left.is_ok());
    assert_eq!(second_has_not.as_deref(), Some("minute"));
}

#[tokio::test]
async fn p11_a_call_that_outlasts_its_minute_leaves_the_sums_right() {
    let bench = Bench::new(vec![limit("minute", LimitWindow::Minute, 1_000)]).await;
    let reservation = bench.reserve(1, 800).await.unwrap();

    bench.set_clock(NOON + 300_000);
    bench.spend(2, 100).await;
    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(700))).await;

    assert_eq!(bench.tokens(0).await, (100, 0));
    assert!(bench.verify().await);
}

#[tokio::test]
async fn p10_a_total_never_ends() {
    let bench = Bench::new(vec![limit("total", LimitWindow::Total, 1_000)]).await;
    bench.spend(1, 1_000).await;

    bench.set_clock(NOON + 20 * 365 * 86_400_000);

    assert_eq!(blocked(bench.reserve(2, 1).await).as_deref(), Some("total"));
}

#[tokio::test]
async fn a_call_counts_in_the_day_in_which_it_was_reserved() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 1_000)]).await;
    bench.set_clock(MIDNIGHT - 1);
    let reservation = bench.reserve(1, 800).await.unwrap();

    bench.set_clock(MIDNIGHT + 5_000);
    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(800))).await;

    assert_eq!(bench.tokens(0).await, (0, 0), "nothing of the new day");
    bench.set_clock(MIDNIGHT - 1);
    assert_eq!(bench.tokens(0).await, (800, 0));
}

#[tokio::test]
async fn p16_a_clock_that_goes_backwards_makes_no_room() {
    let limits = vec![limit("minute", LimitWindow::Minute, 1_000), limit("day", LimitWindow::Day, 1_500)];
    let bench = Bench::new(limits).await;
    bench.spend(1, 1_000).await;

    bench.set_clock(NOON - 2 * 86_400_000);

    assert_eq!(blocked(bench.reserve(2, 1).await).as_deref(), Some("minute"));
}
