//! Bytes of the chain's storage and answers, by the runtime's own description. Whatever a node sends, this ends in a value or
//! an error.

use scale_decode::DecodeAsType;
use scale_value::Value;
use subxt::Metadata;
use subxt::ext::frame_decode::runtime_apis::decode_runtime_api_response;
use subxt::ext::frame_decode::storage::{StorageTypeInfo, decode_storage_value, encode_storage_key};

use crate::error::{ChainError, shortened};
use crate::shapes::known::{Api, Entry};

/// The key of a storage entry, or of all entries that begin so.
pub(crate) fn key(metadata: &Metadata, entry: &Entry, parts: Vec<Value>) -> Result<Vec<u8>, ChainError> {
    encode_storage_key(entry.pallet, entry.name, parts, metadata, metadata.types())
        .map_err(|error| malformed(entry.name, &error))
}

/// The value of a storage entry: what is there, or its default, or nothing.
pub(crate) fn value<T: DecodeAsType>(
    metadata: &Metadata,
    entry: &Entry,
    bytes: Option<&[u8]>,
) -> Result<Option<T>, ChainError> {
    let info = metadata.storage_info(entry.pallet, entry.name).map_err(|error| malformed(entry.name, &error))?;
    let Some(mut bytes) = bytes.or(info.default_value.as_deref()) else { return Ok(None) };
    let types = metadata.types();
    let value = decode_storage_value(entry.pallet, entry.name, &mut bytes, metadata, types, T::into_visitor());
    let value = value.map_err(|error| malformed(entry.name, &error))?;
    if bytes.is_empty() { Ok(Some(value)) } else { Err(malformed(entry.name, &"bytes are left over")) }
}

/// The answer of a runtime API.
pub(crate) fn answer<T: DecodeAsType>(metadata: &Metadata, api: &Api, mut bytes: &[u8]) -> Result<T, ChainError> {
    let types = metadata.types();
    let value = decode_runtime_api_response(api.pallet, api.name, &mut bytes, metadata, types, T::into_visitor());
    let value = value.map_err(|error| malformed(api.name, &error))?;
    if bytes.is_empty() { Ok(value) } else { Err(malformed(api.name, &"bytes are left over")) }
}

fn malformed(what: &'static str, error: &dyn std::fmt::Display) -> ChainError {
    ChainError::Malformed { what, problem: shortened(&error.to_string()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::axon::RawAxon;
    use crate::block::RawAccount;
    use crate::metadata::read;
    use crate::shapes::known;

    #[test]
    fn what_is_absent_has_the_runtimes_default_or_is_nothing() {
        let metadata = read(424);

        assert_eq!(value::<u16>(&metadata, &known::UIDS, None).unwrap(), None);
        assert_eq!(value::<Vec<(u16, u16)>>(&metadata, &known::WEIGHTS, None).unwrap(), Some(Vec::new()));
        assert_eq!(value::<u64>(&metadata, &known::SERVING_RATE_LIMIT, None).unwrap(), Some(50));
    }

    #[test]
    fn bytes_left_over_are_an_error() {
        let metadata = read(424);

        assert_eq!(value::<u16>(&metadata, &known::UIDS, Some(&[1, 2])).unwrap(), Some(0x0201));
        assert!(value::<u16>(&metadata, &known::UIDS, Some(&[1, 2, 3])).is_err());
        assert!(value::<u16>(&metadata, &known::UIDS, Some(&[1])).is_err());
    }

    #[test]
    fn keys_are_the_ones_that_subtensor_computes() {
        let metadata = read(424);

        let uids = key(&metadata, &known::UIDS, vec![2_u16.into(), Value::from_bytes([7; 32])]).unwrap();
        let now = key(&metadata, &known::NOW, Vec::new()).unwrap();

        // Identity leaves the netuid as it is; Blake2_128Concat puts 16 bytes before the hotkey.
        assert_eq!(uids.len(), 32 + 2 + 16 + 32);
        assert_eq!(uids[32..34], [2, 0]);
        assert_eq!(uids[50..], [7; 32]);
        // Well known from every Substrate chain.
        assert_eq!(hex::encode(now), "f0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_make_a_storage_value_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let metadata = METADATA.with(Clone::clone);
            let _ = value::<RawAxon>(&metadata, &known::AXONS, Some(&bytes));
            let _ = value::<RawAccount>(&metadata, &known::ACCOUNTS, Some(&bytes));
            let _ = value::<Vec<(u16, u16)>>(&metadata, &known::WEIGHTS, Some(&bytes));
            let _ = value::<Vec<u64>>(&metadata, &known::LAST_UPDATE, Some(&bytes));
            let _ = value::<Vec<([u8; 32], u64, Vec<u8>, u64)>>(&metadata, &known::TIMELOCKED_COMMITS, Some(&bytes));
        }

        #[test]
        fn weights_are_read_as_they_were_written(row in proptest::collection::vec(any::<(u16, u16)>(), 0..300)) {
            let metadata = METADATA.with(Clone::clone);
            let bytes = codec::Encode::encode(&row);

            prop_assert_eq!(value::<Vec<(u16, u16)>>(&metadata, &known::WEIGHTS, Some(&bytes)).unwrap(), Some(row));
        }

        #[test]
        fn a_length_that_is_not_there_takes_no_memory(length in any::<u32>()) {
            let metadata = METADATA.with(Clone::clone);
            let bytes = codec::Encode::encode(&codec::Compact(length.max(1)));

            prop_assert!(value::<Vec<(u16, u16)>>(&metadata, &known::WEIGHTS, Some(&bytes)).is_err());
        }
    }

    thread_local! {
        static METADATA: subxt::ArcMetadata = read(424).arc();
    }
}
