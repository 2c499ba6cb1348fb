//! The chain's metadata against finney's own of spec 424: whatever the chain has must be as it is there.

use std::collections::BTreeMap;

use codec::Decode;
use frame_metadata::v16::{PalletMetadata, RuntimeMetadataV16, StorageEntryMetadata, StorageEntryType};
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use scale_info::form::PortableForm;
use scale_info::{Field, PortableRegistry, TypeDef, Variant};
use subxt::rpcs::rpc_params;

use super::harness::Chain;

const FINNEY: &[u8] = include_bytes!("../data/spec-424-finney-v16.scale");

/// What is allowed to differ, and why.
const KNOWN: &[(&str, &str)] = &[
    // Commitments cannot be made here, so what one looks like does not matter.
    ("storage Commitments.CommitmentOf", "is never filled"),
    ("storage TransactionPayment.TxPaymentCredit", "came with the newer pallet"),
    ("signature", "the newer library knows one more kind"),
];

fn decode(mut bytes: &[u8]) -> RuntimeMetadataV16 {
    let RuntimeMetadata::V16(metadata) = RuntimeMetadataPrefixed::decode(&mut bytes).unwrap().1 else {
        unreachable!("version 16 was asked for");
    };
    metadata
}

async fn ours() -> RuntimeMetadataV16 {
    let chain = Chain::new();
    let answer: String = chain
        .rpc()
        .await
        .request("state_call", rpc_params!["Metadata_metadata_at_version", "0x10000000"])
        .await
        .unwrap();
    let answer = hex::decode(answer.trim_start_matches("0x")).unwrap();
    decode(&Option::<Vec<u8>>::decode(&mut answer.as_slice()).unwrap().unwrap())
}

#[tokio::test]
async fn what_the_chain_has_is_as_on_finney() {
    let (ours, finney) = (Facts::of(&ours().await), Facts::of(&decode(FINNEY)));

    let differing: Vec<String> = ours
        .0
        .iter()
        .filter(|(name, _)| !KNOWN.iter().any(|(known, _)| known == name))
        .filter(|(name, fact)| finney.0.get(*name) != Some(fact))
        .map(|(name, fact)| format!("{name}\n  ours:   {fact}\n  finney: {:?}", finney.0.get(name)))
        .collect();

    assert!(differing.is_empty(), "{}", differing.join("\n"));
    for claimed in ["call SubtensorModule.register_limit", "storage SubtensorModule.TimelockedWeightCommits"] {
        assert!(ours.0.contains_key(claimed), "{claimed}");
    }
    assert!(ours.0.len() > 340, "{} facts are compared", ours.0.len());
}

/// What clients rely on, by name.
struct Facts(BTreeMap<String, String>);

impl Facts {
    fn of(metadata: &RuntimeMetadataV16) -> Self {
        let mut facts = BTreeMap::new();
        for pallet in metadata.pallets.iter().filter(|pallet| COMPARED.contains(&pallet.name.as_str())) {
            facts.insert(format!("pallet {}", pallet.name), pallet.index.to_string());
            Self::pallet(metadata, pallet, &mut facts);
        }
        for api in metadata.apis.iter().filter(|api| APIS.contains(&api.name.as_str())) {
            for method in &api.methods {
                let inputs: Vec<String> = method
                    .inputs
                    .iter()
                    .map(|input| format!("{}: {}", input.name, shape(&metadata.types, input.ty.id)))
                    .collect();
                let output = shape(&metadata.types, method.output.id);
                facts.insert(format!("api {}.{}", api.name, method.name), format!("{inputs:?} -> {output}"));
            }
        }
        let extensions: Vec<String> = metadata
            .extrinsic
            .transaction_extensions
            .iter()
            .map(|extension| {
                let (extra, implicit) = (extension.ty.id, extension.implicit.id);
                format!(
                    "{} {} {}",
                    extension.identifier,
                    shape(&metadata.types, extra),
                    shape(&metadata.types, implicit)
                )
            })
            .collect();
        facts.insert("extensions".into(), extensions.join(", "));
        facts.insert("address".into(), shape(&metadata.types, metadata.extrinsic.address_ty.id));
        facts.insert("signature".into(), shape(&metadata.types, metadata.extrinsic.signature_ty.id));
        Self(facts)
    }

