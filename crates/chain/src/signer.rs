//! Signs transactions with the suite's keys.

use bittensor::keys::{Keypair, Scheme};
use subxt::config::SubstrateConfig;
use subxt::transactions::Signer;
use subxt::utils::{AccountId32, MultiSignature};

/// A key that signs for its own account.
pub(crate) struct KeySigner<'a>(pub(crate) &'a Keypair);

impl Signer<SubstrateConfig> for KeySigner<'_> {
    fn account_id(&self) -> AccountId32 {
        AccountId32(self.0.public())
    }

    fn sign(&self, payload: &[u8]) -> MultiSignature {
        let signature = self.0.sign(payload);
        match self.0.scheme() {
            Scheme::Sr25519 => MultiSignature::Sr25519(signature),
            Scheme::Ed25519 => MultiSignature::Ed25519(signature),
        }
    }
}
