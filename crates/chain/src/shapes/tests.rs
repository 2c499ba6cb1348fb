//! What the suite knows, against the real metadata of four runtimes from July 2025 to July 2026.

use scale_info::TypeDef;
use subxt::Metadata;

use super::*;
use crate::capabilities::Capabilities;
use crate::metadata::{ALL, read};

#[test]
fn every_real_runtime_is_as_it_is_known() {
    for spec in ALL {
        let found = check(&read(spec));

        assert_eq!(found, Compatibility::default(), "spec {spec}");
    }
}

#[test]
fn what_only_newer_runtimes_have_is_a_capability_and_no_difference() {
    let old = Capabilities::of(&read(293));
    let new = Capabilities::of(&read(424));

    assert_eq!(old, Capabilities::default());
    let expected = Capabilities {
        register_limit: true,
        mechanisms: true,
        timelocked_commits: true,
        next_epoch: true,
        claim_root: true,
        mev_shield: true,
        // Newer than 424.
        pow_register: false,
        collateral: false,
    };
    assert_eq!(new, expected);
    assert!(!Capabilities::of(&read(393)).register_limit);
}

#[test]
fn a_renamed_argument_of_a_money_call_is_named_and_pauses_money_only() {
    let found = check(&with_call(424, "add_stake", |fields| fields[2].name = Some("amount".to_owned())));

    let [difference] = found.differences.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        difference.to_string(),
        "the chain's runtime has another call SubtensorModule.add_stake: arguments: (hotkey: [u8; 32], netuid: u16, \
         amount_staked: u64) was expected, (hotkey: [u8; 32], netuid: u16, amount: u64) found"
    );
    assert!(found.forbids(Purpose::Money).is_some());
    assert!(found.forbids(Purpose::Serving).is_none());
    assert!(found.of_call("add_stake").is_some());
    assert!(found.of_call("serve_axon").is_none());
}

#[test]
fn an_argument_of_another_type_is_a_difference() {
    let metadata = read(424);
    let u128 = metadata.types().types.iter().position(|ty| is_u128(&ty.ty.type_def)).unwrap();
    let changed = with_call(424, "remove_stake", |fields| fields[2].ty = (u32::try_from(u128).unwrap()).into());

    let found = check(&changed);

    assert!(found.of_call("remove_stake").unwrap().problem.contains("amount_unstaked: u128"), "{found:?}");
}

#[test]
fn an_added_argument_is_a_difference() {
    let found = check(&with_call(424, "serve_axon", |fields| fields.push(fields[0].clone())));

    assert!(found.forbids(Purpose::Serving).is_some());
    assert!(found.forbids(Purpose::Money).is_none());
}

#[test]
fn a_runtime_that_is_none_is_all_difference_and_no_panic() {
    let mut metadata = read(424);
    metadata.types_mut().types.clear();

    let found = check(&metadata);

    assert!(found.differences.len() > known::ENTRIES.len());
}

#[test]
fn a_type_that_contains_itself_is_described_to_an_end() {
    let mut metadata = read(424);
    let types = metadata.types_mut();
    for (id, ty) in types.types.iter_mut().enumerate() {
        if let TypeDef::Sequence(sequence) = &mut ty.ty.type_def {
            sequence.type_param = u32::try_from(id).unwrap().into();
        }
    }

    assert!(!check(&metadata).differences.is_empty());
}

/// Changes the arguments of a call of the pallet.
fn with_call(
    spec: u32,
    name: &str,
    change: impl FnOnce(&mut Vec<scale_info::Field<scale_info::form::PortableForm>>),
) -> Metadata {
    let mut metadata = read(spec);
    let ty = metadata.pallet_by_name("SubtensorModule").unwrap().call_ty_id().unwrap();
    let ty = &mut metadata.types_mut().types[ty as usize].ty;
    let TypeDef::Variant(calls) = &mut ty.type_def else { panic!("calls are an enum") };
    let call = calls.variants.iter_mut().find(|call| call.name == name).unwrap();
    change(&mut call.fields);
    metadata
}

fn is_u128(ty: &TypeDef<scale_info::form::PortableForm>) -> bool {
    matches!(ty, TypeDef::Primitive(scale_info::TypeDefPrimitive::U128))
}
