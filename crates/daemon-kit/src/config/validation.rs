//! Checks a document against its schema and says in plain words what is wrong. Pure.

mod choice;
mod words;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use super::error::Problem;
use super::key_path::KeyPath;
use super::nearest::nearest;

/// One thing that is wrong, with its key.
pub(super) type Finding = (String, Problem);

/// What a document is checked with.
struct Check<'a> {
    schema: &'a Value,
    document: &'a Value,
    findings: Vec<Finding>,
}

/// Returns everything in which the document does not fit the schema, by key.
pub(super) fn validate(schema: &Value, document: &Value) -> Vec<Finding> {
    let validator = jsonschema::options()
        .with_format("python-type", words::is_python_type)
        .with_format("socket-address", words::is_socket_address)
        .should_validate_formats(true)
        .build(schema);
    let validator = match validator {
        Ok(validator) => validator,
        Err(error) => return vec![(String::new(), Problem::Value(format!("the schema cannot be used: {error}")))],
    };
    let mut check = Check { schema, document, findings: Vec::new() };
    for error in validator.iter_errors(document) {
        check.explain(&error);
    }
    let mut findings = without_consequences(check.findings);
    findings.sort_by(|(one, _), (other, _)| one.cmp(other));
    findings
}

impl Check<'_> {
    fn explain(&mut self, error: &ValidationError<'_>) {
        let path = KeyPath::of_pointer(self.document, error.instance_path().as_str());
        #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is not exhaustive")]
        match error.kind() {
            Kind::AdditionalProperties { unexpected } => {
                for key in unexpected {
                    let problem = self.unknown_key(error, key);
                    self.add(path.clone().key(key), problem);
                }
            }
            Kind::Required { property } => {
                self.add(path.key(property.as_str().unwrap_or_default()), Problem::MissingKey);
            }
            Kind::OneOfNotValid { context } | Kind::AnyOf { context } => self.explain_choice(error, context),
            _ => {
                let description = self.described(error);
                self.add(path, Problem::Value(words::of(error, description)));
            }
        }
    }

    fn unknown_key(&self, error: &ValidationError<'_>, key: &str) -> Problem {
        let object = self.around(error);
        let numbered = object.and_then(|object| object.get("patternProperties")).is_some();
        if numbered {
            return Problem::Value("the key must be a number, such as 1".into());
        }
        let known = object.and_then(|object| object.get("properties")).and_then(Value::as_object);
        let known = known.into_iter().flat_map(|known| known.keys().map(String::as_str));
        Problem::UnknownKey { nearest: nearest(key, known).map(str::to_owned) }
    }

    /// The schema that the failed keyword stands in.
    fn around(&self, error: &ValidationError<'_>) -> Option<&Value> {
        let (around, _) = error.schema_path().as_str().rsplit_once('/')?;
        self.schema.pointer(around)
    }

    fn described(&self, error: &ValidationError<'_>) -> Option<&str> {
        self.around(error)?.get("description")?.as_str()
    }

    fn add(&mut self, path: KeyPath, problem: Problem) {
        self.findings.push((path.into_string(), problem));
    }
}

/// A key that is missing because it was written wrong is one mistake, not two.
fn without_consequences(findings: Vec<Finding>) -> Vec<Finding> {
    let parent = |key: &str| key.rsplit_once('.').map_or(String::new(), |(parent, _)| parent.to_owned());
    let meant = |(key, problem): &Finding| {
        let Problem::UnknownKey { nearest: Some(nearest) } = problem else { return None };
        Some((parent(key), nearest.clone()))
    };
    let meant: Vec<(String, String)> = findings.iter().filter_map(meant).collect();
    let is_consequence = |(key, problem): &Finding| {
        let last = key.rsplit('.').next().unwrap_or_default();
        matches!(problem, Problem::MissingKey) && meant.contains(&(parent(key), last.to_owned()))
    };
    findings.into_iter().filter(|finding| !is_consequence(finding)).collect()
}

#[cfg(test)]
mod tests;
