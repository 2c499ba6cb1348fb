//! Two thousand tasks that wait for their vendor: what they take of memory.

use std::time::Duration;

use common::call::task::SubmitTask;
use common::outcome::TaskAnswer;
use tokio::task::JoinSet;

use crate::home::{Handler, Settings, limit, task};
use crate::instant::Instant;

const TASKS: u64 = 2_000;
const WAVE: u64 = 200;
const MOST_MIB: u64 = 120;
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_slow_tasks_fit_into_little_memory() {
    let vendor = Instant::held().await;
    let settings = Settings { limits: limit("day", u64::MAX / 4), max_in_flight: 4_096, ..Settings::default() };
    let handler = Handler::start(vendor.base_url(), settings).await;
    let mut calls = JoinSet::new();

    // A client has so many calls at a time.
    let clients = [handler.client(), handler.another_client()];
    for client in &clients {
        client.connected().await;
    }
    for number in 0..TASKS {
        let client = clients[usize::try_from(number % 2).unwrap()].clone();
        calls.spawn(async move { client.call(SubmitTask { task: task(number) }, PATIENCE).await });
        // No listener takes two thousand connections in the same moment; what counts is that all of them stand.
        if (number + 1) % WAVE == 0 {
            let all_wait = async {
                while vendor.calls() <= number {
                    tokio::task::yield_now().await;
                }
            };
            let waited = tokio::time::timeout(PATIENCE, all_wait).await;
            waited.unwrap_or_else(|_| panic!("{} of {TASKS} wait", vendor.calls()));
        }
    }
    let mib = handler.resident_mib();
    vendor.open();
    let answers = calls.join_all().await;

    assert!(mib <= MOST_MIB, "{mib} MiB");
    let answered = answers.iter().filter(|answer| matches!(answer, Ok(TaskAnswer::Answered(_)))).count();
    assert_eq!(u64::try_from(answered).unwrap(), TASKS);
}
