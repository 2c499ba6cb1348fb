use super::*;

const HOTKEY: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(include_str!("../journal/schema.sql")).unwrap();
    connection
}

fn emission(block: u64, alpha: i64) -> NewEntry {
    NewEntry {
        unix_ms: block * 1_000,
        block,
        kind: EarningsKind::Emission,
        netuid: Some(Netuid(3)),
        hotkey: Some(HOTKEY.parse().unwrap()),
        tao: 0,
        alpha,
        price: Some(Rao(500_000_000)),
        transaction: None,
        operation: None,
    }
}

fn query(after: u64, limit: u32) -> EarningsQuery {
    EarningsQuery { since_unix_ms: 0, until_unix_ms: u64::MAX, after, limit }
}

#[test]
fn an_epochs_emission_is_written_down_once() {
    let database = database();

    insert(&database, &emission(7, 10)).unwrap();
    insert(&database, &emission(7, 10)).unwrap();

    assert_eq!(page(&database, &query(0, 10)).unwrap().entries.len(), 1);
}

#[test]
fn entries_come_back_as_they_were_written_page_by_page() {
    let database = database();
    let fee = NewEntry {
        kind: EarningsKind::Fee,
        netuid: None,
        hotkey: None,
        tao: -5,
        alpha: 0,
        price: None,
        transaction: Some("0xab".into()),
        operation: Some(OperationId::new(1, [1; 10])),
        ..emission(8, 0)
    };
    for entry in [emission(7, 10), fee.clone(), emission(9, 20)] {
        insert(&database, &entry).unwrap();
    }

    let first = page(&database, &query(0, 2)).unwrap();
    let second = page(&database, &query(2, 2)).unwrap();

    assert_eq!((first.entries.len(), first.more), (2, true));
    assert_eq!((second.entries.len(), second.more), (1, false));
    let read = &first.entries[1];
    assert_eq!(
        (read.kind, read.tao, &read.transaction, read.operation),
        (fee.kind, -5, &fee.transaction, fee.operation)
    );
    let later = EarningsQuery { since_unix_ms: 8_000, until_unix_ms: 9_000, ..query(0, 10) };
    assert_eq!(page(&database, &later).unwrap().entries.len(), 1);
}

#[test]
fn emission_is_worth_its_alpha_at_each_epochs_price() {
    let database = database();
    for block in [7, 8, 9] {
        insert(&database, &emission(block, 10)).unwrap();
    }

    assert_eq!(emission_value(&database, Netuid(3), 8_000).unwrap(), 10);
    assert_eq!(emission_value(&database, Netuid(4), 0).unwrap(), 0);
}

#[test]
fn progress_and_what_it_brought_are_kept_together() {
    let database = database();
    let hotkey: Ss58 = HOTKEY.parse().unwrap();
    assert_eq!(progress(&database, "finney", Netuid(3), &hotkey).unwrap(), None);

    advance(&database, "finney", Netuid(3), &hotkey, 7, &[emission(7, 10)]).unwrap();
    advance(&database, "finney", Netuid(3), &hotkey, 9, &[]).unwrap();

    assert_eq!(progress(&database, "finney", Netuid(3), &hotkey).unwrap(), Some(9));
    assert_eq!(progress(&database, "test", Netuid(3), &hotkey).unwrap(), None);
    assert_eq!(page(&database, &query(0, 10)).unwrap().entries.len(), 1);
}
