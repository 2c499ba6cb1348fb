//! The request's body.

use common::config::miner::CapField;
use common::task::{Message, Role};
use serde_json::{Value, json};

use crate::models::RequestForm;
use crate::permit::Permit;

/// How the answer is to come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Delivery {
    /// At once.
    Plain,
    /// In pieces.
    Streamed {
        /// Whether the stream is asked for its usage.
        usage: bool,
    },
}

/// Writes the request that `permit` allows.
pub(crate) fn request(
    permit: &Permit,
    form: RequestForm,
    messages: &[Message],
    delivery: Delivery,
) -> serde_json::Result<Vec<u8>> {
    let cap = match form.cap_field {
        CapField::MaxCompletionTokens => "max_completion_tokens",
        CapField::MaxTokens => "max_tokens",
    };
    let mut body = form.fields;
    body.insert("model".into(), permit.model().model.as_str().into());
    body.insert("messages".into(), messages.iter().map(message).collect());
    body.insert(cap.into(), permit.worst().output_tokens.into());
    // Each choice is billed.
    body.insert("n".into(), 1.into());
    if let Delivery::Streamed { usage } = delivery {
        body.insert("stream".into(), true.into());
        if usage {
            body.insert("stream_options".into(), json!({ "include_usage": true }));
        }
    }
    serde_json::to_vec(&body)
}

fn message(message: &Message) -> Value {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    json!({ "role": role, "content": message.content })
}

#[cfg(test)]
mod tests {
    use common::config::subnet::ModelRef;
    use common::id::AttemptId;
    use serde_json::Map;

    use super::*;
    use crate::permit::{Issuer, Seal, WorstCase};

    #[test]
    fn a_compatible_server_gets_only_what_every_server_knows() {
        let form = RequestForm { cap_field: CapField::MaxTokens, fields: Map::new() };

        let body: Value = serde_json::from_slice(&request(&permit(), form, &talk(), Delivery::Plain).unwrap()).unwrap();

        assert_eq!(
            body,
            json!({
                "model": "gpt-6-luna",
                "messages": [
                    { "role": "system", "content": "Be brief." },
                    { "role": "user", "content": "Why?" },
                    { "role": "assistant", "content": "Because." },
                ],
                "max_tokens": 256,
                "n": 1,
            })
        );
    }

    #[test]
    fn fields_of_the_form_are_sent_but_never_replace_what_the_permit_says() {
        let Value::Object(fields) = json!({ "store": false, "max_completion_tokens": 100_000, "n": 5 }) else {
            panic!()
        };
        let form = RequestForm { cap_field: CapField::MaxCompletionTokens, fields };

        let body: Value = serde_json::from_slice(&request(&permit(), form, &talk(), Delivery::Plain).unwrap()).unwrap();

        assert_eq!(body["store"], json!(false));
        assert_eq!(body["max_completion_tokens"], json!(256));
        assert_eq!(body["n"], json!(1));
    }

    #[test]
    fn a_stream_is_asked_for_its_usage_where_it_may_be() {
        let streamed = |usage| {
            let form = RequestForm { cap_field: CapField::MaxTokens, fields: Map::new() };
            let body = request(&permit(), form, &talk(), Delivery::Streamed { usage }).unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            (body["stream"].clone(), body["stream_options"].clone())
        };

        assert_eq!(streamed(true), (json!(true), json!({ "include_usage": true })));
        assert_eq!(streamed(false), (json!(true), json!(null)));
    }

    fn talk() -> [Message; 3] {
        [(Role::System, "Be brief."), (Role::User, "Why?"), (Role::Assistant, "Because.")]
            .map(|(role, content)| Message { role, content: content.into() })
    }

    fn permit() -> Permit {
        let model = ModelRef { vendor: "openai".into(), model: "gpt-6-luna".into() };
        let worst = WorstCase { input_tokens: 1_000, output_tokens: 256 };
        Issuer::new(Seal::default()).permit(AttemptId::new(1, [0; 10]), model, worst)
    }
}
