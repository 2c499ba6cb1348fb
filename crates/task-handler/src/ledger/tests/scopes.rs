//! P17: every scope, over every window, in tokens and in money, and all of them together.

use common::config::subnet::ModelRef;

use super::*;

const WINDOWS: [LimitWindow; 4] = [LimitWindow::Minute, LimitWindow::Day, LimitWindow::Month, LimitWindow::Total];

/// Whom a call is made with and for.
#[derive(Clone, Copy, Debug)]
struct Made {
    model: &'static str,
    netuid: u16,
    validator: &'static str,
}

const MADE: Made = Made { model: "v/m", netuid: 1, validator: ALICE };

/// Each scope that fits the call, and a call that it does not fit.
fn scopes() -> [(LimitScope, Made); 5] {
    let any = LimitScope::default;
    [
        (LimitScope { vendor: Some("v".into()), ..any() }, Made { model: "w/m", ..MADE }),
        (LimitScope { key: Some("k".into()), ..any() }, Made { model: "w/m", ..MADE }),
        (LimitScope { model: Some("m".into()), ..any() }, Made { model: "v/n", ..MADE }),
        (LimitScope { netuid: Some(Netuid(1)), ..any() }, Made { netuid: 2, ..MADE }),
        (LimitScope { validator: Some(ALICE.parse().unwrap()), ..any() }, Made { validator: BOB, ..MADE }),
    ]
}

async fn reserve(bench: &Bench, number: u64, made: Made, tokens: u64) -> Result<Reservation, ReserveError> {
    let name: ModelRef = made.model.to_owned().try_into().unwrap();
    let model = Model { name, ..model() };
    let task = Task { netuid: Netuid(made.netuid), caller: made.validator.parse().unwrap(), ..task(number) };
    let (reservation, _permit) = bench.ledger.reserve(&call(&task, &model, tokens)).await?;
    Ok(reservation)
}

#[tokio::test]
async fn p17_every_scope_limits_tokens_and_money_over_every_window() {
    for window in WINDOWS {
        for (scope, other) in scopes() {
            for narrow in [limit("narrow", window, 1_000), money_limit("narrow", window, 1_000 * TOKEN_COST)] {
                let narrow = budget::Limit { scope: scope.clone(), ..narrow };
                let bench = Bench::new(vec![narrow, limit("wide", LimitWindow::Total, 10_000)]).await;
                let first = reserve(&bench, 1, MADE, 600).await.unwrap();
                first.settle(AttemptOutcome::Completed, Billing::Known(output(500))).await;
                let _open = reserve(&bench, 2, MADE, 400).await.unwrap();

                let over = blocked(reserve(&bench, 3, MADE, 101).await);
                let of_other = reserve(&bench, 4, other, 1_001).await;
                let to_the_last = reserve(&bench, 5, MADE, 100).await;

                assert_eq!(over.as_deref(), Some("narrow"), "{window:?} {scope:?}");
                assert!(of_other.is_ok(), "{window:?} {scope:?} {of_other:?}");
                assert!(to_the_last.is_ok(), "{window:?} {scope:?} {to_the_last:?}");
            }
        }
    }
}

#[tokio::test]
async fn p17_all_limits_must_hold_at_once() {
    let of_each = |(index, (scope, _)): (usize, (LimitScope, Made))| {
        let most = 100 * (5 - index as u64);
        budget::Limit { scope, ..limit(&format!("limit {index}"), LimitWindow::Day, most) }
    };
    let bench = Bench::new(scopes().into_iter().enumerate().map(of_each).collect()).await;

    let least = blocked(reserve(&bench, 1, MADE, 101).await);
    let none = blocked(reserve(&bench, 2, MADE, 501).await);

    assert_eq!(least.as_deref(), Some("limit 4"), "the only one without room");
    assert_eq!(none.as_deref(), Some("limit 0"), "the first of all of them");
    assert!(reserve(&bench, 3, MADE, 100).await.is_ok());
}

#[tokio::test]
async fn p17_calls_from_before_keys_were_written_down_count_for_every_key() {
    let limits = || {
        let of_key = LimitScope { key: Some("l".into()), ..LimitScope::default() };
        vec![
            budget::Limit { scope: of_key, ..limit("l", LimitWindow::Total, 1_000) },
            limit("all", LimitWindow::Total, 9_000),
        ]
    };
    let bench = Bench::new(limits()).await;
    bench.spend(1, 300).await;
    bench.spend(2, 300).await;
    let forget = |connection: &rusqlite::Connection| {
        connection.execute_batch("UPDATE journal SET key = NULL WHERE rowid = (SELECT min(rowid) FROM journal)")
    };
    bench.store.run(Durability::Lazy, forget).await.unwrap();

    let bench = bench.restarted(limits()).await;

    assert_eq!(
        bench.tokens(0).await,
        (300, 0),
        "of the two calls, both made with another key, one may have been with this"
    );
}

#[tokio::test]
async fn what_blocked_whom_is_told() {
    let bench = Bench::new(vec![limit("day", LimitWindow::Day, 100)]).await;

    for number in 0..3 {
        drop(reserve(&bench, number, MADE, 101).await);
    }
    drop(reserve(&bench, 9, Made { validator: BOB, ..MADE }, 101).await);

    let report = bench.ledger.report().await.unwrap();
    let of_alice = &report.blocked[0];
    assert_eq!((of_alice.validator.as_str(), of_alice.calls, of_alice.last_unix_ms), (ALICE, 3, NOON));
    assert_eq!((report.blocked.len(), report.limits[0].blocked, report.blocked_others), (2, 4, 0));
}

#[tokio::test]
async fn the_pace_of_the_last_hour_tells_when_a_limit_is_reached() {
    let bench = Bench::new(vec![limit("total", LimitWindow::Total, 1_000)]).await;
    bench.spend(1, 100).await;
    bench.set_clock(NOON + 1_800_000);
    bench.spend(2, 100).await;

    let half_an_hour_in = bench.ledger.report().await.unwrap().limits[0].reached_unix_ms;
    bench.set_clock(NOON + 7_200_000);
    let idle = bench.ledger.report().await.unwrap().limits[0].reached_unix_ms;

    assert_eq!(half_an_hour_in, Some(NOON + 1_800_000 + 4 * 1_800_000));
    assert_eq!(idle, None);
}

#[tokio::test]
async fn open_calls_are_counted_over_restarts() {
    let limits = || vec![limit("day", LimitWindow::Day, 1_000)];
    let bench = Bench::new(limits()).await;
    let _open = (bench.reserve(1, 100).await.unwrap(), bench.reserve(2, 50).await.unwrap());

    let open = bench.ledger.report().await.unwrap().open;
    let bench = bench.killed(limits()).await;

    assert_eq!((open.calls, open.reserved.tokens), (2, 150));
    assert_eq!(bench.ledger.report().await.unwrap().open.calls, 0);
}
