//! The books against each other: the ledger's journal, tracker's history, the outboxes between them.

use rusqlite::Connection;

/// A question whose answer must be zero, and what it means if it is not.
type Check = (&'static str, &'static str);

/// `main` is the ledger, `front` miner-daemon's database.
const CHECKS: [Check; 9] = [
    ("calls are reserved but not settled", "SELECT count(*) FROM main.journal WHERE settled_unix_ms IS NULL"),
    ("calls have a settlement without its numbers", {
        "SELECT count(*) FROM main.journal
         WHERE settled_unix_ms IS NOT NULL AND (tokens IS NULL OR cost IS NULL OR estimated IS NULL)"
    }),
    ("settlements are not with tracker as they are in the ledger", {
        "SELECT count(*) FROM (
             SELECT attempt, task, vendor, model, netuid, validator, tokens, cost, estimated
             FROM main.journal WHERE settled_unix_ms IS NOT NULL
             EXCEPT SELECT attempt_id, task_id, vendor, model, netuid, caller, input_uncached_tokens
                 + input_cache_read_tokens + input_cache_write_tokens + output_tokens, cost_nano_usd, estimated
             FROM tracker.attempts)"
    }),
    ("attempts are with tracker but not in the ledger", {
        "SELECT count(*) FROM tracker.attempts WHERE attempt_id NOT IN (SELECT attempt FROM main.journal)"
    }),
    ("attempts are with tracker more than once", {
        "SELECT count(*) - count(DISTINCT attempt_id) FROM tracker.attempts"
    }),
    ("tasks ended more than once", "SELECT count(*) - count(DISTINCT task_id) FROM tracker.deliveries"),
    ("tasks were paid for and never ended", {
        "SELECT count(DISTINCT task_id) FROM tracker.attempts
         WHERE task_id NOT IN (SELECT task_id FROM tracker.deliveries)"
    }),
    ("records of task-handler are not with tracker yet", "SELECT count(*) FROM main.outbox"),
    ("records of miner-daemon are not with tracker yet", "SELECT count(*) FROM front.outbox"),
];

/// Returns everything that does not fit.
pub(super) fn problems(database: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut problems = Vec::new();
    for (meaning, question) in CHECKS {
        let count: i64 = database.query_row(question, [], |row| row.get(0))?;
        if count != 0 {
            problems.push(format!("{count} {meaning}"));
        }
    }
    for schema in ["main", "tracker", "front"] {
        let verdict: String = database.query_row(&format!("PRAGMA {schema}.quick_check(1)"), [], |row| row.get(0))?;
        if verdict != "ok" {
            problems.push(format!("the database {schema} is damaged: {verdict}"));
        }
    }
    Ok(problems)
}
