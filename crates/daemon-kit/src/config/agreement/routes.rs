//! Routes: every field and model that is named must exist.

use common::config::subnet::{
    Action, AnswerForm, Prompt, Protocol, Route, StreamRule, SubnetProfiles, TaskMapping, TaskTypeRule,
};
use common::config::template::{Piece, Template};
use common::python_type::PythonType;

use super::{ConfigError, File};
use crate::config::key_path::KeyPath;
use crate::config::nearest::{hint, nearest};

pub(super) fn check(subnets: &SubnetProfiles) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    for (netuid, profile) in &subnets.subnets {
        for (name, route) in &profile.routes {
            let key = KeyPath::default().key("subnets").key(&netuid.to_string()).key("routes").key(name.as_str());
            // A synapse goes back whole, so its class must be known; elsewhere a response is what is set.
            let has_class = profile.protocol.accept(Protocol::Synapse) || !route.fields.is_empty();
            let mut check = Check { route, key, has_class, errors: Vec::new() };
            check.route();
            errors.append(&mut check.errors);
        }
    }
    errors
}

struct Check<'a> {
    route: &'a Route,
    key: KeyPath,
    has_class: bool,
    errors: Vec<ConfigError>,
}

impl Check<'_> {
    fn route(&mut self) {
        let route = self.route;
        if route.time_limit_ms == 0 {
            self.wrong(&["time_limit_ms"], "must be at least 1");
        }
        for (index, field) in route.hash_fields.iter().enumerate() {
            let key = self.key.clone().key("hash_fields").index(index);
            self.field_at(key, field);
        }
        for (name, field) in &route.fields {
            self.models_of(&["fields", name, "type"], &field.python_type);
        }
        for (model, fields) in &route.models {
            for (name, field) in fields {
                self.models_of(&["models", model, name, "type"], &field.python_type);
            }
        }
        match &route.action {
            Action::Task(mapping) => self.mapping(mapping),
            Action::Reply(values) => {
                let has_class = self.has_class;
                for field in values.keys().filter(|_| has_class) {
                    self.field(&["action", "reply", field], field);
                }
            }
            // The code made for it knows which fields it needs: miner-daemon asks it.
            Action::Adapter(_) | Action::Decline {} => {}
        }
        self.stream();
    }

    /// A form can only be given to a whole answer.
    fn stream(&mut self) {
        let whole = match self.route.action.answer_form() {
            Some(AnswerForm::Text) => return,
            Some(AnswerForm::Json | AnswerForm::Integer) => "the answer's form needs all of it",
            None => "no model answers here",
        };
        match self.route.stream {
            StreamRule::Never => {}
            StreamRule::Asked | StreamRule::Always => self.wrong(&["stream"], &format!("must be never: {whole}")),
        }
    }

    fn mapping(&mut self, mapping: &TaskMapping) {
        self.prompt(&mapping.prompt);
        if let TaskTypeRule::Field { field, .. } = &mapping.task_type {
            self.field(&["action", "task", "task_type", "field", "field"], field);
        }
        if let Some(field) = &mapping.max_tokens_field {
            self.field(&["action", "task", "max_tokens_field"], field);
        }
        self.field(&["action", "task", "answer", "field"], &mapping.answer.field);
    }

    fn prompt(&mut self, prompt: &Prompt) {
        match prompt {
            Prompt::Field(field) => self.field(&["action", "task", "prompt", "field"], field),
            Prompt::Template(text) => self.template(text),
            Prompt::Lists { texts, roles } => {
                self.field(&["action", "task", "prompt", "lists", "texts"], texts);
                if let Some(roles) = roles {
                    self.field(&["action", "task", "prompt", "lists", "roles"], roles);
                }
            }
            Prompt::Chat { messages, .. } => self.field(&["action", "task", "prompt", "chat", "messages"], messages),
        }
    }

    fn template(&mut self, text: &str) {
        let key = ["action", "task", "prompt", "template"];
        match Template::parse(text) {
            Ok(template) => {
                for piece in template.pieces() {
                    match piece {
                        Piece::Field(field) => self.field(&key, field),
                        Piece::Text(_) => {}
                    }
                }
            }
            Err(error) => self.wrong(&key, &error.to_string()),
        }
    }

    fn field(&mut self, key: &[&str], field: &str) {
        self.field_at(self.path(key), field);
    }

    fn field_at(&mut self, key: KeyPath, field: &str) {
        let fields = &self.route.fields;
        if !fields.contains_key(field) {
            let hint = hint(nearest(field, fields.keys().map(String::as_str)));
            self.wrong_at(key, format!("{field:?} is not under fields of this route{hint}"));
        }
    }

    fn models_of(&mut self, key: &[&str], python_type: &PythonType) {
        match python_type {
            PythonType::Model(name) => {
                let models = &self.route.models;
                if !models.contains_key(&**name) {
                    let hint = hint(nearest(name, models.keys().map(String::as_str)));
                    self.wrong(key, &format!("there is no model {name} under models of this route{hint}"));
                }
            }
            PythonType::Optional(inner) | PythonType::List(inner) | PythonType::Dict(inner) => {
                self.models_of(key, inner);
            }
            PythonType::Str | PythonType::Int | PythonType::Float | PythonType::Bool | PythonType::Any => {}
        }
    }

    fn wrong(&mut self, key: &[&str], problem: &str) {
        self.wrong_at(self.path(key), problem.to_owned());
    }

    fn wrong_at(&mut self, key: KeyPath, problem: String) {
        self.errors.push(ConfigError::contradiction(File::SubnetProfiles, key.into_string(), problem));
    }

    fn path(&self, key: &[&str]) -> KeyPath {
        key.iter().fold(self.key.clone(), |path, key| path.key(key))
    }
}
