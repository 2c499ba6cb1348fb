//! Why a call gave no answer, and what it may have cost.

use std::fmt;
use std::time::Duration;

use common::id::VendorName;
use common::outcome::VendorFailure;
use common::usage::TokenUsage;

use crate::permit::PermitMismatch;

/// A call that gave no usable answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{cause}{}", advice(*.failure))]
pub struct CallError {
    /// What callers branch on.
    pub failure: VendorFailure,
    /// What the vendor will bill.
    pub billing: Billing,
    /// How long the vendor asks to wait; at most an hour.
    pub retry_after: Option<Duration>,
    /// What happened, for people.
    pub cause: Cause,
}

impl CallError {
    pub(crate) fn new(failure: VendorFailure, billing: Billing, cause: Cause) -> Self {
        Self { failure, billing, retry_after: None, cause }
    }

    /// The same of a stream that did not come to its end: what was counted up to then is only a part of what is billed.
    pub(crate) fn after(self, seen: Option<TokenUsage>) -> Self {
        let billing = match (self.billing, seen) {
            (Billing::Nothing, None) => Billing::Nothing,
            (Billing::Nothing | Billing::Unknown, Some(seen)) => Billing::AtLeast(seen),
            (Billing::Known(counted), None) => Billing::AtLeast(counted),
            (Billing::Known(counted) | Billing::AtLeast(counted), Some(seen)) => Billing::AtLeast(most(counted, seen)),
            (Billing::Unknown | Billing::AtLeast(_), None) => self.billing,
        };
        Self { billing, ..self }
    }
}

fn most(left: TokenUsage, right: TokenUsage) -> TokenUsage {
    TokenUsage {
        input_uncached: left.input_uncached.max(right.input_uncached),
        input_cache_read: left.input_cache_read.max(right.input_cache_read),
        input_cache_write: left.input_cache_write.max(right.input_cache_write),
        output: left.output.max(right.output),
    }
}

/// What the vendor bills for a call that gave no usable answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Billing {
    /// The vendor did no work.
    Nothing,
    /// The vendor said what it used.
    Known(TokenUsage),
    /// The vendor may have worked: settles at the reservation.
    Unknown,
    /// The vendor was left at work after it had counted so much: settles at the reservation, or at this where it is more.
    AtLeast(TokenUsage),
}

/// What happened, without prompt, answer, key or the vendor's own words.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Cause {
    /// Nothing was sent: the request does not fit its permit.
    #[error("not sent: {0}")]
    Permit(PermitMismatch),
    /// Nothing was sent: the permit names a vendor that is not configured.
    #[error("not sent: {0} is no vendor of miner-config.json")]
    UnknownVendor(VendorName),
    /// Nothing was sent: the vendor's credential could not be had.
    #[error("not sent: there is no key for {0}")]
    NoKey(VendorName),
    /// Nothing was sent: the request could not be built.
    #[error("not sent: the request could not be built")]
    Build,
    /// The deadline passed before the request left.
    #[error("no connection before the deadline")]
    DeadlineBeforeSending,
    /// The deadline passed after the request began to leave.
    #[error("no answer before the deadline")]
    Deadline,
    /// No connection could be made.
    #[error("no connection: {0}")]
    Connect(String),
    /// The connection broke after the request began to leave.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The answer is larger than any answer should be.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The vendor answered with an error.
    #[error("the vendor answered {status}{}", in_brackets(.code.as_ref()))]
    Status {
        /// The HTTP status.
        status: u16,
        /// The vendor's code or type for the error.
        code: Option<VendorCode>,
    },
    /// The answer is not what the protocol says.
    #[error("the answer {0}")]
    Protocol(&'static str),
    /// All tokens went into thinking: the answer is empty, and billed.
    #[error(
        "the model thought up to its output cap and said nothing; raise max_tokens_per_task or lower the vendor's effort"
    )]
    OnlyThought,
    /// The stream ended before the vendor said that the answer did.
    #[error("the stream ended before the answer did")]
    Cut,
    /// The vendor went on after the output cap, and was cut off.
    #[error("the vendor went on after the output cap of {cap} tokens; check its cap_field in miner-config.json")]
    OverCap {
        /// The cap that was sent.
        cap: u32,
    },
    /// The answer ended for another reason than being complete.
    #[error("the answer ended early{}", in_brackets(.0.as_ref()))]
    Finish(Option<VendorCode>),
}

fn in_brackets(code: Option<&VendorCode>) -> String {
    code.map(|code| format!(" ({code})")).unwrap_or_default()
}

/// What the operator can do, where there is something.
fn advice(failure: VendorFailure) -> &'static str {
    match failure {
        VendorFailure::Auth => "; check the key with `minerctl credentials check`",
        VendorFailure::Billing => "; add credit or raise the spending limit at the vendor",
        VendorFailure::ModelNotFound => "; check the model's name and the vendor's base_url in miner-config.json",
        VendorFailure::InvalidRequest => "; check the vendor's base_url, cap_field and service in miner-config.json",
        VendorFailure::Truncated => "; raise max_tokens_per_task in subnet-profiles.json if this is frequent",
        VendorFailure::RateLimited
        | VendorFailure::Overloaded
        | VendorFailure::Server
        | VendorFailure::ContextTooLong
        | VendorFailure::Filtered
        | VendorFailure::Empty
        | VendorFailure::Malformed
        | VendorFailure::Timeout
        | VendorFailure::Unreachable
        | VendorFailure::Disconnected => "",
    }
}

/// A vendor's machine-readable word: short and of harmless characters, so that it can quote nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VendorCode(Box<str>);

impl VendorCode {
    const MAX_BYTES: usize = 64;

    /// Takes the text if it has the shape of a code.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let is_code = !text.is_empty() && text.len() <= Self::MAX_BYTES && text.bytes().all(harmless);
        is_code.then(|| Self(text.into()))
    }

    /// Returns the code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VendorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_kept() {
        assert_eq!(VendorCode::read("insufficient_quota").unwrap().as_str(), "insufficient_quota");
    }

    #[test]
    fn what_could_quote_a_prompt_is_no_code() {
        for text in ["", "tell me a secret", "line\nbreak", "\u{1b}[31m", "ключ", &"x".repeat(65)] {
            assert_eq!(VendorCode::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn p7_what_a_broken_stream_has_counted_is_the_least_that_is_billed() {
        let counted = |output| TokenUsage { input_uncached: 9, output, ..TokenUsage::default() };
        let after =
            |billing, seen| CallError::new(VendorFailure::Disconnected, billing, Cause::Cut).after(seen).billing;

        assert_eq!(after(Billing::Unknown, None), Billing::Unknown);
        assert_eq!(after(Billing::Unknown, Some(counted(1))), Billing::AtLeast(counted(1)));
        assert_eq!(after(Billing::Known(counted(5)), Some(counted(5))), Billing::AtLeast(counted(5)));
        assert_eq!(after(Billing::AtLeast(TokenUsage { output: 90, ..TokenUsage::default() }), Some(counted(7))), {
            Billing::AtLeast(counted(90))
        });
    }

    #[test]
    fn an_error_says_what_happened_and_what_to_do() {
        let cause = Cause::Status { status: 401, code: VendorCode::read("invalid_api_key") };

        let error = CallError::new(VendorFailure::Auth, Billing::Nothing, cause);

        assert_eq!(
            error.to_string(),
            "the vendor answered 401 (invalid_api_key); check the key with `minerctl credentials check`"
        );
    }
}
