//! The books against each other: the ledger's journal and sums, tracker's history, the outboxes between them.

use rusqlite::Connection;

/// A question whose answer must be zero, and what it means if it is not.
type Check = (&'static str, &'static str);

/// `main` is the ledger, `front` miner-daemon's database.
const CHECKS: [Check; 10] = [
    ("calls are reserved but not settled", "SELECT count(*) FROM main.journal WHERE settled_unix_ms IS NULL"),
    ("calls have a settlement without its numbers", {
        "SELECT count(*) FROM main.journal
         WHERE settled_unix_ms IS NOT NULL AND (tokens IS NULL OR cost IS NULL OR estimated IS NULL)"
    }),
    ("sums of the ledger differ from its journal", {
        "WITH calls AS (
             SELECT *, settled_unix_ms IS NULL AS is_open FROM main.journal
         ), dated AS (
             SELECT strftime('%Y-%m-%d', unix_ms / 1000, 'unixepoch') AS period, * FROM calls
             UNION ALL SELECT strftime('%Y-%m', unix_ms / 1000, 'unixepoch'), * FROM calls
             UNION ALL SELECT 'total', * FROM calls
             UNION ALL SELECT 'second ' || printf('%017d', unix_ms / 1000), * FROM calls
         ), right AS (
             SELECT period, vendor, model, netuid, validator, sum(coalesce(tokens, 0)), sum(coalesce(cost, 0)),
                 sum(iif(is_open, reserved_tokens, 0)), sum(iif(is_open, reserved_cost, 0))
             FROM dated GROUP BY period, vendor, model, netuid, validator
         ), bygone AS ( -- seconds that no minute holds any more: their sums need not be kept
             SELECT DISTINCT period FROM main.spent
             WHERE period LIKE 'second %'
                 AND period < (SELECT 'second ' || printf('%017d', max(unix_ms) / 1000 - 60) FROM calls)
             UNION SELECT 'second ' || printf('%017d', unix_ms / 1000) FROM calls
             WHERE unix_ms / 1000 < (SELECT max(unix_ms) / 1000 - 60 FROM calls)
         )
         SELECT count(*) FROM (
             SELECT * FROM (SELECT * FROM right EXCEPT SELECT * FROM main.spent)
             UNION ALL SELECT * FROM (SELECT * FROM main.spent EXCEPT SELECT * FROM right)
         ) WHERE period NOT IN (SELECT period FROM bygone)"
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
