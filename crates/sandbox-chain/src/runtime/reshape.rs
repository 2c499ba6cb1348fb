//! Metadata as clients are to see it: types under upstream's paths, by which some SDKs know them, and on demand calls of
//! another shape, for clients that must notice that a call is no longer what they know.

use codec::{Decode, Encode};
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use scale_info::form::PortableForm;
use scale_info::{Field, PortableRegistry, TypeDef, TypeDefPrimitive, Variant};

use super::upgrade::Shape;

type Call = Variant<PortableForm>;
type Argument = Field<PortableForm>;

/// Metadata as the runtime in force tells it. What cannot be changed stays as it is.
pub(super) fn reshaped(metadata: &[u8], shape: Shape) -> Vec<u8> {
    let Ok(RuntimeMetadataPrefixed(magic, mut metadata)) = RuntimeMetadataPrefixed::decode(&mut &*metadata) else {
        return metadata.to_vec();
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the runtime offers no others")]
    match &mut metadata {
        RuntimeMetadata::V14(metadata) => {
            let calls = metadata.pallets.iter().find(|pallet| pallet.name == PALLET).and_then(|p| p.calls.clone());
            change(&mut metadata.types, calls.map(|calls| calls.ty.id), shape);
        }
        RuntimeMetadata::V15(metadata) => {
            let calls = metadata.pallets.iter().find(|pallet| pallet.name == PALLET).and_then(|p| p.calls.clone());
            change(&mut metadata.types, calls.map(|calls| calls.ty.id), shape);
        }
        RuntimeMetadata::V16(metadata) => {
            let calls = metadata.pallets.iter().find(|pallet| pallet.name == PALLET).and_then(|p| p.calls.clone());
            change(&mut metadata.types, calls.map(|calls| calls.ty.id), shape);
        }
        _ => {}
    }
    RuntimeMetadataPrefixed(magic, metadata).encode()
}

/// Where our types stand, and where upstream's do. The first that fits counts.
const PATHS: &[(&[&str], &[&str])] = &[
    (&["sandbox_chain", "runtime", "number"], &["subtensor_runtime_common"]),
    (&["sandbox_chain", "runtime", "answer"], &["pallet_subtensor", "rpc_info"]),
    (&["sandbox_chain", "runtime"], &["node_subtensor_runtime"]),
    (&["sandbox_chain", "pallet"], &["pallet_subtensor"]),
    (&["sandbox_chain", "commitments"], &["pallet_commitments"]),
];

fn rename(types: &mut PortableRegistry) {
    for ty in &mut types.types {
        let path = &mut ty.ty.path.segments;
        let fits = |ours: &[&str]| path.len() > ours.len() && path.iter().zip(ours).all(|(one, other)| one == other);
        if let Some((ours, upstreams)) = PATHS.iter().find(|(ours, _)| fits(ours)) {
            let rest = path.split_off(ours.len());
            *path = upstreams.iter().map(|segment| (*segment).to_owned()).chain(rest).collect();
        }
    }
}

const PALLET: &str = "SubtensorModule";

fn change(types: &mut PortableRegistry, calls: Option<u32>, shape: Shape) {
    rename(types);
    let number = |types: &PortableRegistry, wanted: &TypeDefPrimitive| {
        types.types.iter().find(|ty| ty.ty.type_def == TypeDef::Primitive(wanted.clone())).map(|ty| ty.id)
    };
    let (wide, long) = (number(types, &TypeDefPrimitive::U32), number(types, &TypeDefPrimitive::U64));
    let calls = calls.and_then(|id| types.types.iter_mut().find(|ty| ty.id == id));
    let Some(TypeDef::Variant(calls)) = calls.map(|calls| &mut calls.ty.type_def) else {
        return;
    };
    let find = |calls: &mut Vec<Call>, name: &str, change: &dyn Fn(&mut Vec<Argument>)| {
        if let Some(call) = calls.iter_mut().find(|call| call.name == name) {
            change(&mut call.fields);
        }
    };
    match (shape, wide, long) {
        (Shape::WithoutRegisterLimit, ..) => calls.variants.retain(|call| call.name != "register_limit"),
        (Shape::BurnedRegisterWithLimit, _, Some(long)) => find(&mut calls.variants, "burned_register", &|arguments| {
            arguments.push(Field {
                name: Some("limit_price".into()),
                ty: long.into(),
                type_name: Some("u64".into()),
                docs: Vec::new(),
            });
        }),
        (Shape::ServeAxonWithWidePort, Some(wide), _) => find(&mut calls.variants, "serve_axon", &|arguments| {
            for argument in arguments.iter_mut().filter(|argument| argument.name.as_deref() == Some("port")) {
                argument.ty = wide.into();
                argument.type_name = Some("u32".into());
            }
        }),
        (Shape::Spec424 | Shape::BurnedRegisterWithLimit | Shape::ServeAxonWithWidePort, ..) => {}
    }
}
