//! What is done on both chains: quote, register, stake, unstake, move and give, each receipt held against the chain.

use std::time::{Duration, Instant};

use common::call::wallet::balance::{BalanceQuery, EarningsKind, EarningsQuery};
use common::call::wallet::operation::{Operation, OperationState, PriceBound, Receipt, Verdict};
use common::id::{Netuid, Ss58};
use common::money::{AlphaRao, Rao};

use crate::chains::{Embedded, Eyes, ONE};
use crate::desk::{Desk, NETUID, address, generous, hotkey, id};

#[tokio::test(flavor = "multi_thread")]
async fn on_the_embedded_chain_every_receipt_is_what_the_chain_says() {
    let chain = Embedded::start().await;
    let desk = Desk::start(&chain.url(), generous()).await;

    everything(&desk, &chain.eyes).await;
    swapping(&desk, &chain.eyes).await;
    the_rest(&desk).await;
}

/// Registers, stakes, unstakes, moves and gives.
pub(crate) async fn everything(desk: &Desk, eyes: &Eyes) {
    let (eve, second) = (address("//Eve"), address("//Eve//second"));

    let registration = register(&hotkey(), 5 * ONE);
    let quoted = desk.quote(&registration).await;
    let place = desk.done(id(1), registration).await;
    assert_eq!(quoted.verdict, Verdict::Allowed);
    assert_eq!(quoted.registration.unwrap().price, price(eyes, quoted.block).await);
    assert!(place.uid.is_some());
    assert_eq!(place.uid, eyes.registered(place.block).await);
    // It may fall at the beginning of the block.
    near(price(eyes, place.block - 1).await.0, place.tao_out.0);
    agrees(eyes, &place).await;
    let other = desk.done(id(2), register(&second, 10 * ONE)).await;
    agrees(eyes, &other).await;

    let add =
        |amount| Operation::AddStake { hotkey: hotkey(), netuid: Netuid(NETUID), amount, bound: PriceBound::Policy };
    let quoted = desk.quote(&add(Rao(10 * ONE))).await;
    let added = desk.done(id(3), add(Rao(10 * ONE))).await;
    assert_eq!(quoted.call, "add_stake_limit");
    assert_eq!(added.tao_out, Rao(10 * ONE));
    agrees(eyes, &added).await;
    staked(eyes, &hotkey(), &added).await;
    near(quoted.swap.unwrap().get, added.alpha_in.0);

    let half = AlphaRao(added.alpha_in.0 / 2);
    let remove =
        Operation::RemoveStake { hotkey: hotkey(), netuid: Netuid(NETUID), amount: half, bound: PriceBound::Policy };
    let quoted = desk.quote(&remove).await;
    let removed = desk.done(id(4), remove).await;
    assert_eq!((quoted.call.as_str(), removed.alpha_out), ("remove_stake_limit", half));
    agrees(eyes, &removed).await;
    staked(eyes, &hotkey(), &removed).await;
    near(quoted.swap.unwrap().get, removed.tao_in.0);

    let moved = desk.done(id(5), moving(&second, AlphaRao(half.0 / 2))).await;
    // Some runtimes take the pool's fee even within a subnet.
    assert_eq!(moved.alpha_out.0, half.0 / 2);
    near(moved.alpha_out.0, moved.alpha_in.0);
    agrees(eyes, &moved).await;
    let (out, came) = (
        eyes.stake_change(&eve, &hotkey(), NETUID, moved.block).await,
        eyes.stake_change(&eve, &second, NETUID, moved.block).await,
    );
    assert_eq!((-out, came), (i128::from(moved.alpha_out.0), i128::from(moved.alpha_in.0)));

    let all = Operation::RemoveAllStake { hotkey: hotkey(), netuid: Netuid(NETUID), bound: PriceBound::Policy };
    let rest = desk.done(id(6), all).await;
    agrees(eyes, &rest).await;
    staked(eyes, &hotkey(), &rest).await;
    let again = desk.done(id(7), Operation::UnstakeAll { hotkey: second.clone() }).await;
    agrees(eyes, &again).await;
    staked(eyes, &second, &again).await;

    let given = desk.done(id(8), Operation::Transfer { to: address("//Ferdie"), amount: Rao(ONE) }).await;
    assert_eq!(given.tao_out, Rao(ONE));
    agrees(eyes, &given).await;
    assert_eq!(eyes.balance_change(&address("//Ferdie"), given.block).await, i128::from(ONE));

    told(desk, &[&place, &other, &added, &removed, &rest, &again, &given]).await;
}

