//! Finds the conversation in a request: one field, a template, two lists or a chat.

use std::collections::BTreeMap;

use common::config::subnet::Prompt;
use common::config::template::{Piece, Template, TemplateError};
use common::task::{Message, Role};
use serde_json::Value;

use super::{Fields, Unmappable, text};

/// A profile's `prompt`, with its template read.
#[derive(Clone, Debug)]
pub(crate) enum PromptRule {
    /// One field is the user's message.
    Field(String),
    /// A text around fields is the user's message.
    Template(Template),
    /// Two lists: the texts and who speaks them.
    Lists { texts: String, roles: Option<String> },
    /// A list of objects.
    Chat { messages: String, role: String, content: String, roles: BTreeMap<String, Role> },
}

impl PromptRule {
    /// Reads the template, if there is one.
    pub(super) fn compile(prompt: &Prompt) -> Result<Self, TemplateError> {
        Ok(match prompt.clone() {
            Prompt::Field(field) => Self::Field(field),
            Prompt::Template(text) => Self::Template(Template::parse(&text)?),
            Prompt::Lists { texts, roles } => Self::Lists { texts, roles },
            Prompt::Chat { messages, role, content, roles } => Self::Chat { messages, role, content, roles },
        })
    }

    /// The conversation of OpenAI's chat completions.
    pub(crate) fn openai_chat() -> Self {
        Self::Chat {
            messages: "messages".into(),
            role: "role".into(),
            content: "content".into(),
            roles: [("developer".into(), Role::System)].into(),
        }
    }

    /// Reads the conversation out of a request's fields.
    pub(crate) fn apply(&self, fields: Fields<'_>) -> Result<Vec<Message>, Unmappable> {
        match self {
            Self::Field(field) => Ok(vec![user(text::text_or_json(value(fields, field)?))]),
            Self::Template(template) => Ok(vec![user(fill(template, fields)?)]),
            Self::Lists { texts, roles } => lists(fields, texts, roles.as_deref()),
            Self::Chat { messages, role, content, roles } => chat(fields, messages, role, content, roles),
        }
    }
}

fn fill(template: &Template, fields: Fields<'_>) -> Result<String, Unmappable> {
    let mut filled = String::new();
    for piece in template.pieces() {
        match piece {
            Piece::Text(literal) => filled.push_str(literal),
            Piece::Field(field) => filled.push_str(&text::text_or_json(value(fields, field)?)),
        }
    }
    Ok(filled)
}

fn lists(fields: Fields<'_>, texts: &str, roles: Option<&str>) -> Result<Vec<Message>, Unmappable> {
    let contents = list(fields, texts)?.iter().map(text::content);
    let Some(roles) = roles else {
        return Ok(contents.map(user).collect());
    };
    let speakers = list(fields, roles)?;
    if speakers.len() != contents.len() {
        return Err(Unmappable::UnequalLists { texts: texts.to_owned(), roles: roles.to_owned() });
    }
    let messages = speakers.iter().zip(contents).enumerate().map(|(index, (speaker, content))| {
        let role = speaker.as_str().and_then(plain_role);
        let role = role.ok_or_else(|| Unmappable::UnknownRole { field: roles.to_owned(), index })?;
        Ok(Message { role, content })
    });
    messages.collect()
}

fn chat(
    fields: Fields<'_>,
    messages: &str,
    role_key: &str,
    content_key: &str,
    roles: &BTreeMap<String, Role>,
) -> Result<Vec<Message>, Unmappable> {
    let lacks = |index, key: &str| Unmappable::MessageShape { field: messages.to_owned(), index, key: key.to_owned() };
    let mut conversation = Vec::new();
    for (index, message) in list(fields, messages)?.iter().enumerate() {
        let name = message.get(role_key).and_then(Value::as_str).ok_or_else(|| lacks(index, role_key))?;
        let role = roles.get(name).copied().or_else(|| plain_role(name));
        let role = role.ok_or_else(|| Unmappable::UnknownRole { field: messages.to_owned(), index })?;
        match message.get(content_key) {
            None => return Err(lacks(index, content_key)),
            // OpenAI's form of a turn that says nothing, such as one that only calls a tool.
            Some(Value::Null) => {}
            Some(content) => conversation.push(Message { role, content: text::content(content) }),
        }
    }
    Ok(conversation)
}

fn plain_role(name: &str) -> Option<Role> {
    [("system", Role::System), ("user", Role::User), ("assistant", Role::Assistant)]
        .into_iter()
        .find_map(|(known, role)| known.eq_ignore_ascii_case(name).then_some(role))
}

