//! One row for one entry: typed columns, so that questions to the history are plain SQL.

mod chain;

use common::config::miner::Effort;
use common::outcome::{DeclineReason, TaskFailure};
use common::record::{Attempt, AttemptOutcome, Delivery, DeliveryOutcome, Entry, Record, Refusal};
use rusqlite::{Connection, named_params};

use super::integer::signed;

/// Inserts an entry and returns true, or returns false if it is known.
pub(super) fn insert(connection: &Connection, entry: &Entry) -> rusqlite::Result<bool> {
    let fresh = connection
        .prepare_cached("INSERT INTO seen (entry_id) VALUES (?1) ON CONFLICT (entry_id) DO NOTHING")?
        .execute([entry.id.to_string()])?;
    if fresh == 0 {
        return Ok(false);
    }
    let key = Key { seq: connection.last_insert_rowid(), unix_ms: signed(entry.unix_ms) };
    match &entry.record {
        Record::Attempt(attempt) => insert_attempt(connection, key, attempt)?,
        Record::Delivery(delivery) => insert_delivery(connection, key, delivery)?,
        Record::Refusal(refusal) => insert_refusal(connection, key, refusal)?,
        Record::Epoch(facts) => chain::insert_epoch(connection, key, facts)?,
        Record::EpochGap(gap) => chain::insert_gap(connection, key, gap)?,
        Record::Registration(change) => chain::insert_registration(connection, key, change)?,
    }
    Ok(true)
}

/// What every row starts with.
#[derive(Clone, Copy)]
struct Key {
    seq: i64,
    unix_ms: i64,
}

fn insert_attempt(connection: &Connection, key: Key, attempt: &Attempt) -> rusqlite::Result<()> {
    let (outcome, failure) = attempt_outcome(attempt.outcome);
    let choice = attempt.choice;
    connection
        .prepare_cached(
            "INSERT INTO attempts (seq, unix_ms, attempt_id, task_id, netuid, caller, route, task_type, vendor, model,
                 strategy, latency_ms, input_uncached_tokens, input_cache_read_tokens, input_cache_write_tokens,
                 output_tokens, cost_nano_usd, estimated, outcome, failure, revision, epoch, class, effort, role, part)
             VALUES (:seq, :unix_ms, :attempt_id, :task_id, :netuid, :caller, :route, :task_type, :vendor, :model,
                 :strategy, :latency_ms, :input_uncached, :input_cache_read, :input_cache_write,
                 :output, :cost, :estimated, :outcome, :failure, :revision, :epoch, :class, :effort, :role, :part)",
        )?
        .execute(named_params! {
            ":seq": key.seq,
            ":unix_ms": key.unix_ms,
            ":attempt_id": attempt.attempt.to_string(),
            ":task_id": attempt.task.to_string(),
            ":netuid": attempt.netuid.0,
            ":caller": attempt.caller.as_str(),
            ":route": attempt.route.as_str(),
            ":task_type": attempt.task_type.as_str(),
            ":vendor": attempt.vendor.as_str(),
            ":model": attempt.model.as_str(),
            ":strategy": attempt.strategy.as_str(),
            ":latency_ms": signed(attempt.latency_ms),
            ":input_uncached": signed(attempt.usage.input_uncached),
            ":input_cache_read": signed(attempt.usage.input_cache_read),
            ":input_cache_write": signed(attempt.usage.input_cache_write),
            ":output": signed(attempt.usage.output),
            ":cost": signed(attempt.cost.0),
            ":estimated": attempt.estimated,
            ":outcome": outcome,
            ":failure": failure,
            ":revision": choice.map(|choice| signed(choice.revision)),
            ":epoch": choice.map(|choice| signed(choice.epoch)),
            ":class": choice.map(|choice| choice.class.name()),
            ":effort": choice.and_then(|choice| choice.effort).map(Effort::name),
            ":role": choice.map(|choice| choice.role.name()),
            ":part": choice.map(|choice| choice.part.name()),
        })?;
    Ok(())
}

fn insert_delivery(connection: &Connection, key: Key, delivery: &Delivery) -> rusqlite::Result<()> {
    let (outcome, reason, detail) = delivery_outcome(&delivery.outcome);
    connection
        .prepare_cached(
            "INSERT INTO deliveries (seq, unix_ms, task_id, netuid, caller, route, task_type, outcome, reason, detail,
                 status, total_ms)
             VALUES (:seq, :unix_ms, :task_id, :netuid, :caller, :route, :task_type, :outcome, :reason, :detail,
                 :status, :total_ms)",
        )?
        .execute(named_params! {
            ":seq": key.seq,
            ":unix_ms": key.unix_ms,
            ":task_id": delivery.task.to_string(),
            ":netuid": delivery.netuid.0,
            ":caller": delivery.caller.as_str(),
            ":route": delivery.route.as_str(),
            ":task_type": delivery.task_type.as_str(),
            ":outcome": outcome,
            ":reason": reason,
            ":detail": detail,
            ":status": delivery.status,
            ":total_ms": signed(delivery.total_ms),
        })?;
    Ok(())
}

