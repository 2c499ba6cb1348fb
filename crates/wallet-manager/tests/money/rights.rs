//! Who may do what: the two sockets, the locked coldkey, approvals, and a coldkey that is elsewhere.

use std::fs;

use bittensor::keys::{Scheme, verify};
use common::call::wallet::Lock;
use common::call::wallet::operation::{
    ApproveOperation, Mode, Operation, OperationQuery, OperationState, Origin, PerformOperation, QuoteOperation,
    RejectOperation, Rule,
};
use common::ipc::FaultCode;
use common::money::Rao;
use serde_json::json;

use crate::chains::{Embedded, ONE};
use crate::desk::{Desk, PATIENCE, address, generous, hotkey, id, key, receipt};
use crate::steps::register;

#[tokio::test(flavor = "multi_thread")]
async fn miner_daemons_socket_registers_and_does_nothing_else() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;
    let miner = desk.connect("wallet").await;
    let place = || register(&hotkey(), ONE);

    let quote = miner.call(QuoteOperation { operation: place() }, PATIENCE).await.unwrap();
    let call = PerformOperation { id: id(1), operation: place(), agreed: quote.worst_cost, mode: Mode::Submit };
    let view = miner.call(call, PATIENCE).await.unwrap();
    let seen = miner.call(OperationQuery { id: id(1) }, PATIENCE).await.unwrap();
    let give = Operation::Transfer { to: address("//Ferdie"), amount: Rao(ONE) };
    let call = PerformOperation { id: id(2), operation: give.clone(), agreed: Rao(2 * ONE), mode: Mode::Submit };
    let denied = miner.call(call, PATIENCE).await.unwrap_err();
    let unasked = miner.call(QuoteOperation { operation: give }, PATIENCE).await.unwrap_err();
    let unapproved = miner.call(ApproveOperation { id: id(1), code: None }, PATIENCE).await.unwrap_err();

    assert_eq!((view.origin, &seen.state), (Origin::Miner, &view.state));
    assert_eq!(receipt(view).unwrap().uid, chain.uid(&hotkey()));
    for fault in [denied, unasked, unapproved] {
        assert_eq!(fault.code, FaultCode::Denied, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_coldkey_signs_nothing() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;
    desk.ask(Lock {}).await.unwrap();

    assert_eq!(desk.refused(register(&hotkey(), ONE), Rao(ONE)).await, Rule::Locked);

    desk.unlock().await;
    desk.done(id(1), register(&hotkey(), ONE)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn above_the_limit_an_operation_waits_until_it_is_approved_or_rejected() {
    let chain = Embedded::start().await;
    let mut policy = generous();
    policy["approve_above"] = json!("0.5");
    let desk = Desk::start(&chain.url(), policy).await;
    let give = |amount| Operation::Transfer { to: address("//Ferdie"), amount: Rao(amount) };

    let small = desk.done(id(1), give(ONE / 2)).await;
    let waiting = [desk.perform(id(2), give(ONE)).await.state, desk.perform(id(3), give(ONE)).await.state];
    let approved = desk.ask(ApproveOperation { id: id(2), code: None }).await.unwrap();
    let again = desk.ask(ApproveOperation { id: id(2), code: None }).await.unwrap();
    let rejected = desk.ask(RejectOperation { id: id(3) }).await.unwrap();
    let too_late = desk.ask(ApproveOperation { id: id(3), code: None }).await.unwrap();
    let by_code =
        desk.ask(ApproveOperation { id: id(3), code: Some(common::secret::Secret::new("123456".to_owned().into())) });
    let by_code = by_code.await.unwrap_err();

    assert_eq!(small.tao_out, Rao(ONE / 2));
    assert_eq!(waiting, [OperationState::AwaitingApproval, OperationState::AwaitingApproval]);
    assert_eq!(again.state, approved.state);
    assert!(receipt(approved).is_ok());
    assert_eq!((rejected.state, too_late.state), (OperationState::Rejected, OperationState::Rejected));
    assert_eq!(by_code.code, FaultCode::Denied);
    assert_eq!(chain.eyes.free(&address("//Ferdie")).await, ONE + ONE / 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_keeps_nothing() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;
    let call =
        PerformOperation { id: id(1), operation: register(&hotkey(), ONE), agreed: Rao(ONE), mode: Mode::DryRun };

    let view = desk.ask(call).await.unwrap();

    assert_eq!(view.state, OperationState::WouldBeDone);
    assert_eq!(desk.ask(OperationQuery { id: id(1) }).await.unwrap_err().code, FaultCode::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_coldkey_an_operation_becomes_a_proposal_that_its_owner_can_sign() {
    let chain = Embedded::start().await;
    // What this host may do with a coldkey has nothing to do with it.
    let mut desk = Desk::new(&chain.url(), json!({}));
    fs::remove_file(desk.wallet_dir().join("coldkey")).unwrap();
    desk.run(None).await;

    let view = desk.perform(id(1), register(&hotkey(), ONE)).await;

    let OperationState::Proposed(proposal) = view.state else { panic!("{:?}\n{}", view.state, desk.log()) };
    let wallets = desk.home.path().join("wallets");
    let expected = format!(
        "btcli tx burned-register --netuid 2 --hotkey {} --wallet-path {} --wallet miner --network {}",
        hotkey(),
        wallets.display(),
        chain.url()
    );
    assert_eq!(proposal.btcli.as_deref(), Some(expected.as_str()));
    let bytes = |text: &str| hex::decode(text.trim_start_matches("0x")).unwrap();
    let (call, payload) = (bytes(&proposal.call), bytes(&proposal.payload.signer_payload));
    assert!(payload.starts_with(&call));
    let eve = key("//Eve");
    assert!(verify(Scheme::Sr25519, &eve.public(), &payload, &eve.sign(&payload)));
    // The signature of another machine, put together by hand, is taken by the chain.
    let extrinsic = assembled(&call, &eve.public(), &eve.sign(&payload), &bytes(&proposal.payload.era), 0);
    chain.node.submit(extrinsic).unwrap();
    let now = chain.eyes.client.at_best().unwrap().number();
    chain.eyes.at(now + 3).await;
    assert!(chain.uid(&hotkey()).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_is_handed_over_is_sent_by_the_caller_and_counts_as_spent() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;
    let give = Operation::Transfer { to: address("//Ferdie"), amount: Rao(ONE) };
    let call = PerformOperation { id: id(1), operation: give, agreed: Rao(2 * ONE), mode: Mode::HandOver };

    let view = desk.ask(call).await.unwrap();

    let OperationState::HandedOver { signed: Some(signed), .. } = view.state else { panic!("{:?}", view.state) };
    assert_eq!(chain.eyes.free(&address("//Ferdie")).await, 0);
    chain.node.submit(hex::decode(signed.trim_start_matches("0x")).unwrap()).unwrap();
    let state = desk.until(id(1), |state| matches!(state, OperationState::Done(_))).await;
    assert!(matches!(state, OperationState::Done(_)));
    assert_eq!(chain.eyes.free(&address("//Ferdie")).await, ONE);
}

/// A transaction of version 4: length, version, signer, signature, life, number, tip, no hash of the metadata, call.
fn assembled(call: &[u8], signer: &[u8; 32], signature: &[u8; 64], era: &[u8], nonce: u8) -> Vec<u8> {
    let mut body = vec![0x84, 0x00];
    body.extend_from_slice(signer);
    body.push(0x01);
    body.extend_from_slice(signature);
    body.extend_from_slice(era);
    body.extend_from_slice(&[nonce << 2, 0, 0]);
    body.extend_from_slice(call);
    let length = u16::try_from(body.len()).unwrap();
    let mut bytes = (length << 2 | 1).to_le_bytes().to_vec();
    bytes.extend(body);
    bytes
}
