//! `kill -9` again and again under a thousand tasks at once: never one token over, and the ledger never below the bill.

use std::time::Duration;

use common::call::task::SubmitTask;
use common::outcome::{DeclineReason, TaskAnswer};
use serde_json::json;
use tokio::task::JoinSet;

use crate::home::{Handler, Settings, task};
use crate::instant::{Instant, TOKENS};

/// Tasks at once.
const TASKS: u64 = 1_000;
/// What a kill may leave to be booked at its worst case comes to twice that, so the last rounds meet the limit.
const TOKENS_PER_KILL: u64 = 300_000;

/// How often the process is killed; a longer run is asked for with `LEDGER_KILLS`.
fn kills() -> u64 {
    std::env::var("LEDGER_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(6)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_no_kill_under_a_thousand_tasks_spends_one_token_too_many() {
    let vendor = Instant::start().await;
    let most = kills() * TOKENS_PER_KILL;
    // A token costs a millionth of a dollar here.
    let most_usd = format!("{}.{:06}", most * 9 / 10 / 1_000_000, most * 9 / 10 % 1_000_000);
    let limits = json!([
        { "name": "total", "window": "total", "max_tokens": most },
        { "name": "money", "window": "day", "max_usd": most_usd },
        { "name": "minute", "scope": { "netuid": 18 }, "window": "minute", "max_tokens": most / 2 },
    ]);
    let settings = Settings { limits, max_in_flight: 1_024, ..Settings::default() };
    let mut handler = Handler::start(vendor.base_url(), settings).await;
    let mut answered = 0;

    for round in 0..kills() {
        let before = vendor.billed();
        let mut calls = JoinSet::new();
        let clients = [handler.client(), handler.another_client()];
        for number in 0..TASKS {
            let client = clients[usize::try_from(number % 2).unwrap()].clone();
            let task = task(round * TASKS + number);
            calls.spawn(async move { client.call(SubmitTask { task }, Duration::from_secs(20)).await });
        }
        // In the midst of it: some calls are reserved, some are with the vendor, some are being settled.
        let amid = async {
            while vendor.billed() < before + (1 + round % 5) * 20 * TOKENS {
                tokio::task::yield_now().await;
            }
        };
        drop(tokio::time::timeout(Duration::from_secs(2), amid).await);
        handler.kill_and_restart().await;
        for answer in calls.join_all().await.into_iter().flatten() {
            match answer {
                TaskAnswer::Answered(_) => answered += 1,
                TaskAnswer::Declined(DeclineReason::Budget { .. }) => {}
                other @ (TaskAnswer::Declined(_) | TaskAnswer::Failed(_)) => panic!("{other:?}"),
            }
        }

        for limit in handler.status().await.limits {
            let tokens = limit.settled.tokens + limit.reserved.tokens;
            assert!(limit.max_tokens.is_none_or(|most| tokens <= most), "{limit:?}");
            assert!(
                limit.max_cost.is_none_or(|most| limit.settled.cost.0 + limit.reserved.cost.0 <= most.0),
                "{limit:?}"
            );
        }
    }

    let total = handler.until(|limit| limit.reserved.tokens == 0).await;
    assert!(vendor.billed() <= total.settled.tokens, "{} billed, {total:?}", vendor.billed());
    assert!(vendor.billed() >= answered * TOKENS, "{answered} answered");
    assert!(answered > 0 && vendor.billed() <= most);
}
