//! Sorts of tasks that models differ in.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a task asks for, as far as its text tells. Unlike a profile's task type it is found out, not configured.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskClass {
    /// Programs: write, explain, mend.
    Code,
    /// A number is to be found.
    Math,
    /// Conclusions are to be drawn.
    Logic,
    /// One of given options is to be named.
    MultipleChoice,
    /// From one language into another.
    Translation,
    /// A text is to be made shorter.
    Summary,
    /// Data are to be put into a form, such as JSON.
    Structured,
    /// A fact is asked for, or an explanation.
    Question,
    /// A story, a poem, a slogan.
    Creative,
    /// A text is to be said another way.
    Rewrite,
    /// A text is to be given one of several labels.
    Labelling,
    /// Talk and advice.
    Chat,
    /// None of these for sure.
    Unknown,
}

impl TaskClass {
    /// Every class.
    pub const ALL: [Self; 13] = [
        Self::Code,
        Self::Math,
        Self::Logic,
        Self::MultipleChoice,
        Self::Translation,
        Self::Summary,
        Self::Structured,
        Self::Question,
        Self::Creative,
        Self::Rewrite,
        Self::Labelling,
        Self::Chat,
        Self::Unknown,
    ];

    /// Returns the class's name as it stands in records and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Math => "math",
            Self::Logic => "logic",
            Self::MultipleChoice => "multiple_choice",
            Self::Translation => "translation",
            Self::Summary => "summary",
            Self::Structured => "structured",
            Self::Question => "question",
            Self::Creative => "creative",
            Self::Rewrite => "rewrite",
            Self::Labelling => "labelling",
            Self::Chat => "chat",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for TaskClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_written_by_its_name() {
        for class in TaskClass::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.name());
        }
    }
}
