//! Limits that are a share of what is earned.

use common::call::task::{Earnings, SubnetEarnings};
use common::config::budget::EarningsShare;
use common::money::Rao;

use super::*;

const HOUR: u64 = 3_600_000;

/// Half of what is earned, and a hundred tokens' worth in any case.
fn limits() -> Vec<budget::Limit> {
    let floor_usd = Usd(NanoUsd(100 * TOKEN_COST));
    let of_earnings = Some(EarningsShare { percent: 50, floor_usd, max_age_hours: 36 });
    vec![budget::Limit { max_tokens: None, of_earnings, ..limit("share", LimitWindow::Day, 0) }]
}

/// A day in which subnet 1 brought what so many tokens cost.
pub(super) fn brought(tokens: u64, as_of_unix_ms: u64) -> Earnings {
    // A rao is worth what a token costs.
    let usd_per_tao = NanoUsd(TOKEN_COST * 1_000_000_000);
    let subnets = vec![SubnetEarnings { netuid: Netuid(1), earned: Rao(tokens) }];
    Earnings { as_of_unix_ms, window_s: 86_400, usd_per_tao, subnets }
}

#[tokio::test]
async fn without_a_report_only_the_floor_may_be_spent() {
    let bench = Bench::new(limits()).await;

    bench.spend(1, 100).await;

    assert_eq!(blocked(bench.reserve(2, 1).await).as_deref(), Some("share"));
}

#[tokio::test]
async fn a_share_of_the_earnings_may_be_spent_to_the_last_token_over_restarts_too() {
    let bench = Bench::new(limits()).await;
    assert!(bench.ledger.report_earnings(brought(2_000, NOON)).await.unwrap());

    let bench = bench.killed(limits()).await;

    assert_eq!(blocked(bench.reserve(1, 1_001).await).as_deref(), Some("share"));
    bench.spend(2, 1_000).await;
    assert_eq!(blocked(bench.reserve(3, 1).await).as_deref(), Some("share"));
    let report = bench.ledger.report().await.unwrap();
    assert_eq!(report.limits[0].usage.max_cost, Some(NanoUsd(1_000 * TOKEN_COST)));
    assert_eq!(report.earnings, Some(brought(2_000, NOON)));
    assert!(bench.verify().await);
}

#[tokio::test]
async fn earnings_that_have_grown_stale_are_none() {
    let bench = Bench::new(limits()).await;
    bench.ledger.report_earnings(brought(2_000, NOON)).await.unwrap();

    bench.set_clock(NOON + 36 * HOUR);
    let fresh = bench.reserve(1, 900).await;
    bench.set_clock(NOON + 36 * HOUR + 1);
    let stale = blocked(bench.reserve(2, 1).await);

    assert!(fresh.is_ok());
    assert_eq!(stale.as_deref(), Some("share"));
}

#[tokio::test]
async fn an_older_report_does_not_replace_a_newer_one_but_a_lower_one_does() {
    let bench = Bench::new(limits()).await;
    bench.ledger.report_earnings(brought(2_000, NOON)).await.unwrap();

    let older = bench.ledger.report_earnings(brought(9_000, NOON - 1)).await.unwrap();
    let kept = blocked(bench.reserve(1, 1_001).await);
    let lower = bench.ledger.report_earnings(brought(400, NOON + 1)).await.unwrap();

    assert!(!older && lower);
    assert_eq!(kept.as_deref(), Some("share"));
    assert_eq!(blocked(bench.reserve(2, 201).await).as_deref(), Some("share"));
}

#[tokio::test]
async fn a_report_that_cannot_be_kept_changes_nothing() {
    let bench = Bench::new(limits()).await;
    let read_only = |connection: &rusqlite::Connection| connection.pragma_update(None, "query_only", true);
    bench.store.run(Durability::Lazy, read_only).await.unwrap();

    assert!(bench.ledger.report_earnings(brought(2_000, NOON)).await.is_err());

    let bench = bench.killed(limits()).await;
    assert_eq!(bench.ledger.report().await.unwrap().limits[0].usage.max_cost, Some(NanoUsd(100 * TOKEN_COST)));
}
