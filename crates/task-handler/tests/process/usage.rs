//! What the operator is told of the budget, over the socket and in the file.

use std::time::Duration;

use common::call::task::{BudgetQuery, BudgetReport, ConfirmClock, Earnings, ReportEarnings, SubnetEarnings};
use common::id::Netuid;
use common::money::{NanoUsd, Rao};
use common::outcome::{DeclineReason, TaskAnswer};
use serde_json::{Value, json};

use crate::home::{Handler, Settings, limit};
use crate::llmock::Llmock;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_file_has_the_last_word_at_the_stop() {
    let llmock = Llmock::start();
    let mut handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    handler.ask(1).await;
    let told = budget(&handler).await;

    handler.terminate();
    assert!(handler.wait().success());

    let file: Value =
        serde_json::from_str(&std::fs::read_to_string(handler.path("state/token-usage.json")).unwrap()).unwrap();
    assert_eq!((&file["schema"], &file["open"]["calls"]), (&json!(1), &json!(0)));
    let usage = &file["limits"][0]["usage"];
    assert!(told.limits[0].usage.settled.tokens > 0);
    assert_eq!(usage["settled"], serde_json::to_value(told.limits[0].usage.settled).unwrap());
    assert!(!handler.path("state/token-usage.json.new").exists());
}

#[tokio::test]
async fn what_blocked_whom_is_counted_whoever_looked_first() {
    let llmock = Llmock::start();
    let settings = Settings { limits: limit("tiny", 300), ..Settings::default() };
    let handler = Handler::start(&llmock.base_url(), settings).await;

    for number in 0..5 {
        let declined = TaskAnswer::Declined(DeclineReason::Budget { limit: "tiny".into() });
        assert_eq!(handler.ask(number).await, declined);
    }

    let report = budget(&handler).await;
    assert_eq!(
        (report.blocked[0].limit.as_str(), report.blocked[0].netuid, report.blocked[0].calls),
        ("tiny", Netuid(18), 5)
    );
    assert_eq!(report.limits[0].blocked, 5);
}

#[tokio::test]
async fn a_share_of_earnings_opens_with_a_report() {
    let llmock = Llmock::start();
    let limits = json!([{ "name": "share", "window": "day", "of_earnings": { "percent": 50 } }]);
    let handler = Handler::start(&llmock.base_url(), Settings { limits, ..Settings::default() }).await;

    let before = handler.ask(1).await;
    let now_ms = budget(&handler).await.unix_ms;
    let earnings = Earnings {
        as_of_unix_ms: now_ms,
        window_s: 86_400,
        usd_per_tao: NanoUsd(400_000_000_000),
        subnets: vec![SubnetEarnings { netuid: Netuid(18), earned: Rao(1_000_000_000) }],
    };
    let noted = handler.client().call(ReportEarnings { earnings }, PATIENCE).await.unwrap();
    let report = handler.until_budget(|report| report.limits[0].usage.max_cost == Some(NanoUsd(200_000_000_000))).await;

    assert_eq!(before, TaskAnswer::Declined(DeclineReason::Budget { limit: "share".into() }));
    assert!(noted.is_newest && report.earnings.is_some());
    let opened = async {
        let mut number = 2;
        while !matches!(handler.ask(number).await, TaskAnswer::Answered(_)) {
            number += 1;
        }
    };
    tokio::time::timeout(PATIENCE, opened).await.unwrap();
}

#[tokio::test]
async fn the_clock_can_be_confirmed_at_any_time() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;

    let report = handler.client().call(ConfirmClock {}, PATIENCE).await.unwrap();

    assert_eq!(report.clock_jump, None);
    assert!(matches!(handler.ask(1).await, TaskAnswer::Answered(_)));
}

async fn budget(handler: &Handler) -> BudgetReport {
    handler.client().call(BudgetQuery {}, PATIENCE).await.unwrap()
}
