//! A route's configuration, checked once and then used for every request.

use std::collections::BTreeSet;
use std::sync::Arc;

use common::config::subnet::{Field, Route};
use common::id::RouteName;
use common::python_type::PythonType;
use indexmap::IndexMap;

use super::fields::{RESERVED, TERMINAL, base, terminal_fields};
use crate::python::{Models, coerce};

/// A route's fields and types, ready to read requests. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Schema(pub(super) Arc<Compiled>);

#[derive(Debug)]
pub(super) struct Compiled {
    /// The base fields, then the route's own; one that redeclares a base field keeps the base field's place.
    pub(super) fields: IndexMap<String, Field>,
    /// The names of the route's own fields.
    pub(super) own: BTreeSet<String>,
    pub(super) models: Models,
    pub(super) hash_fields: Vec<String>,
}

/// Something in a route's configuration that no request could be read with.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct SchemaError {
    /// The path of the key inside the subnet's profile, such as `routes.Dummy.hash_fields[0]`.
    pub key: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

impl Schema {
    /// Checks a route's configuration.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(name: &RouteName, route: &Route) -> Result<Self, Vec<SchemaError>> {
        let mut check = Check { models: route.models.clone(), errors: Vec::new() };
        let at = format!("routes.{name}");
        if check.models.contains_key(TERMINAL) {
            check.error(format!("{at}.models.{TERMINAL}"), "the name is the SDK's own: choose another".to_owned());
        }
        check.models.insert(TERMINAL.to_owned(), terminal_fields());
        for (model, fields) in &route.models {
            check.fields(&format!("{at}.models.{model}"), fields);
        }
        check.fields(&format!("{at}.fields"), &route.fields);
        for reserved in RESERVED.into_iter().filter(|reserved| route.fields.contains_key(*reserved)) {
            check.error(format!("{at}.fields.{reserved}"), "every synapse has this field: leave it out".to_owned());
        }

        let mut fields = base(name.as_str());
        fields.extend(route.fields.clone());
        check.hash_fields(&at, &fields, &route.hash_fields);

        if !check.errors.is_empty() {
            return Err(check.errors);
        }
        Ok(Self(Arc::new(Compiled {
            fields,
            own: route.fields.keys().cloned().collect(),
            models: check.models,
            hash_fields: route.hash_fields.clone(),
        })))
    }

    /// Returns the route's own fields, in the order of the class.
    pub(crate) fn own_fields(&self) -> impl Iterator<Item = (&String, &Field)> {
        self.0.fields.iter().filter(|(name, _)| self.0.own.contains(*name))
    }

    /// Returns the models that the fields' types refer to.
    pub(crate) fn models(&self) -> &Models {
        &self.0.models
    }

    /// Returns the type of one of the route's own fields.
    #[must_use]
    pub fn field_type(&self, name: &str) -> Option<&PythonType> {
        self.0.own.contains(name).then(|| self.0.fields.get(name).map(|field| &field.python_type)).flatten()
    }
}

/// Collects errors.
struct Check {
    models: Models,
    errors: Vec<SchemaError>,
}

impl Check {
    fn error(&mut self, key: String, problem: String) {
        self.errors.push(SchemaError { key, problem });
    }

    fn fields(&mut self, at: &str, fields: &IndexMap<String, Field>) {
        for (name, field) in fields {
            let key = format!("{at}.{name}");
            if !is_identifier(name) {
                self.error(key.clone(), "not a Python field name: letters, digits and _ are expected".to_owned());
            }
            let unknown = model_of(&field.python_type).filter(|model| !self.models.contains_key(*model));
            if let Some(model) = unknown {
                let known: Vec<&str> =
                    self.models.keys().map(String::as_str).filter(|name| *name != TERMINAL).collect();
                let problem = format!("there is no model {model:?} under models, which has: {}", list(&known));
                self.error(format!("{key}.type"), problem);
                continue;
            }
            // Python lets any type default to None.
            let default = field.default.as_ref().filter(|default| !default.is_null());
            if let Some(Err(mismatch)) = default.map(|default| coerce(&field.python_type, &self.models, default)) {
                self.error(format!("{key}.default"), format!("does not fit the type: {mismatch}"));
            }
        }
    }

