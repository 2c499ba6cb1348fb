//! The mapping of a profile as an adapter: one field carries the answer.

use common::config::subnet::TaskMapping;
use common::config::template::TemplateError;
use jsonschema::Validator;
use serde_json::Value;

use super::{Adapter, Misfit, ModelAnswer, is_empty};
use crate::mapping::{Fields, Mapping, TaskParts, Unmappable};

/// A profile's mapping and the schema of its answers.
#[derive(Debug)]
pub(crate) struct Mapped {
    mapping: Mapping,
    schema: Option<Validator>,
}

/// A mapping that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MappedError {
    /// The prompt's template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The answer's schema is none.
    #[error("is no JSON Schema: {0}")]
    Schema(String),
}

impl MappedError {
    /// Returns the key below `action` that is wrong.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Template(_) => "task.prompt.template",
            Self::Schema(_) => "task.answer.schema",
        }
    }
}

impl Mapped {
    /// Reads the profile's mapping.
    ///
    /// # Errors
    /// The template or the schema cannot be read.
    pub(crate) fn compile(mapping: &TaskMapping) -> Result<Self, MappedError> {
        let compile =
            |schema| jsonschema::validator_for(schema).map_err(|error| MappedError::Schema(error.to_string()));
        let schema = mapping.answer.schema.as_ref().map(compile).transpose()?;
        Ok(Self { mapping: Mapping::compile(mapping)?, schema })
    }
}

impl Adapter for Mapped {
    fn task(&self, fields: Fields<'_>) -> Result<TaskParts, Unmappable> {
        self.mapping.apply(fields)
    }

    fn answer(&self, _: Fields<'_>, answer: ModelAnswer) -> Result<Vec<(String, Value)>, Misfit> {
        if is_empty(&answer.value) {
            return Err(Misfit::Empty);
        }
        if let Some(error) = self.schema.as_ref().and_then(|schema| schema.iter_errors(&answer.value).next()) {
            return Err(Misfit::Schema { path: error.instance_path().as_str().to_owned() });
        }
        Ok(vec![(self.mapping.answer_field().to_owned(), answer.value)])
    }
}

#[cfg(test)]
mod tests {
    use common::id::TaskId;
    use common::usage::TokenUsage;
    use serde_json::json;

    use super::*;

    fn compile(answer: &Value) -> Result<Mapped, MappedError> {
        Mapped::compile(&serde_json::from_value(json!({ "prompt": { "field": "q" }, "answer": answer })).unwrap())
    }

    fn answer(mapped: &Mapped, value: Value) -> Result<Vec<(String, Value)>, Misfit> {
        let answer = ModelAnswer { task: TaskId::new(1, [0; 10]), unix_ms: 1, value, usage: TokenUsage::default() };
        mapped.answer(&|_| None, answer)
    }

    #[test]
    fn an_answer_leaves_only_if_it_fits_the_schema() {
        let schema = json!({ "type": "object", "required": ["tags"], "properties": { "tags": { "type": "array" } } });
        let mapped = compile(&json!({ "field": "a", "as": "json", "schema": schema })).unwrap();

        let fits = answer(&mapped, json!({ "tags": ["x"] }));
        let misfits = [json!({}), json!({ "tags": "x" }), json!([1])].map(|value| answer(&mapped, value));

        assert_eq!(fits, Ok(vec![("a".to_owned(), json!({ "tags": ["x"] }))]));
        assert_eq!(misfits[0], Err(Misfit::Empty));
        assert_eq!(misfits[1], Err(Misfit::Schema { path: "/tags".into() }));
        assert!(misfits[2].is_err());
    }

    #[test]
    fn nothing_is_no_answer() {
        let mapped = compile(&json!({ "field": "a" })).unwrap();

        for nothing in [json!(null), json!(" \n"), json!([]), json!({})] {
            assert_eq!(answer(&mapped, nothing), Err(Misfit::Empty));
        }
        assert!(answer(&mapped, json!(0)).is_ok());
    }

    #[test]
    fn a_schema_that_is_none_is_named() {
        let error = compile(&json!({ "field": "a", "schema": { "type": "text" } })).unwrap_err();

        assert_eq!(error.key(), "task.answer.schema");
    }
}
