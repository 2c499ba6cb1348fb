//! How models are told how much to think, and whether they take a temperature.

use common::config::miner::Effort;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// How a model is told how much to think.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thinking {
    /// The field that says it.
    pub(crate) control: Control,
    /// What the model accepts, least first.
    pub(crate) efforts: Vec<Effort>,
}

/// The field that says how much to think.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Control {
    /// OpenAI's `reasoning_effort`.
    ReasoningEffort,
    /// Anthropic's `output_config.effort`; thinking can be switched off.
    AdaptiveOrDisabled,
    /// The same, but thinking goes off before the answer only.
    AdaptiveOrBetweenTools,
    /// Gemini's `thinkingLevel`.
    ThinkingLevel,
    /// Gemini's `thinkingBudget`, in tokens.
    ThinkingBudget,
}

/// Whether a model takes a temperature.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sampling {
    /// Never: it refuses or ignores it.
    #[default]
    None,
    /// Only while it is told not to think.
    OnlyEffortNone,
    /// Always.
    Full,
}

impl Thinking {
    /// Returns the level that is sent for `asked`: the highest one that is not above it, else the lowest of all. A model that
    /// is never to think more than asked costs no more than asked.
    pub(crate) fn level(&self, asked: Effort) -> Option<Effort> {
        let below = self.efforts.iter().filter(|level| **level <= asked).max();
        below.or(self.efforts.iter().min()).copied()
    }
}

impl Control {
    /// Returns the fields that say `level`; `cap` is the output cap, which thinking is part of.
    pub(crate) fn fields(self, level: Effort, cap: u32) -> Map<String, Value> {
        let fields = match (self, level) {
            (Self::ReasoningEffort, level) => json!({ "reasoning_effort": level.name() }),
            (Self::AdaptiveOrDisabled, Effort::None) => json!({ "thinking": { "type": "disabled" } }),
            (Self::AdaptiveOrBetweenTools, Effort::None) => json!({ "thinking": { "type": "between_tools" } }),
            (Self::AdaptiveOrDisabled | Self::AdaptiveOrBetweenTools, level) => {
                json!({ "thinking": { "type": "adaptive" }, "output_config": { "effort": level.name() } })
            }
            (Self::ThinkingLevel, level) => thinking_config("thinkingLevel", &level.name().to_uppercase().into()),
            (Self::ThinkingBudget, level) => thinking_config("thinkingBudget", &budget(level).min(cap / 2).into()),
        };
        match fields {
            Value::Object(fields) => fields,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
        }
    }
}

fn thinking_config(field: &str, value: &Value) -> Value {
    json!({ "generationConfig": { "thinkingConfig": { field: value } } })
}

/// Tokens to think with; at least half of the cap is left for the answer.
fn budget(level: Effort) -> u32 {
    match level {
        Effort::None => 0,
        Effort::Minimal => 512,
        Effort::Low => 1_024,
        Effort::Medium => 4_096,
        Effort::High => 8_192,
        Effort::Xhigh => 16_384,
        Effort::Max => 24_576,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_thinks_no_more_than_asked_if_it_can() {
        let levels = |efforts: &[Effort]| Thinking { control: Control::ReasoningEffort, efforts: efforts.to_vec() };
        let six = levels(&[Effort::None, Effort::Low, Effort::High]);
        let always = levels(&[Effort::Low, Effort::High]);

        assert_eq!(six.level(Effort::Minimal), Some(Effort::None));
        assert_eq!(six.level(Effort::Medium), Some(Effort::Low));
        assert_eq!(six.level(Effort::Max), Some(Effort::High));
        assert_eq!(always.level(Effort::None), Some(Effort::Low));
        assert_eq!(levels(&[]).level(Effort::Low), None);
    }

    #[test]
    fn each_vendor_is_told_in_its_own_field() {
        let said = |control: Control, level| Value::Object(control.fields(level, 1_000));

        assert_eq!(said(Control::ReasoningEffort, Effort::None), json!({ "reasoning_effort": "none" }));
        assert_eq!(said(Control::AdaptiveOrDisabled, Effort::None), json!({ "thinking": { "type": "disabled" } }));
        assert_eq!(
            said(Control::AdaptiveOrBetweenTools, Effort::None),
            json!({ "thinking": { "type": "between_tools" } })
        );
        assert_eq!(
            said(Control::AdaptiveOrDisabled, Effort::Xhigh),
            json!({ "thinking": { "type": "adaptive" }, "output_config": { "effort": "xhigh" } })
        );
        assert_eq!(
            said(Control::ThinkingLevel, Effort::Low),
            json!({ "generationConfig": { "thinkingConfig": { "thinkingLevel": "LOW" } } })
        );
    }

    #[test]
    fn a_thinking_budget_leaves_half_of_the_cap() {
        for (level, cap, tokens) in
            [(Effort::None, 1_000, 0), (Effort::High, 1_000, 500), (Effort::High, 64_000, 8_192)]
        {
            let fields = Control::ThinkingBudget.fields(level, cap);

            assert_eq!(fields["generationConfig"]["thinkingConfig"]["thinkingBudget"], tokens, "{level:?} {cap}");
        }
    }
}
