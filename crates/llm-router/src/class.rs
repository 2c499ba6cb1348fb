//! What a task asks for: hard signals first, then a small linear model over hashed words.

mod features;
mod model;
mod rules;

use common::strategy::TaskClass;
use common::task::{Message, Role};

pub use features::{BUCKETS, Features};
pub use model::{CLASSES, Model, ModelError};

/// Under this the class is unknown.
pub const LEAST_CONFIDENCE: f32 = 0.22;

/// What a task asks for, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Classified {
    /// The class; unknown where the confidence is under [`LEAST_CONFIDENCE`].
    pub class: TaskClass,
    /// How sure it is, from 0 to 1: a rule's own, or what the model gives to the likeliest class.
    pub confidence: f32,
}

/// Says what the last thing that was said by the user asks for. System texts count where the user says nothing.
#[must_use]
pub fn classify(messages: &[Message]) -> Classified {
    let of_user = messages.iter().rev().find(|message| message.role == Role::User);
    let text = of_user.or(messages.last()).map_or("", |message| message.content.as_str());
    classify_text(text)
}

/// Says what a text asks for.
#[must_use]
pub fn classify_text(text: &str) -> Classified {
    if let Some((class, confidence)) = rules::find(text) {
        return Classified { class, confidence };
    }
    let (class, confidence) = Model::shipped().classify(&Features::of(text));
    if confidence < LEAST_CONFIDENCE {
        return Classified { class: TaskClass::Unknown, confidence };
    }
    Classified { class, confidence }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(role: Role, content: &str) -> Message {
        Message { role, content: content.into() }
    }

    #[test]
    fn the_last_words_of_the_user_count() {
        let messages = [
            message(Role::System, "Translate everything."),
            message(Role::User, "Translate this sentence into French: Hello."),
            message(Role::Assistant, "Bonjour."),
            message(Role::User, "What is 17 * 23 + 4?"),
        ];

        assert_eq!(classify(&messages).class, TaskClass::Math);
    }

    #[test]
    fn nothing_and_signs_without_words_are_unknown() {
        for text in ["", " \n", "\u{0}\u{1}\u{2}", "🙂🙂🙂"] {
            let found = classify_text(text);

            assert_eq!(found.class, TaskClass::Unknown, "{text:?} {found:?}");
        }
        assert_eq!(classify(&[]).class, TaskClass::Unknown);
    }
}
