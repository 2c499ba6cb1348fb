//! A disk that is full, or cannot be written to: no call leaves, and nothing is counted wrongly.

use super::*;

fn limits() -> Vec<budget::Limit> {
    vec![limit("total", LimitWindow::Total, 1_000_000)]
}

/// Lets the database grow by so many pages from now on.
async fn give_pages(bench: &Bench, pages: i64) {
    let job = move |connection: &rusqlite::Connection| {
        let present: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        connection.pragma_update(None, "max_page_count", present + pages)
    };
    bench.store.run(Durability::Lazy, job).await.unwrap();
}

#[tokio::test]
async fn p5_on_a_full_disk_no_call_leaves_and_nothing_is_lost_or_gained() {
    let bench = Bench::new(limits()).await;
    give_pages(&bench, 20).await;

    let (mut spent, mut errors) = (0, Vec::new());
    for number in 1..600 {
        match bench.reserve(number, 100).await {
            Ok(reservation) => {
                // What cannot be settled stays reserved.
                reservation.settle(AttemptOutcome::Completed, Billing::Known(output(60))).await;
                spent += 1;
            }
            Err(error) => errors.push(error),
        }
    }
    let (settled, reserved) = bench.tokens(0).await;

    assert!(spent > 10 && errors.len() > 100, "{spent} were made, {} not", errors.len());
    assert!(errors.iter().all(|error| matches!(error, ReserveError::Store(_))), "{:?}", errors.first());
    let said = crate::chain::chain(&errors[0]);
    assert!(said.contains("ledger.db") && said.contains("full"), "{said}");
    assert_eq!(settled / 60 + reserved / 100, spent, "{settled} settled, {reserved} reserved");
    assert!(bench.verify().await);

    give_pages(&bench, 1_000).await;
    bench.spend(1_000, 100).await;
    assert_eq!(bench.tokens(0).await, (settled + 100, reserved));
}

#[tokio::test]
async fn p5_what_a_full_disk_left_open_is_booked_at_the_next_start() {
    let bench = Bench::new(limits()).await;
    let reservation = bench.reserve(1, 400).await.unwrap();
    give_pages(&bench, 0).await;
    let no_record = |connection: &rusqlite::Connection| connection.execute_batch("DROP TABLE outbox");
    bench.store.run(Durability::Lazy, no_record).await.unwrap();

    reservation.settle(AttemptOutcome::Completed, Billing::Known(output(1))).await;

    assert_eq!(bench.tokens(0).await, (0, 400));
}

#[tokio::test]
async fn p5_a_read_only_database_permits_nothing_and_says_why() {
    let bench = Bench::new(limits()).await;
    bench.spend(1, 100).await;
    let read_only = |connection: &rusqlite::Connection| connection.pragma_update(None, "query_only", true);
    bench.store.run(Durability::Lazy, read_only).await.unwrap();

    for number in 2..20 {
        let refused = bench.reserve(number, 1).await.unwrap_err();

        assert!(matches!(refused, ReserveError::Store(_)), "{refused:?}");
        assert!(crate::chain::chain(&refused).contains("readonly"), "{}", crate::chain::chain(&refused));
    }
    assert_eq!(bench.killed(limits()).await.tokens(0).await, (100, 0));
}

#[tokio::test]
async fn p16_a_jump_that_cannot_be_written_down_permits_nothing_either() {
    let bench = Bench::new(limits()).await;
    let read_only = |connection: &rusqlite::Connection| connection.pragma_update(None, "query_only", true);
    bench.store.run(Durability::Lazy, read_only).await.unwrap();

    bench.jump(3_600_000);

    assert!(bench.reserve(1, 1).await.is_err());
    assert!(matches!(bench.reserve(2, 1).await, Err(ReserveError::Clock(_))));
}

#[test]
fn p5_a_ledger_that_cannot_be_opened_names_its_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("ledger.db");
    std::fs::create_dir(&path).unwrap();

    let error = open(&path).unwrap_err();

    assert!(error.to_string().contains("ledger.db"), "{error}");
}
