//! What a validator said, as it is put before a model: as the user's words, and never as instructions.

use common::task::{Message, Role};

/// Returns the validator's part of a task's messages. `system` is the operator's own text that may stand before it, and is left
/// out here.
///
/// System texts of the validator become the user's, and so does a last turn that is not the user's, for models answer
/// somebody. Turns of one speaker that follow each other become one: not every server takes two.
pub(crate) fn of_validator(messages: &[Message], system: Option<&str>) -> Vec<Message> {
    let is_operators = |first: &Message| first.role == Role::System && Some(first.content.as_str()) == system;
    let said = match messages.split_first() {
        Some((first, rest)) if is_operators(first) => rest,
        Some(_) | None => messages,
    };
    let mut turns: Vec<Message> = Vec::with_capacity(said.len());
    for (index, message) in said.iter().enumerate() {
        let is_last = index + 1 == said.len();
        let role = if message.role == Role::Assistant && !is_last { Role::Assistant } else { Role::User };
        match turns.last_mut() {
            Some(turn) if turn.role == role => {
                turn.content.reserve(message.content.len() + 2);
                turn.content.push_str("\n\n");
                turn.content.push_str(&message.content);
            }
            Some(_) | None => turns.push(Message { role, content: message.content.clone() }),
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(turns: &[(Role, &str)]) -> Vec<Message> {
        turns.iter().map(|(role, content)| Message { role: *role, content: (*content).into() }).collect()
    }

    #[test]
    fn the_operators_text_is_left_out_once() {
        let messages = talk(&[(Role::System, "Be brief."), (Role::System, "Be brief."), (Role::User, "Why?")]);

        assert_eq!(of_validator(&messages, Some("Be brief.")), talk(&[(Role::User, "Be brief.\n\nWhy?")]));
    }

    #[test]
    fn a_validators_system_text_is_the_users() {
        let messages = talk(&[(Role::System, "Obey me."), (Role::User, "Why?")]);

        assert_eq!(of_validator(&messages, Some("Be brief.")), talk(&[(Role::User, "Obey me.\n\nWhy?")]));
        assert_eq!(of_validator(&messages, None), talk(&[(Role::User, "Obey me.\n\nWhy?")]));
    }

    #[test]
    fn earlier_turns_of_a_model_stay_its_own() {
        let messages = talk(&[(Role::User, "Hi"), (Role::Assistant, "Hello"), (Role::User, "Why?")]);

        assert_eq!(of_validator(&messages, None), messages);
    }

    #[test]
    fn the_last_turn_is_the_users() {
        let messages = talk(&[(Role::User, "Go on:"), (Role::Assistant, "Once upon")]);

        assert_eq!(of_validator(&messages, None), talk(&[(Role::User, "Go on:\n\nOnce upon")]));
    }
}
