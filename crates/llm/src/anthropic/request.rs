//! The request's body.

use common::task::{Message, Role};
use serde_json::{Value, json};

use crate::conversation::split;
use crate::models::RequestForm;
use crate::permit::Permit;

/// Writes the request that `permit` allows. There are no sampling parameters: the API refuses them even at their defaults.
pub(crate) fn request(
    permit: &Permit,
    form: RequestForm,
    messages: &[Message],
    streamed: bool,
) -> serde_json::Result<Vec<u8>> {
    let (system, said) = split(messages);
    let mut body = form.fields;
    body.insert("model".into(), permit.model().model.as_str().into());
    body.insert("max_tokens".into(), permit.worst().output_tokens.into());
    if let Some(system) = system {
        body.insert("system".into(), system.into());
    }
    body.insert("messages".into(), said.into_iter().map(message).collect());
    if streamed {
        body.insert("stream".into(), true.into());
    }
    serde_json::to_vec(&body)
}

fn message((role, content): (Role, &str)) -> Value {
    let role = match role {
        Role::System | Role::User => "user",
        Role::Assistant => "assistant",
    };
    json!({ "role": role, "content": content })
}

#[cfg(test)]
mod tests {
    use common::config::miner::CapField;
    use common::config::subnet::ModelRef;
    use common::id::AttemptId;

    use super::*;
    use crate::permit::{Issuer, Seal, WorstCase};

    #[test]
    fn the_permit_has_the_last_word() {
        let Value::Object(fields) = json!({ "service_tier": "standard_only", "max_tokens": 9, "model": "dear" }) else {
            panic!()
        };
        let form = RequestForm { cap_field: CapField::MaxTokens, fields };
        let talk =
            [(Role::System, "Be brief."), (Role::User, "Why?"), (Role::Assistant, "Because."), (Role::User, "So?")]
                .map(|(role, content)| Message { role, content: content.into() });

        let body: Value = serde_json::from_slice(&request(&permit(), form, &talk, true).unwrap()).unwrap();

        assert_eq!(
            body,
            json!({
                "service_tier": "standard_only",
                "model": "claude-haiku-5-5",
                "max_tokens": 256,
                "system": "Be brief.",
                "messages": [
                    { "role": "user", "content": "Why?" },
                    { "role": "assistant", "content": "Because." },
                    { "role": "user", "content": "So?" },
                ],
                "stream": true,
            })
        );
    }

    fn permit() -> Permit {
        let model = ModelRef { vendor: "anthropic".into(), model: "claude-haiku-5-5".into() };
        let worst = WorstCase { input_tokens: 1_000, output_tokens: 256 };
        Issuer::new(Seal::default()).permit(AttemptId::new(1, [0; 10]), model, worst)
    }
}
