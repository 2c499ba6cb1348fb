//! What happens without being asked for: earnings are written down, lost places bought again, stake moved or proposed.

use common::call::wallet::balance::{BalanceQuery, EarningsEntry, EarningsKind, EarningsQuery};
use common::call::wallet::operation::{ListOperations, Operation, OperationState, Origin};
use common::money::Rao;
use serde_json::json;

use crate::chains::{Embedded, ONE, account};
use crate::desk::{Desk, NETUID, PATIENCE, a_moment, generous, hotkey, id, key};
use crate::steps::register;

#[tokio::test(flavor = "multi_thread")]
async fn each_epochs_emission_is_written_down_once_and_also_what_was_missed() {
    let chain = Embedded::start().await;
    let mut desk = Desk::start(&chain.url(), generous()).await;
    let uid = desk.done(id(1), register(&hotkey(), ONE)).await.uid.unwrap();
    chain.node.set_weights(&key("//Alice//hot"), NETUID, &[(uid, 65_535)]).unwrap();

    let first = emissions(&desk, 2).await;
    desk.kill().await;
    let epoch = chain.node.last_epoch(NETUID);
    chain.eyes.at(epoch + 45).await;
    desk.run(None).await;
    let all = emissions(&desk, first.len() + 3).await;

    let blocks: Vec<u64> = all.iter().map(|entry| entry.block).collect();
    assert!(blocks.windows(2).all(|pair| pair[1] - pair[0] == 20 || pair[1] - pair[0] == 21), "{blocks:?}");
    for entry in &all {
        let metagraph = chain.eyes.at(entry.block).await.metagraph(NETUID).await.unwrap();
        let emission = metagraph.by_hotkey(&account(&hotkey())).unwrap().emission;
        assert_eq!(entry.alpha, i64::try_from(emission).unwrap());
        assert!(entry.price.unwrap().0 > 0);
    }
    let balance = desk.ask(BalanceQuery {}).await.unwrap();
    assert!(balance.stakes[0].emission_per_epoch.0 > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_place_is_bought_again_within_its_limits() {
    let chain = Embedded::start().await;
    let reregister = json!({
        "enabled": true, "max_cost": "0.5", "max_per_day": "0.2", "cooldown_s": 0, "pays_back_days": null
    });
    let mut desk = Desk::new(&chain.url(), json!({ "policy": generous(), "reregister": reregister }));
    desk.run(None).await;
    desk.unlock().await;

    let registered = async {
        while chain.uid(&hotkey()).is_none() {
            a_moment().await
        }
    };
    tokio::time::timeout(PATIENCE, registered).await.unwrap_or_else(|_| panic!("{}", desk.log()));
    let own = desk.until_listed(|view| matches!(view.state, OperationState::Done(_))).await;
    chain.node.deregister(NETUID, chain.uid(&hotkey()).unwrap());
    let now = chain.eyes.client.at_best().unwrap().number();
    chain.eyes.at(now + 30).await;

    assert_eq!(own.origin, Origin::Automatic);
    // A second one would exceed the day's limit.
    assert_eq!(chain.uid(&hotkey()), None);
    assert!(desk.log().contains("wallet.reregister.max_per_day"), "{}", desk.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staking_rule_proposes_once_unless_it_may_act() {
    let chain = Embedded::start().await;
    let when = |keep: &str| json!({ "balance_above": { "netuid": NETUID, "keep": keep, "at_least": "1" } });
    let rules = json!([{ "when": when("990") }]);
    let mut desk = Desk::new(&chain.url(), json!({ "policy": generous(), "rules": rules }));
    desk.run(None).await;
    desk.unlock().await;
    desk.done(id(1), register(&hotkey(), ONE)).await;

    let proposed = desk.until_listed(|view| matches!(view.state, OperationState::Proposed(_))).await;
    let now = chain.eyes.client.at_best().unwrap().number();
    chain.eyes.at(now + 15).await;

    assert!(matches!(proposed.operation, Operation::AddStake { amount: Rao(amount), .. } if amount <= 10 * ONE));
    let listed = desk.ask(ListOperations { limit: 50 }).await.unwrap().operations;
    assert_eq!(listed.iter().filter(|view| view.origin == Origin::Automatic).count(), 1);

    desk.kill().await;
    let acting = json!([{ "when": when("980"), "act": true }]);
    let mut desk = Desk::new(&chain.url(), json!({ "policy": generous(), "rules": acting }));
    desk.run(None).await;
    desk.unlock().await;
    let done = desk.until_listed(|view| matches!(view.state, OperationState::Done(_))).await;
    assert_eq!(done.origin, Origin::Automatic);
    assert!(desk.ask(BalanceQuery {}).await.unwrap().free.0 <= 980 * ONE);
}

/// Waits for so many emissions.
async fn emissions(desk: &Desk, count: usize) -> Vec<EarningsEntry> {
    let query = EarningsQuery { since_unix_ms: 0, until_unix_ms: u64::MAX, after: 0, limit: 1000 };
    let waited = async {
        loop {
            let entries = desk.ask(query).await.unwrap().entries;
            let emissions: Vec<_> = entries.into_iter().filter(|entry| entry.kind == EarningsKind::Emission).collect();
            if emissions.len() >= count {
                return emissions;
            }
            a_moment().await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.unwrap_or_else(|_| panic!("{}", desk.log()))
}
