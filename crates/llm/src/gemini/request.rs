//! The request's body. The model stands in the path, and whether it streams too.

use common::task::{Message, Role};
use serde_json::{Map, Value, json};

use crate::conversation::split;
use crate::models::RequestForm;
use crate::permit::Permit;

/// Writes the request that `permit` allows.
pub(crate) fn request(permit: &Permit, form: RequestForm, messages: &[Message]) -> serde_json::Result<Vec<u8>> {
    let (system, said) = split(messages);
    let mut body = form.fields;
    let mut config = match body.remove("generationConfig") {
        Some(Value::Object(config)) => config,
        Some(_) | None => Map::new(),
    };
    config.insert("maxOutputTokens".into(), permit.worst().output_tokens.into());
    // Each candidate is billed.
    config.insert("candidateCount".into(), 1.into());
    if let Some(system) = system {
        body.insert("systemInstruction".into(), json!({ "parts": [{ "text": system }] }));
    }
    body.insert("contents".into(), said.into_iter().map(content).collect());
    body.insert("generationConfig".into(), config.into());
    serde_json::to_vec(&body)
}

fn content((role, text): (Role, &str)) -> Value {
    let role = match role {
        Role::System | Role::User => "user",
        Role::Assistant => "model",
    };
    json!({ "role": role, "parts": [{ "text": text }] })
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
        let fields = json!({
            "serviceTier": "standard",
            "generationConfig": { "maxOutputTokens": 9, "thinkingConfig": { "thinkingLevel": "LOW" } },
        });
        let Value::Object(fields) = fields else { panic!() };
        let form = RequestForm { cap_field: CapField::MaxTokens, fields };
        let talk =
            [(Role::System, "Be brief."), (Role::User, "Why?"), (Role::Assistant, "Because."), (Role::User, "So?")]
                .map(|(role, content)| Message { role, content: content.into() });

        let body: Value = serde_json::from_slice(&request(&permit(), form, &talk).unwrap()).unwrap();

        assert_eq!(
            body,
            json!({
                "serviceTier": "standard",
                "systemInstruction": { "parts": [{ "text": "Be brief." }] },
                "contents": [
                    { "role": "user", "parts": [{ "text": "Why?" }] },
                    { "role": "model", "parts": [{ "text": "Because." }] },
                    { "role": "user", "parts": [{ "text": "So?" }] },
                ],
                "generationConfig": {
                    "maxOutputTokens": 256,
                    "thinkingConfig": { "thinkingLevel": "LOW" },
                    "candidateCount": 1,
                },
            })
        );
    }

    fn permit() -> Permit {
        let model = ModelRef { vendor: "gemini".into(), model: "gemini-4-argon".into() };
        let worst = WorstCase { input_tokens: 1_000, output_tokens: 256 };
        Issuer::new(Seal::default()).permit(AttemptId::new(1, [0; 10]), model, worst)
    }
}
