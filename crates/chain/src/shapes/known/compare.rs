//! Holds what the suite knows against a runtime's metadata.

use subxt::Metadata;
use subxt::ext::frame_decode::storage::StorageHasher;

use super::Needed::{Always, Usually, WhereItIs};
use super::{Api, Call, Entry, Hasher, MODULE, Needed, Value};
use crate::shapes::Purpose::{Money, Reading};
use crate::shapes::describe::{describe, fields_of};
use crate::shapes::{Difference, Item};

impl Call {
    pub(in crate::shapes) fn differs(&self, metadata: &Metadata) -> Option<Difference> {
        let problem = self.problem(metadata)?;
        let item = Item::Call { pallet: self.pallet, name: self.name };
        Some(Difference { item, purpose: self.purpose, problem })
    }

    /// Whether the runtime lacks a call that every real one has.
    pub(in crate::shapes) fn lacks(&self, metadata: &Metadata) -> Option<Item> {
        let pallet = metadata.pallet_by_name(self.pallet);
        let there = pallet.is_some_and(|pallet| pallet.call_variant_by_name(self.name).is_some());
        (!there && self.needed == Usually).then_some(Item::Call { pallet: self.pallet, name: self.name })
    }

    fn problem(&self, metadata: &Metadata) -> Option<String> {
        let pallet = metadata.pallet_by_name(self.pallet);
        let Some(call) = pallet.as_ref().and_then(|pallet| pallet.call_variant_by_name(self.name)) else {
            return missing(self.needed);
        };
        let found = call.fields.iter().map(|field| {
            let name = field.name.as_deref().unwrap_or("_");
            format!("{name}: {}", describe(metadata.types(), field.ty.id))
        });
        let expected = self.arguments.iter().map(|(name, ty)| format!("{name}: {ty}"));
        different("arguments", &joined(expected), &joined(found))
    }
}

impl Entry {
    pub(in crate::shapes) fn differs(&self, metadata: &Metadata) -> Option<Difference> {
        let problem = self.problem(metadata)?;
        let item = Item::Entry { pallet: self.pallet, name: self.name };
        Some(Difference { item, purpose: Reading, problem })
    }

    fn problem(&self, metadata: &Metadata) -> Option<String> {
        let pallet = metadata.pallet_by_name(self.pallet);
        let storage = pallet.as_ref().and_then(|pallet| pallet.storage());
        let Some(entry) = storage.and_then(|storage| storage.entry_by_name(self.name)) else {
            return missing(self.needed);
        };
        let types = metadata.types();
        let found = entry.keys().map(|key| format!("{} {}", hasher(key.hasher), describe(types, key.key_id)));
        let expected = self.keys.iter().map(|(hasher, ty)| format!("{} {ty}", hasher.name()));
        different("keys", &joined(expected), &joined(found)).or_else(|| self.value.problem(metadata, entry.value_ty()))
    }
}

impl Api {
    pub(in crate::shapes) fn differs(&self, metadata: &Metadata) -> Option<Difference> {
        let problem = self.problem(metadata)?;
        let item = Item::Api { pallet: self.pallet, name: self.name };
        Some(Difference { item, purpose: Reading, problem })
    }

    fn problem(&self, metadata: &Metadata) -> Option<String> {
        let api = metadata.runtime_api_trait_by_name(self.pallet);
        let Some(method) = api.as_ref().and_then(|api| api.method_by_name(self.name)) else {
            return missing(self.needed);
        };
        let found = method.inputs().map(|input| describe(metadata.types(), input.id));
        let expected = self.inputs.iter().map(|&ty| ty.to_owned());
        different("arguments", &joined(expected), &joined(found))
            .or_else(|| self.value.problem(metadata, method.output_ty()))
    }
}

impl Value {
    fn problem(&self, metadata: &Metadata, id: u32) -> Option<String> {
        match self {
            Self::All(expected) => different("value", expected, &describe(metadata.types(), id)),
            Self::Fields(expected) => {
                let found = fields_of(metadata.types(), id).unwrap_or_default();
                expected.iter().find_map(|(name, ty)| match found.iter().find(|(found, _)| found == name) {
                    Some((_, found)) => different(name, ty, found),
                    None => Some(format!("the field {name} is missing")),
                })
            }
        }
    }
}

impl Hasher {
    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Blake2 => "blake2_128",
            Self::Twox => "twox64",
        }
    }
}

fn hasher(hasher: StorageHasher) -> &'static str {
    match hasher {
        StorageHasher::Identity => "identity",
        StorageHasher::Blake2_128Concat => "blake2_128",
        StorageHasher::Twox64Concat => "twox64",
        StorageHasher::Blake2_128 | StorageHasher::Blake2_256 | StorageHasher::Twox128 | StorageHasher::Twox256 => {
            "another hash"
        }
    }
}

/// An error of which the runtime has none of the names.
pub(in crate::shapes) fn error_differs(names: &&[&'static str], metadata: &Metadata) -> Option<Difference> {
    let pallet = metadata.pallet_by_name(MODULE);
    let found = pallet.as_ref().and_then(|pallet| pallet.error_variants()).unwrap_or_default();
    if found.iter().any(|error| names.contains(&error.name.as_str())) {
        return None;
    }
    let item = Item::Error { pallet: MODULE, name: names.first().copied().unwrap_or_default() };
    Some(Difference { item, purpose: Reading, problem: "it is missing".to_owned() })
}

/// What may be signed beside a call: these hold values that the library knows, all others must be empty.
const EXTENSIONS: &[&str] = &[
    "CheckNonZeroSender",
    "CheckSpecVersion",
    "CheckTxVersion",
    "CheckGenesis",
    "CheckMortality",
    "CheckNonce",
    "CheckWeight",
    "ChargeTransactionPayment",
    "CheckMetadataHash",
];

/// A transaction extension that wants a value which nobody knows spoils every transaction.
pub(in crate::shapes) fn extensions_differ(metadata: &Metadata) -> Vec<Difference> {
    let extensions = metadata.extrinsic().transaction_extensions_to_use_for_encoding();
    let unknown = extensions.filter(|extension| !EXTENSIONS.contains(&extension.identifier()));
    let problems = unknown.filter_map(|extension| {
        let (extra, implicit) =
            (describe(metadata.types(), extension.extra_ty()), describe(metadata.types(), extension.additional_ty()));
        let empty = |ty: &str| matches!(ty, "()" | "{}");
        if empty(&extra) && empty(&implicit) {
            return None;
        }
        let item = Item::Extension { name: extension.identifier().to_owned() };
        let problem = format!("it wants {extra} and {implicit}, nothing was expected");
        Some(Difference { item, purpose: Money, problem })
    });
    problems.collect()
}

fn missing(needed: Needed) -> Option<String> {
    match needed {
        Always => Some("it is missing".to_owned()),
        Usually | WhereItIs => None,
    }
}

fn different(part: &str, expected: &str, found: &str) -> Option<String> {
    (expected != found).then(|| format!("{part}: ({expected}) was expected, ({found}) found"))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
