//! Secrets at rest: each encrypted with age to the process that needs it and to an offline recovery key.
//!
//! A process finds its own key with [`identity::Lookup`] and opens its entries with [`open_for`]; the operator's command
//! keeps the keys of this machine in a [`Keyring`] and encrypts with [`seal`]. There is no passphrase from the environment
//! and no plain text as a last resort.

mod file;
pub mod identity;
mod keyring;
mod private_file;
mod sealed;
mod secret_check;

pub use file::{load, save};
pub use identity::{Identity, IdentityError, Recipient, RecipientError};
pub use keyring::Keyring;
pub use private_file::FileError;
pub use sealed::{CredentialError, open_entry, open_for, seal};
pub use secret_check::{SecretError, Subscription, check_secret};