    fn pallet(
        metadata: &RuntimeMetadataV16,
        pallet: &PalletMetadata<PortableForm>,
        facts: &mut BTreeMap<String, String>,
    ) {
        let types = &metadata.types;
        let variants = [
            ("call", pallet.calls.as_ref().map(|calls| calls.ty.id)),
            ("event", pallet.event.as_ref().map(|events| events.ty.id)),
            ("error", pallet.error.as_ref().map(|errors| errors.ty.id)),
        ];
        for (kind, id) in variants {
            // Frame's own pallets are newer here than on finney, and emit more.
            if kind != "call" && pallet.name != "SubtensorModule" {
                continue;
            }
            for variant in id.map(|id| variants_of(types, id)).unwrap_or_default() {
                let fact = format!("{} {}", variant.index, fields(types, &variant.fields, &mut Vec::new()));
                facts.insert(format!("{kind} {}.{}", pallet.name, variant.name), fact);
            }
        }
        if pallet.name == "System" || pallet.name == "Balances" {
            let account =
                pallet.storage.iter().flat_map(|storage| &storage.entries).filter(|entry| entry.name == "Account");
            account.for_each(|entry| Self::entry(types, &pallet.name, entry, facts));
            return;
        }
        for entry in pallet.storage.iter().flat_map(|storage| &storage.entries) {
            Self::entry(types, &pallet.name, entry, facts);
        }
    }

    fn entry(
        types: &PortableRegistry,
        pallet: &str,
        entry: &StorageEntryMetadata<PortableForm>,
        facts: &mut BTreeMap<String, String>,
    ) {
        let fact = match &entry.ty {
            StorageEntryType::Plain(value) => shape(types, value.id),
            StorageEntryType::Map { hashers, key, value } => {
                format!("{hashers:?} {} -> {}", shape(types, key.id), shape(types, value.id))
            }
        };
        facts.insert(format!("storage {pallet}.{}", entry.name), format!("{:?} {fact}", entry.modifier));
    }
}

const COMPARED: &[&str] = &["System", "Timestamp", "Balances", "TransactionPayment", "SubtensorModule", "Commitments"];
const APIS: &[&str] = &[
    "AccountNonceApi",
    "NeuronInfoRuntimeApi",
    "StakeInfoRuntimeApi",
    "SubnetInfoRuntimeApi",
    "SubnetRegistrationRuntimeApi",
    "SwapRuntimeApi",
    "TransactionPaymentApi",
];

fn variants_of(types: &PortableRegistry, id: u32) -> Vec<Variant<PortableForm>> {
    let TypeDef::Variant(variants) = &types.resolve(id).unwrap().type_def else {
        unreachable!("calls, events and errors are variants");
    };
    variants.variants.clone()
}

/// How a type encodes and what its fields are called; a type around a single value is that value.
fn shape(types: &PortableRegistry, id: u32) -> String {
    describe(types, id, &mut Vec::new())
}

fn describe(types: &PortableRegistry, id: u32, path: &mut Vec<u32>) -> String {
    let ty = types.resolve(id).unwrap();
    if path.contains(&id) || ty.path.segments.last().is_some_and(|name| name.ends_with("Call")) {
        return "…".into();
    }
    path.push(id);
    let text = match &ty.type_def {
        TypeDef::Primitive(primitive) => format!("{primitive:?}").to_lowercase(),
        TypeDef::Compact(compact) => format!("compact {}", describe(types, compact.type_param.id, path)),
        TypeDef::Sequence(sequence) => format!("[{}]", describe(types, sequence.type_param.id, path)),
        TypeDef::Array(array) => format!("[{}; {}]", describe(types, array.type_param.id, path), array.len),
        TypeDef::Tuple(tuple) => {
            let parts: Vec<String> = tuple.fields.iter().map(|part| describe(types, part.id, path)).collect();
            format!("({})", parts.join(", "))
        }
        TypeDef::Composite(composite) if composite.fields.len() == 1 => {
            describe(types, composite.fields[0].ty.id, path)
        }
        TypeDef::Composite(composite) => fields(types, &composite.fields, path),
        TypeDef::Variant(variants) => {
            let all: Vec<String> = variants
                .variants
                .iter()
                .map(|variant| format!("{}={}{}", variant.index, variant.name, fields(types, &variant.fields, path)))
                .collect();
            format!("<{}>", all.join("|"))
        }
        TypeDef::BitSequence(_) => "bits".into(),
    };
    path.pop();
    text
}

fn fields(types: &PortableRegistry, fields: &[Field<PortableForm>], path: &mut Vec<u32>) -> String {
    let all: Vec<String> = fields
        .iter()
        .map(|field| format!("{}: {}", field.name.as_deref().unwrap_or("_"), describe(types, field.ty.id, path)))
        .collect();
    format!("{{{}}}", all.join(", "))
}
