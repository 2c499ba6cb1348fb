//! Bytes as JSON-RPC has them: hex with `0x`. What comes in may lack it, as some clients leave it out.

use jsonrpsee::types::ErrorObjectOwned;

/// Bytes as a client gave them.
#[derive(Clone, Debug)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl<'de> serde::Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        hex::decode(digits).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Bytes {
    /// As a hash.
    pub(super) fn hash(&self) -> Result<sp_core::H256, ErrorObjectOwned> {
        let bytes = <[u8; 32]>::try_from(self.0.as_slice());
        bytes
            .map(sp_core::H256)
            .map_err(|_| ErrorObjectOwned::owned(-32602, "Invalid params", Some("32 bytes are expected")))
    }
}

/// Bytes for a client.
pub(super) fn encode(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
