//! Calls of wallet-manager.

pub mod balance;
pub mod operation;

use serde::{Deserialize, Serialize};

use super::calls;
use super::status::ProcessStatus;
use crate::id::Ss58;
use crate::secret::Secret;
use balance::{Balance, BalanceQuery, Earnings, EarningsQuery};
use operation::{
    ApproveOperation, ListOperations, OperationQuery, OperationView, Operations, PerformOperation, Quote,
    QuoteOperation, RejectOperation,
};

calls! {
    /// Everything wallet-manager can be asked. `wallet.sock` denies what only the operator may do.
    WalletCall {
        /// See [`WalletStatusQuery`].
        WalletStatusQuery => WalletStatus,
        /// See [`Unlock`].
        Unlock => ColdkeyStatus,
        /// See [`Lock`].
        Lock => ColdkeyStatus,
        /// See [`EnrolTotp`].
        EnrolTotp => TotpEnrolment,
        /// See [`ConfirmTotp`].
        ConfirmTotp => TotpConfirmed,
        /// See [`QuoteOperation`].
        QuoteOperation => Quote,
        /// See [`PerformOperation`].
        PerformOperation => OperationView,
        /// See [`OperationQuery`].
        OperationQuery => OperationView,
        /// See [`ListOperations`].
        ListOperations => Operations,
        /// See [`ApproveOperation`].
        ApproveOperation => OperationView,
        /// See [`RejectOperation`].
        RejectOperation => OperationView,
        /// See [`BalanceQuery`].
        BalanceQuery => Balance,
        /// See [`EarningsQuery`].
        EarningsQuery => Earnings,
    }
}

/// Asks for the wallet's state.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WalletStatusQuery {}

/// What is known of the configured wallet without opening any key.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WalletStatus {
    /// The shared part.
    pub process: ProcessStatus,
    /// The wallet's name.
    pub name: String,
    /// The coldkey's address, from `coldkeypub.txt`.
    pub coldkey: Option<Ss58>,
    /// Whether the coldkey itself is on this host, and how it is kept.
    pub coldkey_file: KeyPresence,
    /// The hotkey's name.
    pub hotkey_name: String,
    /// The hotkey's address.
    pub hotkey: Option<Ss58>,
    /// Whether the hotkey is on this host, and how it is kept.
    pub hotkey_file: KeyPresence,
    /// Whether the coldkey can sign now.
    pub coldkey_status: ColdkeyStatus,
    /// Whether approvals can carry a one-time code.
    pub totp: TotpState,
    /// What is wrong with the wallet's files; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Decrypts the coldkey in wallet-manager's memory, until it is locked or has been idle. For the operator only.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Unlock {
    /// The password of the coldkey file; empty for a file without one.
    pub password: Secret,
}

/// Overwrites the coldkey in wallet-manager's memory. For the operator only.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {}

/// Whether the coldkey can sign now.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ColdkeyStatus {
    /// What holds now.
    pub state: ColdkeyState,
    /// When it is locked if nothing is signed until then, in milliseconds from now; only while it is unlocked.
    pub locks_in_ms: Option<u64>,
    /// How long no password is tried after wrong ones, in milliseconds from now.
    pub refuses_for_ms: Option<u64>,
}

/// What holds of the coldkey.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColdkeyState {
    /// Its file is not on this host.
    Absent,
    /// Nobody can sign with it.
    Locked,
    /// A password is being tried.
    Opening,
    /// It is in memory.
    Unlocked,
}

/// Makes the secret of one-time codes, which is shown this once. For the operator only.
///
/// It counts once [`ConfirmTotp`] has shown that an app has it. A confirmed one is not replaced: remove `state/totp.json`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolTotp {}

/// A new secret of one-time codes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TotpEnrolment {
    /// The secret as an `otpauth://` URI for an authenticator app.
    pub uri: Secret,
}

/// Shows with a first code that an authenticator app has the secret. For the operator only.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmTotp {
    /// The code that the app shows.
    pub code: Secret,
}

/// One-time codes count from now on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TotpConfirmed {}

/// Whether approvals can carry a one-time code.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TotpState {
    /// There is no secret.
    Absent,
    /// There is a secret, but no code has been seen yet.
    Unconfirmed,
    /// Codes count.
    Confirmed,
    /// The file with the secret is of no use.
    Unreadable,
}

/// Whether a key file is there, and how it is kept.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPresence {
    /// No file.
    Absent,
    /// A readable key.
    Plain,
    /// A key behind a password.
    Encrypted,
    /// Something that is no key, or cannot be read.
    Unreadable,
}

/// Something wrong with one of the wallet's files.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The file or directory.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub fix: String,
}
