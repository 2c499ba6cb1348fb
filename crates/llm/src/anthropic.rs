//! Anthropic's messages. Pure: a request's bytes out of a permit, a completion or an error out of a reply.

mod answer;
mod model_list;
mod refusal;
mod request;
mod stream;
mod usage;

use crate::call_error::CallError;
use crate::completion::Completion;
use crate::exchange::Reply;
use crate::listed::ListedModel;

pub(crate) use request::request;
pub(crate) use stream::Reader;

/// Reads a reply of any status.
pub(crate) fn read(reply: &Reply) -> Result<Completion, CallError> {
    if (200..300).contains(&reply.status) { answer::read(reply) } else { Err(refusal::read(reply)) }
}

/// Reads a reply of any status to the question for the list of models.
pub(crate) fn read_models(reply: &Reply) -> Result<Vec<ListedModel>, CallError> {
    if (200..300).contains(&reply.status) { model_list::read(reply) } else { Err(model_list::refused(reply)) }
}
