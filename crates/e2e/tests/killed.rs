//! Each daemon killed in turn under load: every task is answered or honestly refused, and the ledger is exact.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::time::Duration;

use e2e::{DAEMONS, Dendrite, Llmock, Query, Suite, eventually};
use serde_json::json;

/// Tasks in work at once.
const CONCURRENT: usize = 8;

/// Tasks after which the next daemon is killed.
const TASKS_PER_KILL: usize = 60;

/// How long the validator waits after a refusal, which takes no time: otherwise it would have none of its tasks left
/// before a killed daemon is back.
const PAUSE: Duration = Duration::from_millis(100);

/// The daemons without which no task can be answered.
const SERVING: [&str; 2] = ["miner_daemon", "task_handler"];

/// How many tasks ended with which status.
type Outcomes = HashMap<Option<u64>, usize>;

/// What the ledger says was spent: calls, tokens, money.
const SETTLEMENTS: &str =
    "SELECT count(*), coalesce(sum(tokens), 0), coalesce(sum(cost), 0) FROM journal WHERE settled_unix_ms IS NOT NULL";

/// What tracker was told was spent.
const ATTEMPTS: &str = "SELECT count(*), coalesce(sum(input_uncached_tokens + input_cache_read_tokens + \
    input_cache_write_tokens + output_tokens), 0), coalesce(sum(cost_nano_usd), 0) FROM attempts";

/// Calls that may still be at work.
const OPEN_RESERVATIONS: &str = "SELECT count(*) FROM journal WHERE settled_unix_ms IS NULL";

/// Tasks that tracker has twice.
const DUPLICATES: &str = "SELECT count(*) - count(DISTINCT task_id) FROM deliveries";

#[test]
fn no_kill_loses_a_task_or_a_token() {
    let vendor = Llmock::echoing(&["--latency-ms", "30"]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.up();
    let mut dendrite = Dendrite::start();
    let mut outcomes = Outcomes::new();

    for daemon in DAEMONS {
        let tasks = (0..TASKS_PER_KILL).map(|task| format!("{daemon} task {task}")).collect();
        let killed_after = TASKS_PER_KILL / 3;
        let round = run(&mut dendrite, &suite, tasks, |done| {
            if done == killed_after {
                suite.kill(daemon);
            }
        });
        if !SERVING.contains(&daemon) {
            assert_eq!(round, Outcomes::from([(Some(200), TASKS_PER_KILL)]), "{daemon} serves nobody");
        }
        add(&mut outcomes, round);
        suite.await_all();
        eventually("the miner answers again", || {
            let probe = run(&mut dendrite, &suite, vec![format!("after {daemon}")], |_| ());
            let is_answered = probe.contains_key(&Some(200));
            add(&mut outcomes, probe);
            is_answered.then_some(())
        });
    }

    let answered = outcomes.get(&Some(200)).copied().unwrap_or(0);
    let total: usize = outcomes.values().sum();
    assert!(answered > total * 3 / 4, "{outcomes:?}");
    assert_eq!(outcomes.get(&Some(401)), None, "a restart took new requests for replays: {outcomes:?}");
    eventually("tracker has every record of the ledger", || (attempts(&suite) == settlements(&suite)).then_some(()));
    eventually("tracker has every answer", || (deliveries(&suite, "answered") >= answered).then_some(()));
    suite.down();
    assert_eq!(open_reservations(&suite), 0);
    assert_eq!(duplicate_deliveries(&suite), 0);
}

/// Sends the tasks, some at a time; each must be answered with its own prompt or honestly refused.
fn run(dendrite: &mut Dendrite, suite: &Suite, tasks: Vec<String>, mut after: impl FnMut(usize)) -> Outcomes {
    let mut waiting = tasks.into_iter();
    let mut in_work = HashMap::new();
    let mut outcomes = Outcomes::new();
    let mut done = 0;
    loop {
        while in_work.len() < CONCURRENT
            && let Some(prompt) = waiting.next()
        {
            let id = dendrite.send(&Query {
                signer: "//Alice",
                port: suite.port(),
                hotkey: suite.hotkey(),
                synapse: "PromptingSynapse",
                fields: json!({ "roles": ["user"], "messages": [prompt] }),
                timeout: 12.0,
            });
            in_work.insert(id, prompt);
        }
        if in_work.is_empty() {
            return outcomes;
        }
        let (id, result) = dendrite.next_result();
        let prompt = in_work.remove(&id).unwrap();
        let completion = result.fields["completion"].as_str().unwrap_or_default();
        let answered = result.status == Some(200);
        assert_eq!(answered, completion.contains(&prompt), "{result:?}");
        assert!(answered || result.status.is_some_and(|status| status >= 400), "{result:?}");
        *outcomes.entry(result.status).or_default() += 1;
        done += 1;
        after(done);
        if !answered {
            std::thread::park_timeout(PAUSE);
        }
    }
}

fn add(outcomes: &mut Outcomes, more: Outcomes) {
    for (status, count) in more {
        *outcomes.entry(status).or_default() += count;
    }
}

fn count(suite: &Suite, database: &str, query: &str) -> usize {
    let count: i64 = suite.database(database).query_row(query, [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

/// Every vendor call that was paid for: its number, tokens and money.
fn sums(suite: &Suite, database: &str, query: &str) -> (i64, i64, i64) {
    suite.database(database).query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
}

fn settlements(suite: &Suite) -> (i64, i64, i64) {
    sums(suite, "ledger.db", SETTLEMENTS)
}

fn attempts(suite: &Suite) -> (i64, i64, i64) {
    sums(suite, "tracker.db", ATTEMPTS)
}

fn open_reservations(suite: &Suite) -> usize {
    count(suite, "ledger.db", OPEN_RESERVATIONS)
}

fn deliveries(suite: &Suite, outcome: &str) -> usize {
    count(suite, "tracker.db", &format!("SELECT count(*) FROM deliveries WHERE outcome = '{outcome}'"))
}

fn duplicate_deliveries(suite: &Suite) -> usize {
    count(suite, "tracker.db", DUPLICATES)
}
