//! Registering, serving, and what is refused, and where.

use sandbox_chain::pallet::{Axons, Burn, Call, NeuronCertificates, stake_of};
use sandbox_chain::runtime::Runtime;
use sandbox_chain::runtime::number::{AlphaBalance, NetUid, TaoBalance};
use sandbox_chain::{SubmitError, Subnet};
use serde_json::json;
use sp_runtime::AccountId32;
use subxt::dynamic;
use subxt::rpcs::rpc_params;

use super::harness::{By, Chain, NETUID, ONE, key, soon, subnet};

const PORT: u16 = 8091;

#[tokio::test]
async fn a_miner_registers_over_the_socket() {
    let chain = Chain::new();
    let client = chain.client().await;
    let (cold, hot) = (key("Eve"), key("Eve//hot"));

    let call = dynamic::tx("SubtensorModule", "burned_register", (NETUID, hot.public()));
    let watched = client.tx().await.unwrap().sign_and_submit_then_watch_default(&call, &By(&cold)).await.unwrap();
    chain.node.new_blocks(3).unwrap();
    let events = soon(watched.wait_for_finalized_success()).await.unwrap();

    let names: Vec<String> = events.iter().map(|event| event.unwrap().event_name().to_owned()).collect();
    for name in ["Withdraw", "NeuronRegistered", "TransactionFeePaid", "ExtrinsicSuccess"] {
        assert!(names.iter().any(|other| other == name), "{name} of {names:?}");
    }
    let at = client.at_current_block().await.unwrap();
    let uids = dynamic::storage::<(u16, [u8; 32]), u16>("SubtensorModule", "Uids");
    let uid = at.storage().try_fetch(uids, (NETUID, hot.public())).await.unwrap().unwrap().decode().unwrap();
    assert_eq!(uid, 4);
}

