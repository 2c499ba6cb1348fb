//! The synapses that the simulated validators send: their fields, what of them is signed, where the answer stands.

use std::time::Duration;

use http::Uri;
use serde_json::{Map, Value, json};
use sha3::{Digest, Sha3_256};

use super::python;

/// What a validator asks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Query {
    /// `PromptingSynapse`, as subnet 1 declared it.
    Prompting {
        /// Who speaks each message.
        roles: Vec<String>,
        /// The messages; the signature covers them.
        messages: Vec<String>,
    },
    /// `LogicSynapse`, as subnet 35 declares it, with fewer fields.
    Logic {
        /// The question.
        question: String,
        /// The sort of question.
        category: String,
    },
}

impl Query {
    /// Returns the class's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Prompting { .. } => "PromptingSynapse",
            Self::Logic { .. } => "LogicSynapse",
        }
    }

    pub(super) fn path(&self) -> Uri {
        match self {
            Self::Prompting { .. } => Uri::from_static("/PromptingSynapse"),
            Self::Logic { .. } => Uri::from_static("/LogicSynapse"),
        }
    }

    /// Returns the hash that stands in the signed message: over each hashed field's `str()`.
    pub(super) fn body_hash(&self) -> String {
        let hashed = match self {
            Self::Prompting { messages, .. } => sha3_hex(&python::str_of_list(messages)),
            Self::Logic { .. } => String::new(),
        };
        sha3_hex(&hashed)
    }

    /// Returns the fields that have no default, each with an empty value of its type.
    pub(super) fn required(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Prompting { .. } => &[("roles", "[]"), ("messages", "[]")],
            Self::Logic { .. } => &[],
        }
    }

    /// Returns the fields of the class's own, in its order.
    pub(super) fn fields(&self) -> Map<String, Value> {
        let fields = match self {
            Self::Prompting { roles, messages } => vec![
                ("required_hash_fields", json!(["messages"])),
                ("roles", json!(roles)),
                ("messages", json!(messages)),
                ("completion", json!("")),
            ],
            Self::Logic { question, category } => vec![
                ("logic_question", json!(question)),
                ("logic_answer", json!("")),
                ("logic_reasoning", json!("")),
                ("category", json!(category)),
            ],
        };
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Returns the timeout as the class's `timeout` field holds it: a float, or an integer where it is redeclared.
    pub(super) fn timeout(&self, timeout: Duration) -> Value {
        match self {
            Self::Prompting { .. } => json!(timeout.as_secs_f64()),
            Self::Logic { .. } => json!(whole_seconds(timeout)),
        }
    }

    /// Returns the timeout as it stands in the header.
    pub(super) fn timeout_header(&self, timeout: Duration) -> String {
        match self {
            Self::Prompting { .. } => python::seconds(timeout),
            Self::Logic { .. } => whole_seconds(timeout).to_string(),
        }
    }

    /// Returns the field with the answer.
    pub(super) fn answer_field(&self) -> &'static str {
        match self {
            Self::Prompting { .. } => "completion",
            Self::Logic { .. } => "logic_answer",
        }
    }
}

/// At least one: a timeout of 0 would be none.
fn whole_seconds(timeout: Duration) -> u64 {
    timeout.as_secs().max(1)
}

fn sha3_hex(text: &str) -> String {
    hex::encode(Sha3_256::digest(text))
}