/// Moves stake from one subnet to another.
async fn swapping(desk: &Desk, eyes: &Eyes) {
    let eve = address("//Eve");
    let add = Operation::AddStake {
        hotkey: hotkey(),
        netuid: Netuid(NETUID),
        amount: Rao(10 * ONE),
        bound: PriceBound::Policy,
    };
    let added = desk.done(id(20), add).await;
    let swap = Operation::SwapStake {
        hotkey: hotkey(),
        from_netuid: Netuid(NETUID),
        to_netuid: Netuid(3),
        amount: AlphaRao(added.alpha_in.0 / 2),
        bound: PriceBound::Policy,
    };

    let quoted = desk.quote(&swap).await;
    let swapped = desk.done(id(21), swap).await;

    assert_eq!(quoted.call, "swap_stake_limit");
    let came = eyes.stake_change(&eve, &hotkey(), 3, swapped.block).await;
    assert_eq!(came, i128::from(swapped.alpha_in.0));
    near(quoted.swap.unwrap().get, swapped.alpha_in.0);
    agrees(eyes, &swapped).await;

    let balance = desk.ask(BalanceQuery {}).await.unwrap();
    let of = |netuid| balance.stakes.iter().find(|stake| stake.netuid == Netuid(netuid)).unwrap();
    assert_eq!(balance.stakes.len(), 2);
    assert!(of(3).exact && of(3).sold < of(3).value && of(3).sold.0 > of(3).value.0 * 98 / 100);
    assert_eq!(balance.stake_value.0, of(NETUID).sold.0 + of(3).sold.0);
    assert_eq!(balance.registrations[0].uid, eyes.registered(swapped.block).await);
    assert_eq!(balance.free.0, eyes.free(&eve).await);
}

/// What has no amount.
async fn the_rest(desk: &Desk) {
    let root = desk.done(id(30), Operation::RootRegister { hotkey: hotkey() }).await;
    let take = Operation::SetChildkeyTake { hotkey: hotkey(), netuid: Netuid(NETUID), take: 500 };
    desk.done(id(31), take).await;
    desk.done(id(32), Operation::ClaimRoot { netuids: vec![Netuid(3), Netuid(NETUID), Netuid(3)] }).await;
    let too_much = Operation::SetChildkeyTake { hotkey: hotkey(), netuid: Netuid(NETUID), take: 65_535 };
    let failed = desk.perform(id(33), too_much).await;

    assert!(root.uid.is_some());
    let OperationState::Failed { problem } = failed.state else { panic!("{:?}", failed.state) };
    assert!(problem.contains("take is above"), "{problem}");
    let all = desk.done(id(34), Operation::UnstakeAllAlpha { hotkey: hotkey() }).await;
    assert!(all.alpha_in.0 > 0);
}

/// How long a quote takes, the quickest of some.
pub(crate) async fn quote_time(desk: &Desk, operation: &Operation) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        desk.quote(operation).await;
        best = best.min(start.elapsed());
    }
    best
}

pub(crate) fn register(hotkey: &Ss58, max_cost: u64) -> Operation {
    Operation::Register { netuid: Netuid(NETUID), hotkey: hotkey.clone(), max_cost: Rao(max_cost) }
}

fn moving(to: &Ss58, amount: AlphaRao) -> Operation {
    Operation::MoveStake {
        from: hotkey(),
        to: to.clone(),
        from_netuid: Netuid(NETUID),
        to_netuid: Netuid(NETUID),
        amount,
    }
}

async fn price(eyes: &Eyes, block: u64) -> Rao {
    Rao(eyes.at(block).await.registration_price_rao(NETUID).await.unwrap())
}

/// The balance changed by what the receipt says.
async fn agrees(eyes: &Eyes, receipt: &Receipt) {
    let change = i128::from(receipt.tao_in.0) - i128::from(receipt.tao_out.0) - i128::from(receipt.fee.0);

    assert_eq!(eyes.balance_change(&address("//Eve"), receipt.block).await, change, "{receipt:?}");
    assert_eq!(eyes.at(receipt.block).await.head().hash.to_string(), receipt.block_hash);
}

/// The stake changed by what the receipt says.
async fn staked(eyes: &Eyes, hotkey: &Ss58, receipt: &Receipt) {
    let change = i128::from(receipt.alpha_in.0) - i128::from(receipt.alpha_out.0);

    assert_eq!(eyes.stake_change(&address("//Eve"), hotkey, NETUID, receipt.block).await, change, "{receipt:?}");
}

/// A quote is not a promise, but near it.
fn near(quoted: u64, got: u64) {
    assert!(quoted.abs_diff(got) <= got / 50, "{quoted} was quoted, {got} came");
}

/// The ledger has each transaction with its sums.
async fn told(desk: &Desk, receipts: &[&Receipt]) {
    let query = EarningsQuery { since_unix_ms: 0, until_unix_ms: u64::MAX, after: 0, limit: 1000 };
    let ledger = desk.ask(query).await.unwrap().entries;

    for receipt in receipts {
        let own: Vec<_> =
            ledger.iter().filter(|entry| entry.transaction.as_ref() == Some(&receipt.transaction)).collect();
        let tao: i64 = own.iter().map(|entry| entry.tao).sum();
        let alpha: i64 = own.iter().map(|entry| entry.alpha).sum();
        let signed = |came: u64, went: u64| i64::try_from(came).unwrap() - i64::try_from(went).unwrap();
        assert_eq!(tao, signed(receipt.tao_in.0, receipt.tao_out.0 + receipt.fee.0), "{receipt:?}");
        assert_eq!(alpha, signed(receipt.alpha_in.0, receipt.alpha_out.0), "{receipt:?}");
        assert_eq!(own.iter().any(|entry| entry.kind == EarningsKind::Fee), receipt.fee.0 > 0);
    }
}
