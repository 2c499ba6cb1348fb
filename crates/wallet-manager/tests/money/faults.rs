//! What can go wrong with an operation, and that each of it is told for what it is.

use common::call::wallet::operation::{Operation, OperationState, PriceBound, Rule, Verdict};
use common::id::Netuid;
use common::ipc::FaultCode;
use common::money::{AlphaRao, Rao};
use sandbox_chain::Pace;
use sandbox_chain::runtime::upgrade::{Runtime, Shape};

use crate::chains::{Embedded, ONE};
use crate::desk::{Desk, NETUID, address, generous, hotkey, id, receipt};
use crate::steps::register;

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_by_its_rule_and_leaves_nothing() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;
    let give = |amount| Operation::Transfer { to: address("//Ferdie"), amount: Rao(amount) };
    let plenty = Rao(u64::MAX);

    assert_eq!(desk.refused(give(0), plenty).await, Rule::Amount);
    assert_eq!(desk.refused(give(499), plenty).await, Rule::Amount);
    assert_eq!(desk.refused(give(1_000 * ONE), plenty).await, Rule::Balance);
    assert_eq!(desk.refused(give(201 * ONE), plenty).await, Rule::MaxPerOperation);
    assert_eq!(desk.refused(give(ONE), Rao(ONE)).await, Rule::Agreed);
    let stranger = Operation::Transfer { to: address("//Stranger"), amount: Rao(ONE) };
    assert_eq!(desk.refused(stranger, plenty).await, Rule::Destinations);
    let unstake = |amount| Operation::RemoveStake {
        hotkey: hotkey(),
        netuid: Netuid(NETUID),
        amount: AlphaRao(amount),
        bound: PriceBound::Policy,
    };
    assert_eq!(desk.refused(unstake(ONE), plenty).await, Rule::Balance);
    let nowhere =
        Operation::AddStake { hotkey: hotkey(), netuid: Netuid(77), amount: Rao(ONE), bound: PriceBound::Policy };
    assert_eq!(desk.refused(nowhere, plenty).await, Rule::Chain);
    let unbound =
        Operation::AddStake { hotkey: hotkey(), netuid: Netuid(NETUID), amount: Rao(ONE), bound: PriceBound::None };
    assert_eq!(desk.refused(unbound, plenty).await, Rule::MaxSlippageBp);

    let polkadot = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5".parse().unwrap();
    let foreign = desk.submit(id(1), Operation::Transfer { to: polkadot, amount: Rao(ONE) }, plenty).await.unwrap_err();
    assert_eq!(foreign.code, FaultCode::Invalid);
    assert!(foreign.message.contains("another network"), "{foreign}");
    assert_eq!(chain.eyes.free(&address("//Eve")).await, 1_000 * ONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_moved_since_the_quote_is_not_paid() {
    let chain = Embedded::with(Pace::Manual, |_| {}).await;
    chain.node.new_block().unwrap();
    let desk = Desk::start(&chain.url(), generous()).await;
    let at_most = 150_000_000;
    let quoted = desk.quote(&register(&hotkey(), at_most)).await;

    // It moves while the transaction is on its way: the chain holds to the limit it was told.
    let (view, ()) = tokio::join!(desk.submit(id(1), register(&hotkey(), at_most), quoted.worst_cost), async {
        chain.waiting(1).await;
        chain.node.set_burn(NETUID, 200_000_000);
        for _ in 0..3 {
            chain.node.new_block().unwrap();
        }
    });
    let OperationState::Failed { problem } = view.unwrap().state else { panic!("{}", desk.log()) };
    assert!(problem.contains("RegistrationPriceLimitExceeded"), "{problem}");
    assert_eq!(chain.uid(&hotkey()), None);

    // It has moved before: nothing is signed.
    assert_eq!(desk.refused(register(&hotkey(), at_most), quoted.worst_cost).await, Rule::Agreed);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_limit_on_the_chain_the_price_is_compared_and_a_call_that_changed_is_not_made() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;
    let upgrade = async |spec_version, shape| {
        chain.node.upgrade(Runtime { spec_version, shape });
        let now = chain.eyes.client.at_best().unwrap().number();
        chain.eyes.at(now + 5).await;
    };

    upgrade(425, Shape::WithoutRegisterLimit).await;
    let quoted = desk.quote(&register(&hotkey(), ONE)).await;
    let receipt = desk.done(id(1), register(&hotkey(), ONE)).await;
    upgrade(426, Shape::BurnedRegisterWithLimit).await;
    let later = desk.quote(&register(&address("//Eve//second"), 10 * ONE)).await;

    assert_eq!(quoted.call, "burned_register");
    assert!(!quoted.registration.unwrap().limited_by_chain);
    assert_eq!(receipt.uid, chain.uid(&hotkey()));
    // That call means something else now; the one with a limit is back.
    assert_eq!(later.call, "register_limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_after_the_submission_loses_no_receipt() {
    let chain = Embedded::with(Pace::Manual, |_| {}).await;
    chain.node.new_block().unwrap();
    let desk = Desk::start(&chain.url(), generous()).await;
    let give = Operation::Transfer { to: address("//Ferdie"), amount: Rao(ONE) };

    let (view, ()) = tokio::join!(desk.submit(id(1), give.clone(), Rao(2 * ONE)), async {
        chain.waiting(1).await;
        chain.node.endpoint().drop_connections();
        let wanted = desk.until(id(1), |state| matches!(state, OperationState::Sent(_))).await;
        assert!(matches!(wanted, OperationState::Sent(_)));
        for _ in 0..4 {
            chain.node.new_block().unwrap();
        }
        // Heads are heard by a client that is back.
        while !matches!(desk.state(id(1)).await, OperationState::Done(_)) {
            chain.node.new_block().unwrap();
        }
    });

    assert!(receipt(view.unwrap()).is_ok());
    assert_eq!(chain.eyes.free(&address("//Ferdie")).await, ONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_journal_cannot_be_written_no_signature_leaves() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;
    let give = || Operation::Transfer { to: address("//Ferdie"), amount: Rao(ONE) };
    let full = "CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT raise(ABORT, 'disk full'); END";
    desk.database().execute_batch(full).unwrap();

    let fault = desk.submit(id(1), give(), Rao(2 * ONE)).await.unwrap_err();
    let now = chain.eyes.client.at_best().unwrap().number();
    chain.eyes.at(now + 5).await;

    assert_eq!(fault.code, FaultCode::Internal);
    assert!(fault.message.contains("nothing was sent"), "{fault}");
    assert_eq!(chain.eyes.free(&address("//Eve")).await, 1_000 * ONE);
    desk.database().execute_batch("DROP TRIGGER full").unwrap();
    assert!(receipt(desk.submit(id(1), give(), Rao(2 * ONE)).await.unwrap()).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_is_done_once() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;
    let give = || Operation::Transfer { to: address("//Ferdie"), amount: Rao(ONE) };

    let (first, second) =
        tokio::join!(desk.submit(id(1), give(), Rao(2 * ONE)), desk.submit(id(1), give(), Rao(2 * ONE)),);
    let third = desk.submit(id(1), give(), Rao(2 * ONE)).await;
    let other = Operation::Transfer { to: address("//Ferdie"), amount: Rao(2 * ONE) };
    let stolen = desk.submit(id(1), other, Rao(3 * ONE)).await.unwrap_err();

    let receipts = [first, second, third].map(|view| receipt(view.unwrap()).unwrap().transaction);
    assert!(receipts[0] == receipts[1] && receipts[1] == receipts[2]);
    assert_eq!(stolen.code, FaultCode::Invalid);
    assert_eq!(chain.eyes.free(&address("//Ferdie")).await, ONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_operation_is_under_way_no_other_is_sent() {
    let chain = Embedded::with(Pace::Manual, |_| {}).await;
    chain.node.new_block().unwrap();
    let desk = Desk::start(&chain.url(), generous()).await;
    let give = Operation::Transfer { to: address("//Ferdie"), amount: Rao(ONE) };

    let (view, rule) = tokio::join!(desk.submit(id(1), give.clone(), Rao(2 * ONE)), async {
        chain.waiting(1).await;
        let rule = desk.refused(give.clone(), Rao(2 * ONE)).await;
        for _ in 0..3 {
            chain.node.new_block().unwrap();
        }
        rule
    });

    assert_eq!(rule, Rule::Unresolved);
    assert!(receipt(view.unwrap()).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_nothing_moves() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), serde_json::json!({})).await;

    let quoted = desk.quote(&register(&hotkey(), ONE)).await;

    assert!(matches!(quoted.verdict, Verdict::Refused(_)));
    assert_eq!(desk.refused(register(&hotkey(), ONE), Rao(ONE)).await, Rule::Operations);
}