fn insert_refusal(connection: &Connection, key: Key, refusal: &Refusal) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO refusals (seq, unix_ms, netuid, claimed, peer, reason, count)
             VALUES (:seq, :unix_ms, :netuid, :claimed, :peer, :reason, :count)",
        )?
        .execute(named_params! {
            ":seq": key.seq,
            ":unix_ms": key.unix_ms,
            ":netuid": refusal.netuid.map(|netuid| netuid.0),
            ":claimed": refusal.claimed.as_ref().map(|claimed| claimed.as_str()),
            ":peer": refusal.peer.to_string(),
            ":reason": refusal.reason.name(),
            ":count": signed(refusal.count),
        })?;
    Ok(())
}

/// The columns `outcome` and `failure`.
fn attempt_outcome(outcome: AttemptOutcome) -> (&'static str, Option<&'static str>) {
    match outcome {
        AttemptOutcome::Completed => ("completed", None),
        AttemptOutcome::Failed(failure) => ("failed", Some(failure.name())),
        AttemptOutcome::Cancelled => ("cancelled", None),
        AttemptOutcome::Interrupted => ("interrupted", None),
    }
}

/// The columns `outcome`, `reason` and `detail`.
fn delivery_outcome(outcome: &DeliveryOutcome) -> (&'static str, Option<&'static str>, Option<&str>) {
    match outcome {
        DeliveryOutcome::Answered => ("answered", None, None),
        DeliveryOutcome::Declined(reason) => ("declined", Some(reason.name()), decline_detail(reason)),
        DeliveryOutcome::Failed(TaskFailure::Vendor(failure)) => ("failed", Some("vendor"), Some(failure.name())),
        DeliveryOutcome::Failed(TaskFailure::Format) => ("failed", Some("format"), None),
        DeliveryOutcome::Failed(TaskFailure::Cancelled) => ("failed", Some("cancelled"), None),
        DeliveryOutcome::Unavailable => ("unavailable", None, None),
        DeliveryOutcome::Undelivered => ("undelivered", None, None),
        DeliveryOutcome::Interrupted => ("interrupted", None, None),
    }
}

fn decline_detail(reason: &DeclineReason) -> Option<&str> {
    match reason {
        DeclineReason::Budget { limit } => Some(limit),
        DeclineReason::Participation
        | DeclineReason::Breaker
        | DeclineReason::Deadline
        | DeclineReason::NoModel
        | DeclineReason::TooLarge
        | DeclineReason::Paused
        | DeclineReason::Profile
        | DeclineReason::Worth
        | DeclineReason::NotRegistered => None,
    }
}

#[cfg(test)]
mod tests {
    use common::decision::ArmRole;
    use common::id::{AttemptId, EntryId, Netuid, TaskId};
    use common::money::NanoUsd;
    use common::outcome::VendorFailure;
    use common::record::{CallPart, Choice, RefusalReason};
    use common::strategy::TaskClass;
    use common::usage::TokenUsage;
    use rusqlite::types::Value;

    use super::*;
    use crate::schema::MIGRATIONS;

    const VALIDATOR: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn every_fact_of_an_attempt_has_its_column() {
        let database = database();

        insert(&database, &entry(1, Record::Attempt(attempt(AttemptOutcome::Failed(VendorFailure::Timeout))))).unwrap();

        let expected = format!(
            "1|1785000000001|{}|{}|7|{VALIDATOR}|Chat|text|openai|gpt|direct|900|10|20|30|40|5000|1|failed|timeout\
             |12|20512|code|low|canary|repair",
            attempt_id(),
            task_id()
        );
        assert_eq!(rows(&database, "attempts", "seq"), [expected]);
    }

    #[test]
    fn every_fact_of_a_delivery_has_its_column() {
        let database = database();
        let declined = DeliveryOutcome::Declined(DeclineReason::Budget { limit: "daily".into() });

        insert(&database, &entry(1, Record::Delivery(delivery(declined)))).unwrap();

        let expected = format!("1|1785000000001|{}|7|{VALIDATOR}|Chat|text|declined|budget|daily|503|1200", task_id());
        assert_eq!(rows(&database, "deliveries", "seq"), [expected]);
    }

