//! Cuts off a vendor that goes on after the output cap: some servers do not know the field that it is sent in.

use common::outcome::VendorFailure;
use common::usage::TokenUsage;

use crate::call_error::{Billing, CallError, Cause};

/// A token has less text than this; only long runs of one character come near it.
const BYTES_PER_TOKEN: u64 = 16;
/// Two bytes of an answer stand for one of the text, at worst on the whole: escapes, and thoughts that come encrypted.
const ESCAPED: u64 = 2;
/// What stands around the text of any answer.
const ENVELOPE: u64 = 64 * 1024;

/// Measures an answer that comes in pieces.
#[derive(Debug)]
pub(crate) struct Meter {
    cap: u32,
    pieces: u64,
    bytes: u64,
}

impl Meter {
    pub(crate) fn new(cap: u32) -> Self {
        Self { cap, pieces: 0, bytes: 0 }
    }

    /// Counts a piece. A piece has at least one token, and a token is not long; a quarter more than the cap is let pass.
    ///
    /// # Errors
    /// That was too much; it is billed with what was seen at least.
    pub(crate) fn count(&mut self, text: &str) -> Result<(), CallError> {
        self.pieces += 1;
        self.bytes += text.len() as u64;
        let seen = self.pieces.max(self.bytes / BYTES_PER_TOKEN);
        if seen > most_tokens(self.cap) {
            let seen = TokenUsage { output: seen, ..TokenUsage::default() };
            return Err(error(self.cap, Billing::AtLeast(seen)));
        }
        Ok(())
    }
}

/// The most bytes of an answer that is not streamed.
pub(crate) fn most_bytes(cap: u32) -> usize {
    let bytes = most_tokens(cap) * BYTES_PER_TOKEN * ESCAPED + ENVELOPE;
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

pub(crate) fn error(cap: u32, billing: Billing) -> CallError {
    CallError::new(VendorFailure::Truncated, billing, Cause::OverCap { cap })
}

fn most_tokens(cap: u32) -> u64 {
    u64::from(cap) + u64::from(cap) / 4 + 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p18_a_vendor_that_ignores_the_cap_is_cut_off_at_a_quarter_more() {
        let mut by_pieces = Meter::new(64);
        let mut by_bytes = Meter::new(64);

        let pieces = (0..).take_while(|_| by_pieces.count("a ").is_ok()).count();
        let long = (0..).take_while(|_| by_bytes.count(&"a".repeat(160)).is_ok()).count();

        assert_eq!(pieces, 64 + 16 + 16);
        assert_eq!(long * 10, 90);
    }

    #[test]
    fn p7_a_cut_off_answer_is_billed_with_what_was_seen() {
        let mut meter = Meter::new(64);

        let error = std::iter::repeat_with(|| meter.count("a ")).find_map(Result::err).unwrap();

        let seen = TokenUsage { output: 64 + 16 + 16 + 1, ..TokenUsage::default() };
        assert_eq!(error.billing, Billing::AtLeast(seen));
    }

    #[test]
    fn p18_a_whole_answer_may_have_a_quarter_more_too() {
        assert_eq!(most_bytes(64) - most_bytes(0), 80 * 32);
    }
}