#[tokio::test]
async fn a_refusal_has_the_shape_of_a_nodes() {
    let chain = Chain::new();
    let rpc = chain.rpc().await;
    let client = chain.client().await;
    let call = dynamic::tx(
        "SubtensorModule",
        "serve_axon",
        (NETUID, 1u32, u128::from(0x7f00_0001u32), PORT, 4u8, 4u8, 0u8, 0u8),
    );
    let mut transactions = client.tx().await.unwrap();
    let signed = transactions.create_signed(&call, &By(&key("Charlie//hot")), Default::default()).await.unwrap();

    let refused = rpc
        .request::<String>("author_submitExtrinsic", rpc_params![format!("0x{}", hex::encode(signed.encoded()))])
        .await
        .unwrap_err();

    let subxt::rpcs::Error::User(error) = refused else { panic!("{refused:?}") };
    assert_eq!((error.code, error.message.as_str()), (1010, "Invalid Transaction"));
    assert_eq!(error.data.unwrap().get(), json!("Custom error: 11").to_string());
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_by_the_pool() {
    let chain = Chain::new();
    let (miner, stranger) = (key("Charlie//hot"), key("Eve//hot"));
    let custom = |number: u8| Err(SubmitError::Invalid(format!("Custom error: {number}")));
    let serve = |ip: u32, port| Call::serve_axon {
        netuid: NetUid(NETUID),
        version: 1,
        ip: ip.into(),
        port,
        ip_type: 4,
        protocol: 4,
        placeholder1: 0,
        placeholder2: 0,
    };

    assert_eq!(chain.submit(&stranger, serve(0x0a00_0009, PORT)), custom(10));
    assert_eq!(chain.submit(&miner, serve(0x7f00_0001, PORT)), custom(11));
    assert_eq!(chain.submit(&miner, serve(u32::MAX, PORT)), custom(11));
    assert_eq!(chain.submit(&miner, serve(0x0a00_0009, 0)), custom(13));
    assert_eq!(chain.apply(&miner, serve(0x0a00_0009, PORT)), Ok(()));
    assert_eq!(chain.submit(&miner, serve(0x0a00_0009, PORT)), custom(12));
    chain.node.new_blocks(5).unwrap();
    assert_eq!(chain.apply(&miner, serve(0x0a00_000a, PORT)), Ok(()));
    let axon = chain.node.read(|| Axons::<Runtime>::get(NetUid(NETUID), AccountId32::new(miner.public())));
    assert_eq!(axon.map(|axon| (axon.ip, axon.port, axon.block)), Some((0x0a00_000a, PORT, 7)));
}

#[tokio::test]
async fn a_certificate_is_kept_with_its_algorithm() {
    let chain = Chain::new();
    let miner = key("Charlie//hot");
    let serve = Call::serve_axon_tls {
        netuid: NetUid(NETUID),
        version: 1,
        ip: 0x0a00_0009,
        port: PORT,
        ip_type: 4,
        protocol: 4,
        placeholder1: 0,
        placeholder2: 0,
        certificate: [&[1], [9; 32].as_slice()].concat(),
    };

    assert_eq!(chain.apply(&miner, serve), Ok(()));

    let hotkey = AccountId32::new(miner.public());
    let certificate = chain.node.read(|| NeuronCertificates::<Runtime>::get(NetUid(NETUID), hotkey)).unwrap();
    assert_eq!((certificate.algorithm, certificate.public_key.to_vec()), (1, vec![9; 32]));
}

#[tokio::test]
async fn a_registration_that_cannot_be_fails_with_upstreams_errors() {
    let chain = Chain::new();
    let (rich, poor, hot) = (key("Eve"), key("Ferdie"), key("Eve//hot").public());
    let register = |netuid, hotkey| Call::burned_register { netuid: NetUid(netuid), hotkey: AccountId32::new(hotkey) };
    let limited =
        |limit_price| Call::register_limit { netuid: NetUid(NETUID), hotkey: AccountId32::new(hot), limit_price };

    assert_eq!(chain.apply(&rich, register(9, hot)), Err("SubnetNotExists".into()));
    assert_eq!(chain.apply(&rich, register(0, hot)), Err("RegistrationNotPermittedOnRootSubnet".into()));
    assert_eq!(chain.apply(&rich, limited(ONE / 20)), Err("RegistrationPriceLimitExceeded".into()));
    assert_eq!(chain.apply(&rich, limited(ONE)), Ok(()));
    assert_eq!(chain.apply(&rich, register(NETUID, hot)), Err("HotKeyAlreadyRegisteredInSubNet".into()));
    assert_eq!(chain.apply(&rich, register(NETUID, key("Bob//other").public())), Ok(()));
    // An account without anything cannot even pay the fee.
    let refused = chain.submit(&poor, register(NETUID, hot)).unwrap_err();
    assert!(refused.to_string().contains("Inability to pay some fees"), "{refused}");
}

#[tokio::test]
async fn the_price_rises_with_a_registration_and_falls_with_time() {
    let chain = Chain::with(Subnet { burn: ONE, burn_half_life: 10, ..subnet() });
    let burn = || chain.node.read(|| Burn::<Runtime>::get(NetUid(NETUID)).0);
    let register = Call::burned_register { netuid: NetUid(NETUID), hotkey: AccountId32::new(key("Eve//hot").public()) };

    chain.node.new_blocks(10).unwrap();
    let halved = burn();
    assert!((ONE * 45 / 100..=ONE * 50 / 100).contains(&halved), "{halved}");

    chain.apply(&key("Eve"), register).unwrap();
    let raised = burn();
    assert!((halved * 110 / 100..=halved * 126 / 100).contains(&raised), "{raised} after {halved}");
}

#[tokio::test]
async fn a_full_subnet_replaces_who_earns_least_and_is_not_immune() {
    let chain = Chain::with(Subnet { max_uids: 4, immunity_period: 3, ..subnet() });
    let register =
        |name| Call::burned_register { netuid: NetUid(NETUID), hotkey: AccountId32::new(key(name).public()) };
    let charlie = AccountId32::new(key("Charlie//hot").public());
    chain.node.new_blocks(10).unwrap();
    // Validators earned in the first epoch, Charlie and Dave did not; Charlie is the older by his UID.
    chain.apply(&key("Eve"), register("Eve//hot")).unwrap();
    let uid = |name| chain.node.uid(NETUID, &key(name).public());

    assert_eq!(chain.node.uid(NETUID, charlie.as_ref()), None);
    assert_eq!(uid("Eve//hot"), Some(2));
    chain.apply(&key("Eve"), register("Eve//second")).unwrap();
    assert_eq!((uid("Eve//hot"), uid("Dave//hot"), uid("Eve//second")), (Some(2), None, Some(3)));
}

#[tokio::test]
async fn transactions_of_one_account_are_ordered_by_nonce() {
    let chain = Chain::new();
    let client = chain.client().await;
    let rpc = chain.rpc().await;
    let cold = key("Eve");
    let mut sent = Vec::new();
    for nonce in [1u64, 0, 2] {
        let call = dynamic::tx("System", "remark", (vec![1u8],));
        let params = subxt::config::DefaultExtrinsicParamsBuilder::new().nonce(nonce).build();
        let mut transactions = client.tx().await.unwrap();
        sent.push(transactions.sign_and_submit_then_watch(&call, &By(&cold), params).await.unwrap());
    }

    let next: u32 = rpc.request("system_accountNextIndex", rpc_params![cold.address().to_string()]).await.unwrap();
    chain.node.new_blocks(4).unwrap();

    assert_eq!(next, 3);
    for watched in sent {
        soon(watched.wait_for_finalized_success()).await.unwrap();
    }
    assert_eq!(chain.node.read(|| frame_system::Account::<Runtime>::get(AccountId32::new(cold.public())).nonce), 3);
}

#[tokio::test]
async fn stake_is_bought_and_sold_at_the_pools_price() {
    let chain = Chain::new();
    let (cold, hot) = (key("Eve"), AccountId32::new(key("Charlie//hot").public()));
    let add = Call::add_stake { hotkey: hot.clone(), netuid: NetUid(NETUID), amount_staked: TaoBalance(50 * ONE) };
    let stake = || {
        let cold = AccountId32::new(cold.public());
        chain.node.read(|| stake_of::<Runtime>(&cold, &hot, NetUid(NETUID)).0)
    };

    chain.apply(&cold, add).unwrap();
    // 50 TAO of 1000, at 20 alpha each, less what the trade itself moves and 0.3 %.
    assert!((945 * ONE..953 * ONE).contains(&stake()), "{}", stake());

    let remove = Call::remove_stake { hotkey: hot.clone(), netuid: NetUid(NETUID), amount_unstaked: stake().into() };
    chain.apply(&cold, remove).unwrap();
    assert_eq!(stake(), 0);
    let left = chain.node.read(|| frame_system::Account::<Runtime>::get(AccountId32::new(cold.public())).data.free);
    assert!((999 * ONE..1000 * ONE).contains(&left), "{left}");
}

#[tokio::test]
async fn stake_is_given_to_another_coldkey() {
    let chain = Chain::new();
    let (alice, eve) = (key("Alice"), AccountId32::new(key("Eve").public()));
    let hotkey = AccountId32::new(key("Alice//hot").public());
    let give = |alpha| Call::transfer_stake {
        destination_coldkey: eve.clone(),
        hotkey: hotkey.clone(),
        origin_netuid: NetUid(NETUID),
        destination_netuid: NetUid(NETUID),
        alpha_amount: AlphaBalance(alpha),
    };

    assert_eq!(chain.apply(&alice, give(2000 * ONE)), Err("NotEnoughStakeToWithdraw".into()));
    assert_eq!(chain.apply(&alice, give(100 * ONE)), Ok(()));

    let held = |cold: &AccountId32| chain.node.read(|| stake_of::<Runtime>(cold, &hotkey, NetUid(NETUID)).0);
    assert!(held(&eve).abs_diff(100 * ONE) <= 1, "{}", held(&eve));
    assert!(held(&AccountId32::new(alice.public())).abs_diff(900 * ONE) <= 1);
}