    #[test]
    fn every_fact_of_a_refusal_has_its_column() {
        let database = database();

        insert(&database, &entry(1, Record::Refusal(refusal(Some(Netuid(7)), Some(VALIDATOR), 3)))).unwrap();
        insert(&database, &entry(2, Record::Refusal(refusal(None, None, u64::MAX)))).unwrap();

        let known = format!("1|1785000000001|7|{VALIDATOR}|::1|replay|3");
        let unknown = format!("2|1785000000002|||::1|replay|{}", i64::MAX);
        assert_eq!(rows(&database, "refusals", "seq"), [known, unknown]);
    }

    #[test]
    fn the_first_of_two_entries_with_one_id_is_kept() {
        let database = database();

        let first = insert(&database, &entry(1, Record::Delivery(delivery(DeliveryOutcome::Answered))));
        let second = insert(&database, &entry(1, Record::Delivery(delivery(DeliveryOutcome::Interrupted))));

        assert_eq!((first, second), (Ok(true), Ok(false)));
        let kept = rows(&database, "deliveries", "seq");
        assert_eq!(kept.len(), 1);
        assert!(kept[0].contains("|answered|"), "{kept:?}");
    }

    #[test]
    fn every_outcome_of_a_delivery_is_told_apart() {
        let outcomes = [
            DeliveryOutcome::Answered,
            DeliveryOutcome::Declined(DeclineReason::Paused),
            DeliveryOutcome::Failed(TaskFailure::Vendor(VendorFailure::Billing)),
            DeliveryOutcome::Failed(TaskFailure::Format),
            DeliveryOutcome::Failed(TaskFailure::Cancelled),
            DeliveryOutcome::Unavailable,
            DeliveryOutcome::Undelivered,
            DeliveryOutcome::Interrupted,
        ];

        let mut columns: Vec<_> = outcomes.iter().map(delivery_outcome).collect();

        columns.sort_unstable();
        columns.dedup();
        assert_eq!(columns.len(), outcomes.len());
    }

    pub(super) fn database() -> Connection {
        let database = Connection::open_in_memory().unwrap();
        for migration in MIGRATIONS {
            database.execute_batch(migration).unwrap();
        }
        database
    }

    /// Every row of a table in an order, its columns joined by `|`.
    pub(super) fn rows(database: &Connection, table: &str, order: &str) -> Vec<String> {
        let mut statement = database.prepare(&format!("SELECT * FROM {table} ORDER BY {order}")).unwrap();
        let columns = statement.column_count();
        let shown = |value: Value| match value {
            Value::Null => String::new(),
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => text,
            other @ (Value::Real(_) | Value::Blob(_)) => panic!("no column has {other:?}"),
        };
        let row = |row: &rusqlite::Row<'_>| {
            let values: Vec<_> = (0..columns).map(|column| shown(row.get_unwrap(column))).collect();
            Ok(values.join("|"))
        };
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    }

    fn entry(number: u8, record: Record) -> Entry {
        let unix_ms = 1_785_000_000_000 + u64::from(number);
        Entry { id: EntryId::new(unix_ms, [number; 10]), unix_ms, record }
    }

    fn task_id() -> TaskId {
        TaskId::new(1, [1; 10])
    }

    fn attempt_id() -> AttemptId {
        AttemptId::new(2, [2; 10])
    }

    fn attempt(outcome: AttemptOutcome) -> Attempt {
        Attempt {
            attempt: attempt_id(),
            task: task_id(),
            netuid: Netuid(7),
            caller: VALIDATOR.parse().unwrap(),
            route: "Chat".into(),
            task_type: "text".into(),
            vendor: "openai".into(),
            model: "gpt".into(),
            strategy: "direct".into(),
            choice: Some(Choice {
                revision: 12,
                epoch: 20_512,
                class: TaskClass::Code,
                effort: Some(Effort::Low),
                role: ArmRole::Canary,
                part: CallPart::Repair,
            }),
            latency_ms: 900,
            usage: TokenUsage { input_uncached: 10, input_cache_read: 20, input_cache_write: 30, output: 40 },
            cost: NanoUsd(5000),
            estimated: true,
            outcome,
        }
    }

    fn delivery(outcome: DeliveryOutcome) -> Delivery {
        Delivery {
            task: task_id(),
            netuid: Netuid(7),
            caller: VALIDATOR.parse().unwrap(),
            route: "Chat".into(),
            task_type: "text".into(),
            outcome,
            status: 503,
            total_ms: 1200,
        }
    }

    fn refusal(netuid: Option<Netuid>, claimed: Option<&str>, count: u64) -> Refusal {
        Refusal {
            netuid,
            claimed: claimed.map(|claimed| claimed.parse().unwrap()),
            peer: "::1".parse().unwrap(),
            reason: RefusalReason::Replay,
            count,
        }
    }
}
