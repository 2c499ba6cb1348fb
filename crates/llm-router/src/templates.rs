//! The instructions that strategies add, rendered from the shipped templates.
//!
//! They are rendered when a strategy is put together, from the profile alone. What a validator says never comes near the
//! template engine.

use common::config::subnet::AnswerForm;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

/// A shipped template is wrong.
#[derive(Debug, thiserror::Error)]
#[error("the shipped template {name} cannot be rendered")]
pub struct TemplateError {
    name: &'static str,
    source: minijinja::Error,
}

/// Instructions for one form of answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Instructions {
    pub(crate) exact_format: String,
    pub(crate) few_shot: String,
    pub(crate) step_by_step: String,
    pub(crate) critic_request: String,
    pub(crate) repair_request: String,
}

impl Instructions {
    /// Renders what a strategy says where answers have this form and there are so many examples.
    pub(crate) fn render(form: AnswerForm, examples: usize) -> Result<Self, TemplateError> {
        let mut engine = Environment::new();
        engine.set_auto_escape_callback(|_| AutoEscape::None);
        engine.set_undefined_behavior(UndefinedBehavior::Strict);
        let form = match form {
            AnswerForm::Text => "text",
            AnswerForm::Json => "json",
            AnswerForm::Integer => "integer",
        };
        let render = |name, template| {
            let text = engine.render_named_str(name, template, context! { form, examples });
            text.map(|text| text.trim().to_owned()).map_err(|source| TemplateError { name, source })
        };
        Ok(Self {
            exact_format: render("exact_format", include_str!("../templates/exact_format.j2"))?,
            few_shot: render("few_shot", include_str!("../templates/few_shot.j2"))?,
            step_by_step: render("step_by_step", include_str!("../templates/step_by_step.j2"))?,
            critic_request: render("critic_request", include_str!("../templates/critic_request.j2"))?,
            repair_request: render("repair_request", include_str!("../templates/repair_request.j2"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_has_its_own_words() {
        let [text, json, integer] = [AnswerForm::Text, AnswerForm::Json, AnswerForm::Integer]
            .map(|form| Instructions::render(form, 2).unwrap());

        assert_eq!(integer.exact_format, "Answer with one integer in digits, and nothing else.");
        assert!(text.few_shot.starts_with("Answer in the manner of the 2 examples before the question: the same form"));
        assert!(json.repair_request.contains("because it is not one valid JSON value. Give the same answer again as"));
        for (one, other) in [(&text, &json), (&json, &integer), (&text, &integer)] {
            assert_ne!(one.exact_format, other.exact_format);
            assert_ne!(one.few_shot, other.few_shot);
            assert_ne!(one.step_by_step, other.step_by_step);
            assert_ne!(one.critic_request, other.critic_request);
            assert_ne!(one.repair_request, other.repair_request);
        }
    }

    #[test]
    fn one_example_is_one() {
        let one = Instructions::render(AnswerForm::Text, 1).unwrap();

        assert!(one.few_shot.starts_with("Answer in the manner of the 1 example before the question"));
    }
}
