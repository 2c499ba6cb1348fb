//! What a model is asked, and how it is to go about it.

use common::config::miner::Effort;
use common::task::Message;

/// What a model is asked. A slice of messages is one without wishes.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The conversation.
    pub messages: &'a [Message],
    /// How much the model is to think, if it can be told; the vendor's configured effort if absent.
    pub effort: Option<Effort>,
    /// From 0 to 2, if the model takes one; the vendor's configured temperature if absent.
    pub temperature: Option<f64>,
}

impl<'a> From<&'a [Message]> for Question<'a> {
    fn from(messages: &'a [Message]) -> Self {
        Self { messages, effort: None, temperature: None }
    }
}

impl<'a> From<&'a Vec<Message>> for Question<'a> {
    fn from(messages: &'a Vec<Message>) -> Self {
        messages.as_slice().into()
    }
}

impl<'a, const N: usize> From<&'a [Message; N]> for Question<'a> {
    fn from(messages: &'a [Message; N]) -> Self {
        messages.as_slice().into()
    }
}
