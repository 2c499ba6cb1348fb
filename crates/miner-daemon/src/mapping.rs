//! Makes a task of a request's fields, as the subnet profile says. Pure: fields come in as a lookup.

mod prompt;
mod task_type;
mod text;

use common::config::subnet::{TaskMapping, TaskTypeRule};
use common::config::template::TemplateError;
use common::id::TaskType;
use common::task::{Message, Role};
use serde_json::Value;

pub(crate) use prompt::PromptRule;

/// Finds a field of a request by its name.
pub(crate) type Fields<'a> = &'a dyn Fn(&str) -> Option<&'a Value>;

/// A profile's mapping, ready to be applied.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    prompt: PromptRule,
    system: Option<String>,
    task_type: TaskTypeRule,
    max_tokens_field: Option<String>,
    answer_field: String,
}

/// What a request says about the task that it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct TaskParts {
    /// The sort of work.
    pub(crate) task_type: TaskType,
    /// The conversation, in order; at least one message.
    pub(crate) messages: Vec<Message>,
    /// The most output tokens the validator wants, where it says so.
    pub(crate) max_tokens: Option<u32>,
}

/// Why a request is no task. Names come from the profile, never from the request, so that the text is safe to send.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Unmappable {
    /// A field that the prompt needs has no value.
    #[error("field {field} has no value")]
    Missing {
        /// The field.
        field: String,
    },
    /// A field that the prompt needs is no list.
    #[error("field {field} is not a list")]
    NotAList {
        /// The field.
        field: String,
    },
    /// Two lists that belong together differ in length.
    #[error("fields {texts} and {roles} have different lengths")]
    UnequalLists {
        /// The field with the texts.
        texts: String,
        /// The field with the roles.
        roles: String,
    },
    /// A message is not an object with a role and a content.
    #[error("message {index} of field {field} lacks {key}")]
    MessageShape {
        /// The field.
        field: String,
        /// Which message, from 0.
        index: usize,
        /// The key that is missing.
        key: String,
    },
    /// A role that neither the profile nor the protocol knows.
    #[error("message {index} of field {field} has an unknown role")]
    UnknownRole {
        /// The field.
        field: String,
        /// Which message, from 0.
        index: usize,
    },
    /// The route serves no requests of this sort.
    #[error("requests of this sort are not served")]
    Unserved,
    /// There is nothing to answer.
    #[error("the prompt is empty")]
    Empty,
}

impl Mapping {
    /// Reads the profile's mapping. That it names fields of the route only is checked with the configuration.
    ///
    /// # Errors
    /// The prompt's template cannot be read.
    pub(crate) fn compile(mapping: &TaskMapping) -> Result<Self, TemplateError> {
        Ok(Self {
            prompt: PromptRule::compile(&mapping.prompt)?,
            system: mapping.system.clone(),
            task_type: mapping.task_type.clone(),
            max_tokens_field: mapping.max_tokens_field.clone(),
            answer_field: mapping.answer.field.clone(),
        })
    }

    /// Reads the task out of a request's fields.
    ///
    /// # Errors
    /// Says what keeps the request from being a task.
    pub(crate) fn apply(&self, fields: Fields<'_>) -> Result<TaskParts, Unmappable> {
        let conversation = self.prompt.apply(fields)?;
        if conversation.iter().all(|message| message.content.trim().is_empty()) {
            return Err(Unmappable::Empty);
        }
        let system = self.system.iter().map(|text| Message { role: Role::System, content: text.clone() });
        Ok(TaskParts {
            task_type: task_type::apply(&self.task_type, fields),
            messages: system.chain(conversation).collect(),
            max_tokens: self.max_tokens_field.as_deref().and_then(fields).and_then(token_cap),
        })
    }

    /// The field that carries the answer.
    pub(crate) fn answer_field(&self) -> &str {
        &self.answer_field
    }
}

/// A cap of nothing, or one that is no number, is none: validators send 0 and -1 for 'as you like'.
pub(crate) fn token_cap(value: &Value) -> Option<u32> {
    let cap = value.as_u64().filter(|&cap| cap > 0)?;
    Some(u32::try_from(cap).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compile(mapping: Value) -> Mapping {
        Mapping::compile(&serde_json::from_value(mapping).unwrap()).unwrap()
    }

    fn apply(mapping: &Mapping, request: &Value) -> Result<TaskParts, Unmappable> {
        mapping.apply(&|name| request.get(name))
    }

    #[test]
    fn a_system_text_stands_before_the_conversation() {
        let mapping = json!({ "prompt": { "field": "q" }, "system": "Be brief", "answer": { "field": "a" } });
        let mapping = compile(mapping);

        let parts = apply(&mapping, &json!({ "q": "Why?" })).unwrap();

        let said: Vec<_> = parts.messages.iter().map(|message| (message.role, message.content.as_str())).collect();
        assert_eq!(said, [(Role::System, "Be brief"), (Role::User, "Why?")]);
        assert_eq!(parts.task_type.as_str(), "text");
        assert_eq!(parts.max_tokens, None);
    }

    #[test]
    fn a_token_cap_is_taken_where_it_makes_sense() {
        let mapping = json!({ "prompt": { "field": "q" }, "max_tokens_field": "n", "answer": { "field": "q" } });
        let mapping = compile(mapping);

        for (sent, expected) in [
            (json!(64), Some(64)),
            (json!(u64::MAX), Some(u32::MAX)),
            (json!(0), None),
            (json!(-1), None),
            (json!(null), None),
            (json!("64"), None),
        ] {
            let parts = apply(&mapping, &json!({ "q": "Why?", "n": sent })).unwrap();

            assert_eq!(parts.max_tokens, expected, "{sent}");
        }
    }

    #[test]
    fn a_prompt_of_white_space_is_refused_whatever_the_system_text() {
        let mapping = json!({ "prompt": { "field": "q" }, "system": "Be brief", "answer": { "field": "q" } });
        let mapping = compile(mapping);

        let parts = apply(&mapping, &json!({ "q": " \n" }));

        assert_eq!(parts, Err(Unmappable::Empty));
    }
}
