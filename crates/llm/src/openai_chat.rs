//! OpenAI's chat completions, as OpenAI and all compatible servers speak it. Pure: a request's bytes out of a permit, a
//! completion or an error out of a reply.

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

pub(crate) use request::{Delivery, request};
pub(crate) use stream::Reader;

/// Reads a reply of any status.
pub(crate) fn read(reply: &Reply) -> Result<Completion, CallError> {
    if (200..300).contains(&reply.status) { answer::read(reply) } else { Err(refusal::read(reply)) }
}

/// Reads a reply of any status to the question for the list of models.
pub(crate) fn read_models(reply: &Reply) -> Result<Vec<ListedModel>, CallError> {
    if (200..300).contains(&reply.status) { model_list::read(reply) } else { Err(model_list::refused(reply)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let reply = Reply { status, retry_after: None, body };

            let _ = (read(&reply), read_models(&reply));
        }

        #[test]
        fn no_json_makes_the_reader_panic(status in 200_u16..600, json in any_json()) {
            let reply = Reply { status, retry_after: None, body: json.to_string().into_bytes() };

            if let Ok(completion) = read(&reply) {
                prop_assert!(!completion.text.trim().is_empty());
            }
        }
    }

    /// JSON with the protocol's own keys in likely and unlikely places.
    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let key = proptest::sample::select(vec![
            "choices",
            "message",
            "content",
            "refusal",
            "finish_reason",
            "usage",
            "prompt_tokens",
            "completion_tokens",
            "total_tokens",
            "prompt_tokens_details",
            "cached_tokens",
            "cache_write_tokens",
            "error",
            "code",
            "type",
        ]);
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            "[a-z_ ]{0,12}".prop_map(Into::into),
            proptest::sample::select(vec!["stop", "length", "content_filter", "insufficient_quota"])
                .prop_map(Into::into),
        ];
        leaf.prop_recursive(6, 48, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
                proptest::collection::vec((key.clone(), inner), 0..6).prop_map(|pairs| {
                    pairs
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect::<serde_json::Map<_, _>>()
                        .into()
                }),
            ]
        })
    }
}
