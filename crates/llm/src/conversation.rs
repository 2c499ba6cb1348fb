//! A conversation for protocols that keep instructions apart from it.

use common::task::{Message, Role};

/// Returns the instructions as one text, and what is said below them. Instructions alone are taken for what the user says: no
/// vendor answers a conversation of nothing.
pub(crate) fn split(messages: &[Message]) -> (Option<String>, Vec<(Role, &str)>) {
    let of_system = |message: &&Message| message.role == Role::System;
    let system: Vec<_> = messages.iter().filter(of_system).map(|message| message.content.as_str()).collect();
    let said: Vec<_> =
        messages.iter().filter(|m| !of_system(m)).map(|message| (message.role, message.content.as_str())).collect();
    if said.is_empty() {
        return (None, system.into_iter().map(|text| (Role::User, text)).collect());
    }
    ((!system.is_empty()).then(|| system.join("\n\n")), said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_stand_apart() {
        let messages = [(Role::System, "Be brief."), (Role::User, "Why?"), (Role::System, "Be kind.")].map(message);

        assert_eq!(split(&messages), (Some("Be brief.\n\nBe kind.".into()), vec![(Role::User, "Why?")]));
        assert_eq!(split(&messages[1..2]), (None, vec![(Role::User, "Why?")]));
    }

    #[test]
    fn instructions_alone_are_asked() {
        assert_eq!(split(&[message((Role::System, "Say hi."))]), (None, vec![(Role::User, "Say hi.")]));
    }

    fn message((role, content): (Role, &str)) -> Message {
        Message { role, content: content.into() }
    }
}
