//! Coercion and `str()` against what pydantic and Python themselves say; tests/make_python_vectors.py made the cases.

use bittensor::python::{self, Models};
use common::python_type::PythonType;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    models: Models,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "type")]
    python_type: PythonType,
    json: String,
    #[serde(rename = "str")]
    text: Option<String>,
}

impl Case {
    fn text_of(&self, models: &Models) -> Option<String> {
        let value = python::parse(self.json.as_bytes()).ok()?;
        Some(python::str(&python::coerce(&self.python_type, models, value).ok()?))
    }
}

#[test]
fn every_value_becomes_what_python_makes_of_it() {
    let vectors: Vectors = serde_json::from_str(include_str!("data/python.json")).unwrap();

    let wrong: Vec<String> = vectors
        .cases
        .iter()
        .filter(|case| case.text_of(&vectors.models) != case.text)
        .map(|case| {
            let ours = case.text_of(&vectors.models);
            format!("{} of {}: {:?}, but Python says {:?}", case.json, case.python_type, ours, case.text)
        })
        .collect();

    assert!(vectors.cases.len() > 300);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
