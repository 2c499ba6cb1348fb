//! Permits: the right to make one vendor call, up to a worst case that has been reserved.

use std::sync::Arc;

use common::config::subnet::ModelRef;
use common::id::AttemptId;
use common::task::Message;

use crate::input_bound::input_token_bound;

/// The most one call can use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WorstCase {
    /// Prompt tokens; at least [`input_token_bound`](crate::input_token_bound) of the messages.
    pub input_tokens: u64,
    /// Generated tokens, thinking included: the cap that is sent to the vendor.
    pub output_tokens: u32,
}

/// The right to make one call; used up by [`Clients::complete`](crate::Clients::complete).
#[derive(Debug)]
#[must_use = "a permit stands for a reservation that is lost if it is not used"]
pub struct Permit {
    seal: Seal,
    attempt: AttemptId,
    model: ModelRef,
    worst: WorstCase,
}

impl Permit {
    /// Returns the attempt that was reserved.
    #[must_use]
    pub fn attempt(&self) -> AttemptId {
        self.attempt
    }

    /// Returns the model that may be called.
    #[must_use]
    pub fn model(&self) -> &ModelRef {
        &self.model
    }

    /// Returns what was reserved.
    #[must_use]
    pub fn worst(&self) -> WorstCase {
        self.worst
    }

    /// Checks that the call was reserved by the issuer of `seal` and stays within what was reserved.
    pub(crate) fn check(&self, seal: &Seal, messages: &[Message]) -> Result<(), PermitMismatch> {
        if !self.seal.same(seal) {
            return Err(PermitMismatch::ForeignIssuer);
        }
        if messages.is_empty() {
            return Err(PermitMismatch::NoMessages);
        }
        if self.worst.output_tokens == 0 {
            return Err(PermitMismatch::NoOutput);
        }
        let bound = input_token_bound(messages);
        if bound > self.worst.input_tokens {
            return Err(PermitMismatch::Input { bound, permitted: self.worst.input_tokens });
        }
        Ok(())
    }
}

/// Makes permits for the [`Clients`](crate::Clients) it came with; belongs to the budget ledger.
#[derive(Debug)]
pub struct Issuer {
    seal: Seal,
}

impl Issuer {
    pub(crate) fn new(seal: Seal) -> Self {
        Self { seal }
    }

    /// Permits one call, whose worst case must have been reserved durably.
    pub fn permit(&self, attempt: AttemptId, model: ModelRef, worst: WorstCase) -> Permit {
        Permit { seal: self.seal.clone(), attempt, model, worst }
    }
}

/// What an issuer, its permits and its clients have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seal(Arc<()>);

impl Seal {
    fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The request does not fit its permit: nothing was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PermitMismatch {
    /// Another ledger's permit.
    #[error("the permit comes from another issuer")]
    ForeignIssuer,
    /// There is nothing to ask.
    #[error("there are no messages")]
    NoMessages,
    /// The answer could have no token.
    #[error("the permit allows no output tokens")]
    NoOutput,
    /// The prompt may have more tokens than were reserved.
    #[error("the prompt may have {bound} tokens but only {permitted} are permitted")]
    Input {
        /// The most tokens the messages can have.
        bound: u64,
        /// The most tokens that were reserved.
        permitted: u64,
    },
}

#[cfg(test)]
mod tests {
    use common::task::Role;

    use super::*;

    #[test]
    fn a_request_within_its_permit_passes() {
        let seal = Seal::default();
        let messages = [question()];
        let permit = permit(&seal, WorstCase { input_tokens: input_token_bound(&messages), output_tokens: 1 });

        assert_eq!(permit.check(&seal, &messages), Ok(()));
    }

    #[test]
    fn a_prompt_one_token_over_the_reservation_is_refused() {
        let seal = Seal::default();
        let messages = [question()];
        let bound = input_token_bound(&messages);
        let permit = permit(&seal, WorstCase { input_tokens: bound - 1, output_tokens: 1 });

        assert_eq!(permit.check(&seal, &messages), Err(PermitMismatch::Input { bound, permitted: bound - 1 }));
    }

    #[test]
    fn a_permit_of_another_issuer_is_refused() {
        let permit = permit(&Seal::default(), WorstCase { input_tokens: 1000, output_tokens: 1 });

        assert_eq!(permit.check(&Seal::default(), &[question()]), Err(PermitMismatch::ForeignIssuer));
    }

    #[test]
    fn a_call_without_question_or_answer_is_refused() {
        let seal = Seal::default();
        let mute = permit(&seal, WorstCase { input_tokens: 1000, output_tokens: 0 });
        let speaking = permit(&seal, WorstCase { input_tokens: 1000, output_tokens: 1 });

        assert_eq!(mute.check(&seal, &[question()]), Err(PermitMismatch::NoOutput));
        assert_eq!(speaking.check(&seal, &[]), Err(PermitMismatch::NoMessages));
    }

    fn question() -> Message {
        Message { role: Role::User, content: "Why?".into() }
    }

    fn permit(seal: &Seal, worst: WorstCase) -> Permit {
        let model = ModelRef { vendor: "openai".into(), model: "gpt-6-luna".into() };
        Issuer::new(seal.clone()).permit(AttemptId::new(1, [0; 10]), model, worst)
    }
}
