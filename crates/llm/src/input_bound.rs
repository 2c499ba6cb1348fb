//! How many tokens a prompt can have at most, without knowing the vendor's tokenizer.

use common::task::Message;

/// What a chat template adds to each message, generously.
const PER_MESSAGE: u64 = 16;
/// What a chat template adds once, generously.
const PER_REQUEST: u64 = 64;

/// Returns the most tokens the messages can have: a byte-level tokenizer never makes more than one token of a UTF-8 byte.
#[must_use]
pub fn input_token_bound(messages: &[Message]) -> u64 {
    messages.iter().map(|message| message.content.len() as u64 + PER_MESSAGE).sum::<u64>() + PER_REQUEST
}

#[cfg(test)]
mod tests {
    use common::task::Role;

    use super::*;

    #[test]
    fn the_bound_is_bytes_and_a_margin() {
        let messages = [
            Message { role: Role::System, content: "Be brief.".into() },
            Message { role: Role::User, content: "Größe?".into() },
        ];

        assert_eq!(input_token_bound(&messages), 9 + 8 + 2 * 16 + 64);
    }
}