fn user(content: String) -> Message {
    Message { role: Role::User, content }
}

fn value<'a>(fields: Fields<'a>, field: &str) -> Result<&'a Value, Unmappable> {
    fields(field).filter(|value| !value.is_null()).ok_or_else(|| Unmappable::Missing { field: field.to_owned() })
}

fn list<'a>(fields: Fields<'a>, field: &str) -> Result<&'a Vec<Value>, Unmappable> {
    value(fields, field)?.as_array().ok_or_else(|| Unmappable::NotAList { field: field.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn apply(prompt: Value, request: &Value) -> Result<Vec<(Role, String)>, Unmappable> {
        let rule = PromptRule::compile(&serde_json::from_value(prompt).unwrap()).unwrap();
        let messages = rule.apply(&|name| request.get(name))?;
        Ok(messages.into_iter().map(|message| (message.role, message.content)).collect())
    }

    fn user(text: &str) -> (Role, String) {
        (Role::User, text.into())
    }

    #[test]
    fn one_field_is_the_users_message() {
        let said = apply(json!({ "field": "q" }), &json!({ "q": "Why?" }));

        assert_eq!(said, Ok(vec![user("Why?")]));
    }

    #[test]
    fn a_field_without_a_value_is_refused() {
        for request in [json!({}), json!({ "q": null })] {
            let said = apply(json!({ "field": "q" }), &request);

            assert_eq!(said, Err(Unmappable::Missing { field: "q".into() }), "{request}");
        }
    }

    #[test]
    fn a_template_is_filled_and_what_fills_it_is_not_read_again() {
        let request = json!({ "task": "{code}", "code": ["a", 1] });

        let said = apply(json!({ "template": "{{{task}}}: {code}" }), &request);

        assert_eq!(said, Ok(vec![user(r#"{{code}}: ["a",1]"#)]));
    }

    #[test]
    fn two_lists_are_zipped() {
        let prompt = json!({ "lists": { "texts": "messages", "roles": "roles" } });
        let request = json!({ "messages": ["Be kind", "Hello", "Hi"], "roles": ["system", "User", "assistant"] });

        let said = apply(prompt, &request).unwrap();

        let roles: Vec<_> = said.iter().map(|(role, _)| *role).collect();
        assert_eq!(roles, [Role::System, Role::User, Role::Assistant]);
        assert_eq!(said[1].1, "Hello");
    }

    #[test]
    fn lists_of_different_lengths_are_refused() {
        let prompt = json!({ "lists": { "texts": "messages", "roles": "roles" } });
        let request = json!({ "messages": ["a", "b"], "roles": ["user"] });

        let said = apply(prompt, &request);

        assert_eq!(said, Err(Unmappable::UnequalLists { texts: "messages".into(), roles: "roles".into() }));
    }

    #[test]
    fn texts_without_roles_are_the_users() {
        let said = apply(json!({ "lists": { "texts": "texts" } }), &json!({ "texts": ["a", 2] }));

        assert_eq!(said, Ok(vec![user("a"), user("2")]));
    }

    #[test]
    fn a_chat_uses_the_profiles_keys_and_role_names() {
        let prompt = json!({ "chat": {
            "messages": "turns", "role": "who", "content": "says", "roles": { "bot": "assistant" }
        } });
        let request = json!({ "turns": [
            { "who": "user", "says": [{ "type": "text", "text": "Hello" }] },
            { "who": "bot", "says": "Hi" },
            { "who": "bot", "says": null },
        ] });

        let said = apply(prompt, &request);

        assert_eq!(said, Ok(vec![user("Hello"), (Role::Assistant, "Hi".into())]));
    }

    #[test]
    fn messages_of_another_shape_are_refused_by_their_place() {
        let field = || "m".to_owned();
        for (messages, error) in [
            (json!("text"), Unmappable::NotAList { field: field() }),
            (json!(["text"]), Unmappable::MessageShape { field: field(), index: 0, key: "role".into() }),
            (json!([{ "role": "user" }]), Unmappable::MessageShape { field: field(), index: 0, key: "content".into() }),
            (json!([{ "role": "tool", "content": "x" }]), Unmappable::UnknownRole { field: field(), index: 0 }),
        ] {
            let said = apply(json!({ "chat": { "messages": "m" } }), &json!({ "m": messages }));

            assert_eq!(said, Err(error));
        }
    }
}
