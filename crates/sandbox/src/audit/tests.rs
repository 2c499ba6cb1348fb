//! An audit of books with the real tables: it finds what is wrong, and nothing else.

use rusqlite::params;

use super::*;

const LEDGER: [&str; 4] = [
    include_str!("../../../daemon-kit/src/outbox/schema.sql"),
    include_str!("../../../task-handler/src/ledger/schema.sql"),
    include_str!("../../../task-handler/src/ledger/sums_in_memory.sql"),
    include_str!("../../../task-handler/src/ledger/budget_state.sql"),
];
const TRACKER: [&str; 1] = [include_str!("../../../tracker/src/schema/1.sql")];
const FRONT: [&str; 1] = [include_str!("../../../daemon-kit/src/outbox/schema.sql")];

const VALIDATOR: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

#[test]
fn books_that_agree_are_exact() {
    let home = Books::new();
    home.call_at(1, 100);
    home.call_at(2, 50);

    let report = audit(&home.home).unwrap();

    assert!(report.exact, "{report}");
    assert_eq!((report.calls.settled, report.calls.tokens, report.calls.deliveries), (2, 150, 2));
}

#[test]
fn each_sort_of_mistake_is_found() {
    let mistakes = [
        ("ledger.db", "UPDATE journal SET settled_unix_ms = NULL"),
        ("ledger.db", "DELETE FROM journal"),
        ("ledger.db", "INSERT INTO outbox (id, state, entry) VALUES ('x', 0, '{}')"),
        ("tracker.db", "UPDATE attempts SET cost_nano_usd = cost_nano_usd + 1"),
        ("tracker.db", "DELETE FROM attempts"),
        ("tracker.db", "DELETE FROM deliveries"),
        ("front.db", "INSERT INTO outbox (id, state, entry) VALUES ('x', 1, '{}')"),
    ];

    for (database, mistake) in mistakes {
        let home = Books::new();
        home.call_at(1, 100);
        home.database(database).execute(mistake, []).unwrap();

        assert!(!audit(&home.home).unwrap().exact, "{mistake}");
    }
}

#[test]
fn a_limit_is_held_against_every_minute() {
    let home = Books::new();
    home.limit(r#"{ "name": "l", "window": "minute", "max_tokens": 149 }"#);
    home.call_at(1_000_000, 100);
    home.call_at(1_060_000, 50);
    let apart = audit(&home.home).unwrap();

    home.call_at(1_059_999, 0);
    home.call_at(1_059_999, 50);
    let together = audit(&home.home).unwrap();

    assert!(apart.exact, "{apart}");
    assert_eq!(together.problems, ["limit \"l\" was passed: 150 of 149 tokens"]);
}

#[test]
fn a_limit_applies_to_its_scope_only() {
    let home = Books::new();
    home.limit(r#"{ "name": "l", "window": "total", "scope": { "model": "other" }, "max_tokens": 1 }"#);
    home.call_at(1, 100);

    assert!(audit(&home.home).unwrap().exact);
}

#[test]
fn a_home_where_nothing_ran_is_a_clear_error() {
    let directory = tempfile::tempdir().unwrap();

    let error = audit(&Home::new(directory.path().to_owned())).unwrap_err();

    assert!(matches!(error, AuditError::Database { .. }), "{error}");
}

struct Books {
    _directory: tempfile::TempDir,
    home: Home,
}

impl Books {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        home.prepare().unwrap();
        std::fs::create_dir(home.config_dir()).unwrap();
        let books = Self { _directory: directory, home };
        books.limit(r#"{ "name": "l", "window": "day", "max_tokens": 1000 }"#);
        for (name, scripts) in [("ledger.db", &LEDGER[..]), ("tracker.db", &TRACKER), ("front.db", &FRONT)] {
            let database = books.database(name);
            scripts.iter().for_each(|script| database.execute_batch(script).unwrap());
        }
        books
    }

    fn database(&self, name: &str) -> Connection {
        Connection::open(self.home.state_dir().join(name)).unwrap()
    }

    fn limit(&self, limit: &str) {
        let path = self.home.config_dir().join("token-budgets.json");
        std::fs::write(path, format!(r#"{{ "version": 1, "limits": [{limit}] }}"#)).unwrap();
    }

    /// A call as all books have it.
    fn call_at(&self, unix_ms: i64, tokens: i64) {
        let ledger = self.database("ledger.db");
        let number: i64 = ledger.query_row("SELECT count(*) + 1 FROM journal", [], |row| row.get(0)).unwrap();
        let (attempt, task) = (format!("attempt {number}"), format!("task {number}"));
        ledger
            .execute(
                "INSERT INTO journal VALUES (?1, ?2, ?3, 'v', 'm', 1, ?4, 500, 5000, ?3, ?5, ?5 * 10, 0, '')",
                params![attempt, task, unix_ms, VALIDATOR, tokens],
            )
            .unwrap();
        let tracker = self.database("tracker.db");
        tracker
            .execute_batch(&format!(
                "INSERT INTO seen (seq, entry_id) VALUES ({0}, 'a{0}'), ({1}, 'd{0}');
                 INSERT INTO attempts VALUES ({0}, {unix_ms}, '{attempt}', '{task}', 1, '{VALIDATOR}', 'r', 't', 'v',
                     'm', 's', 1, {tokens}, 0, 0, 0, {tokens} * 10, 0, 'completed', NULL);
                 INSERT INTO deliveries VALUES ({1}, {unix_ms}, '{task}', 1, '{VALIDATOR}', 'r', 't', 'answered', NULL,
                     NULL, 200, 1);",
                number,
                number + 1_000
            ))
            .unwrap();
    }
}
