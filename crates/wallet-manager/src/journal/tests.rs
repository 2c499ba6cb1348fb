use bittensor::ss58;
use common::call::wallet::operation::{Mode, Operation, Origin};
use common::money::Rao;
use tempfile::TempDir;

use super::step::{Phase, Wanted};
use super::*;

const NOW: u64 = 1_785_000_000_000;

fn id(number: u8) -> OperationId {
    OperationId::new(NOW, [number; 10])
}

fn wanted(value: u64) -> Step {
    Step::Wanted(Wanted {
        operation: Operation::Transfer { to: ss58::encode(&[1; 32]), amount: Rao(value) },
        origin: Origin::Operator,
        mode: Mode::Submit,
        agreed: Rao(value),
        worst_cost: Rao(value),
        value: Rao(value),
    })
}

fn prepared(value: u64) -> Step {
    Step::Prepared { worst_cost: Rao(value), value: Rao(value), nonce: 1, dies: 40 }
}

async fn open(directory: &TempDir) -> Journal {
    Journal::open(&directory.path().join("wallet.db")).await.unwrap()
}

#[tokio::test]
async fn what_was_written_is_known_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory).await;
    journal.add(id(1), NOW, vec![wanted(5), prepared(6)], Vec::new()).await.unwrap();
    let before = journal.get(id(1));
    drop(journal);

    let journal = open(&directory).await;

    assert_eq!(journal.get(id(1)), before);
    assert_eq!(journal.get(id(1)).unwrap().phase, Phase::Prepared);
}

#[tokio::test]
async fn a_step_that_does_not_follow_gets_neither_into_memory_nor_into_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory).await;
    journal.add(id(1), NOW, vec![wanted(5)], Vec::new()).await.unwrap();

    let wrong = journal.add(id(1), NOW, vec![Step::Interrupted], Vec::new()).await;

    assert!(matches!(wrong, Err(JournalError::OutOfOrder(_))), "{wrong:?}");
    drop(journal);
    assert_eq!(open(&directory).await.get(id(1)).unwrap().phase, Phase::Waiting);
}

#[tokio::test]
async fn steps_and_entries_can_be_neither_changed_nor_removed() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory).await;
    journal.add(id(1), NOW, vec![wanted(5)], Vec::new()).await.unwrap();

    for statement in
        ["UPDATE journal SET step = ''", "DELETE FROM journal", "UPDATE earnings SET tao = 1", "DELETE FROM earnings"]
    {
        let statement_of = statement.contains("earnings");
        if statement_of {
            let insert = "INSERT INTO earnings (unix_ms, block, kind, tao, alpha) VALUES (1, 1, 'fee', -1, 0)";
            journal.store().run(Durability::Lazy, move |db| db.execute(insert, ())).await.unwrap();
        }
        let done = journal.store().run(Durability::Lazy, move |db| db.execute(statement, ())).await;
        assert!(done.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn the_last_day_and_everything_are_summed_and_the_last_of_each_kind_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory).await;
    let day = 24 * 3600 * 1000;
    journal.add(id(1), NOW - day, vec![wanted(5), prepared(5)], Vec::new()).await.unwrap();
    journal.add(id(2), NOW - day + 1, vec![wanted(7), prepared(7)], Vec::new()).await.unwrap();
    journal.add(id(3), NOW, vec![wanted(100)], Vec::new()).await.unwrap();

    let spent = journal.spent(OperationKind::Transfer, NOW);

    assert_eq!(spent, Spent { day: 7, total: 12, last_of_kind_ms: Some(NOW - day + 1) });
    assert_eq!(journal.spent(OperationKind::Register, NOW).last_of_kind_ms, None);
    // A clock that was set back opens nothing.
    assert_eq!(journal.spent(OperationKind::Transfer, 0).day, 12);
}

#[tokio::test]
async fn a_journal_of_another_release_is_refused_and_not_guessed_at() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory).await;
    let insert = "INSERT INTO journal (operation, unix_ms, step) VALUES ('x', 1, '{}')";
    journal.store().run(Durability::Synced, move |db| db.execute(insert, ())).await.unwrap();
    drop(journal);

    let opened = Journal::open(&directory.path().join("wallet.db")).await;

    assert!(matches!(opened, Err(JournalError::Unreadable { sequence: 1 })), "{:?}", opened.err());
}
