//! The bytes of every call, in every runtime.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use bittensor::keys::{Keypair, Scheme};
use subxt::config::{DefaultExtrinsicParamsBuilder, SubstrateConfig};
use subxt::utils::H256;

use super::*;
use crate::metadata::{ALL, offline, read};
use crate::signer::KeySigner;

#[test]
fn every_call_has_the_same_bytes_in_every_runtime_that_has_it() {
    let mut found = String::new();
    for call in all() {
        let mut bytes = BTreeSet::new();
        let mut specs = Vec::new();
        for spec in ALL {
            let metadata = read(spec);
            let pallet = metadata.pallet_by_name(call.known().unwrap().pallet).unwrap();
            if pallet.call_variant_by_name(call.name()).is_some() {
                bytes.insert(hex::encode(offline(spec).tx().call_data(&call.payload()).unwrap()));
                specs.push(spec);
            }
        }

        assert_eq!(bytes.len(), 1, "{}", call.name());
        writeln!(found, "{} {specs:?} {}", call.name(), bytes.first().unwrap()).unwrap();
    }
    let golden = include_str!("../../tests/data/calls.txt");
    assert_eq!(found, golden, "the bytes of a call changed:\n{found}");
}

#[test]
fn every_call_that_is_known_is_made_and_the_other_way_round() {
    let made: BTreeSet<_> = all().iter().map(Call::name).collect();
    let known: BTreeSet<_> = known::CALLS.iter().map(|call| call.name).collect();

    assert_eq!(made, known);
}

#[test]
fn a_call_does_not_fit_a_runtime_without_it() {
    let call = Call::RegisterLimit { netuid: 1, hotkey: [1; 32], limit_price: 1 };

    assert!(offline(293).tx().call_data(&call.payload()).is_err());
}

#[test]
fn a_signed_transaction_is_the_same_in_every_runtime_but_for_its_signature() {
    let key = Keypair::from_uri(Scheme::Sr25519, "//Alice//hk").unwrap();
    let call = Call::BurnedRegister { netuid: 1, hotkey: key.public() };
    let mut unsigned = BTreeSet::new();
    for spec in ALL {
        let parameters = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
            .nonce(5)
            .mortal_from_unchecked(32, 1000, H256([8; 32]))
            .build();
        let at = offline(spec);
        let payload = call.payload();
        let mut transaction = at.tx().create_signable_offline(&payload, parameters).unwrap();
        let signed = transaction.sign(&KeySigner(&key)).unwrap().into_encoded();

        // Length 2, version 1, address 33, kind of signature 1, signature 64, era 2, nonce, tip, metadata hash off, call.
        assert_eq!(signed.len(), 142, "spec {spec}");
        assert_eq!(hex::encode(&signed[2..4]), "8400");
        assert_eq!(signed[4..36], key.public());
        assert_eq!(signed[36], 1, "an sr25519 signature");
        unsigned.insert([&signed[..37], &signed[101..]].concat());
    }
    assert_eq!(unsigned.len(), 1);
}

#[test]
fn both_schemes_sign() {
    for (scheme, kind) in [(Scheme::Ed25519, 0), (Scheme::Sr25519, 1)] {
        let key = Keypair::from_seed(scheme, &[3; 32]);
        let payload = Call::UnstakeAll { hotkey: [1; 32] }.payload();
        let at = offline(424);
        let parameters = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new().nonce(0).immortal().build();
        let mut transaction = at.tx().create_signable_offline(&payload, parameters).unwrap();
        let what = transaction.signer_payload().unwrap();
        let signed = transaction.sign(&KeySigner(&key)).unwrap().into_encoded();

        assert_eq!(signed[36], kind);
        let signature = signed[37..101].try_into().unwrap();
        assert!(bittensor::keys::verify(scheme, &key.public(), &what, &signature));
    }
}

/// One of each.
fn all() -> Vec<Call> {
    let (hotkey, other) = ([0x11; 32], [0x22; 32]);
    let (netuid, destination_netuid) = (0x0201, 0x0403);
    let axon = Axon { ip: "1.2.3.4".parse().unwrap(), port: 8091, protocol: 4, version: 0x0102_0304 };
    let certificate = Certificate { algorithm: 1, public_key: vec![0x33; 3] };
    let amount = 0x0102_0304_0506_0708;
    let limit_price = 0x1112_1314_1516_1718;
    vec![
        Call::ServeAxon { netuid, axon },
        Call::ServeAxonTls { netuid, axon: Axon { ip: "2001:db8::1".parse().unwrap(), ..axon }, certificate },
        Call::BurnedRegister { netuid, hotkey },
        Call::RegisterLimit { netuid, hotkey, limit_price },
        Call::RootRegister { hotkey },
        Call::AddStake { hotkey, netuid, amount_staked: amount },
        Call::RemoveStake { hotkey, netuid, amount_unstaked: amount },
        Call::AddStakeLimit { hotkey, netuid, amount_staked: amount, limit_price, allow_partial: true },
        Call::RemoveStakeLimit { hotkey, netuid, amount_unstaked: amount, limit_price, allow_partial: false },
        Call::RemoveStakeFullLimit { hotkey, netuid, limit_price: Some(limit_price) },
        Call::RemoveStakeFullLimit { hotkey, netuid, limit_price: None },
        Call::MoveStake {
            origin_hotkey: hotkey,
            destination_hotkey: other,
            origin_netuid: netuid,
            destination_netuid,
            alpha_amount: amount,
        },
        Call::SwapStake { hotkey, origin_netuid: netuid, destination_netuid, alpha_amount: amount },
        Call::SwapStakeLimit {
            hotkey,
            origin_netuid: netuid,
            destination_netuid,
            alpha_amount: amount,
            limit_price,
            allow_partial: true,
        },
        Call::TransferStake {
            destination_coldkey: other,
            hotkey,
            origin_netuid: netuid,
            destination_netuid,
            alpha_amount: amount,
        },
        Call::UnstakeAll { hotkey },
        Call::UnstakeAllAlpha { hotkey },
        Call::SetChildkeyTake { hotkey, netuid, take: 0x0102 },
        Call::SetChildren { hotkey, netuid, children: vec![(amount, other), (1, hotkey)] },
        Call::ClaimRoot { subnets: vec![1, 2, 3] },
        Call::TransferKeepAlive { dest: other, value: amount },
    ]
}