    fn hash_fields(&mut self, at: &str, fields: &IndexMap<String, Field>, names: &[String]) {
        for (index, name) in names.iter().enumerate() {
            let hashable = fields.contains_key(name) && !RESERVED.contains(&name.as_str());
            if !hashable {
                let known: Vec<&str> =
                    fields.keys().map(String::as_str).filter(|name| !RESERVED.contains(name)).collect();
                let problem = format!("there is no field {name:?}; the fields are: {}", list(&known));
                self.error(format!("{at}.hash_fields[{index}]"), problem);
            }
            if names.iter().take(index).any(|earlier| earlier == name) {
                self.error(format!("{at}.hash_fields[{index}]"), format!("{name:?} stands here twice"));
            }
        }
    }
}

/// Returns the model that a type refers to.
fn model_of(python_type: &PythonType) -> Option<&str> {
    match python_type {
        PythonType::Model(name) => Some(name),
        PythonType::Optional(inner) | PythonType::List(inner) | PythonType::Dict(inner) => model_of(inner),
        PythonType::Str | PythonType::Int | PythonType::Float | PythonType::Bool | PythonType::Any => None,
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Field names stand in header names, so they are ASCII.
fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compile(route: serde_json::Value) -> Result<Schema, Vec<String>> {
        let route: Route = serde_json::from_value(route).unwrap();
        Schema::compile(&"Ask".into(), &route).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn all_errors_come_at_once_with_their_keys() {
        let errors = compile(json!({
            "fields": {
                "a b": {"type": "str"},
                "messages": {"type": "List[Mesage]"},
                "seed": {"type": "int", "default": "x"},
                "axon": {"type": "str"}
            },
            "models": {"Message": {"content": {"type": "Optional[Part]"}}, "TerminalInfo": {}},
            "hash_fields": ["message", "seed", "seed", "dendrite"],
            "action": {"decline": {}}
        }))
        .unwrap_err();

        assert_eq!(
            errors,
            [
                "routes.Ask.models.TerminalInfo: the name is the SDK's own: choose another",
                "routes.Ask.models.Message.content.type: there is no model \"Part\" under models, which has: Message",
                "routes.Ask.fields.a b: not a Python field name: letters, digits and _ are expected",
                "routes.Ask.fields.messages.type: there is no model \"Mesage\" under models, which has: Message",
                "routes.Ask.fields.seed.default: does not fit the type: a valid int is expected, not str",
                "routes.Ask.fields.axon: every synapse has this field: leave it out",
                "routes.Ask.hash_fields[0]: there is no field \"message\"; the fields are: name, timeout, total_size, \
             header_size, a b, messages, seed",
                "routes.Ask.hash_fields[2]: \"seed\" stands here twice",
                "routes.Ask.hash_fields[3]: there is no field \"dendrite\"; the fields are: name, timeout, total_size, \
             header_size, a b, messages, seed",
            ]
        );
    }

    #[test]
    fn a_redeclared_base_field_keeps_its_place() {
        let schema = compile(json!({
            "fields": {"question": {"type": "str"}, "timeout": {"type": "int", "default": 64}},
            "action": {"decline": {}}
        }))
        .unwrap();

        assert_eq!(schema.0.fields.get_index_of("timeout"), Some(1));
        assert_eq!(schema.field_type("timeout"), Some(&PythonType::Int));
        assert_eq!(schema.field_type("name"), None);
    }

    #[test]
    fn any_type_may_default_to_none() {
        assert!(
            compile(json!({
                "fields": {"model": {"type": "str", "default": null}},
                "action": {"decline": {}}
            }))
            .is_ok()
        );
    }
}
