//! `config/subnet-profiles.json`: how each subnet's requests become tasks, and answers become responses.

use std::collections::BTreeMap;
use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answering::{self, Example, Respond};
use super::miner::Effort;
use crate::id::{ModelName, Netuid, RouteName, StrategyName, TaskType};
use crate::python_type::PythonType;
use crate::task::Role;

/// `subnet-profiles.json`
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SubnetProfiles {
    /// The file's format: 1.
    pub version: u32,
    /// The profiles by netuid.
    pub subnets: BTreeMap<Netuid, SubnetProfile>,
}

/// `subnets.*` in subnet-profiles.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SubnetProfile {
    /// For people.
    pub name: String,
    /// How the subnet's validators speak.
    pub protocol: Protocol,
    /// The share of admitted tasks that is tried, from 0 to 1.
    #[serde(default = "everything")]
    pub participation_rate: f64,
    /// The most tokens one task may use, prompt and answer together; a larger one is declined.
    pub max_tokens_per_task: u32,
    /// Models to use, best first, as `vendor/model`.
    pub preferred_models: Vec<ModelRef>,
    /// Ways of asking, best first.
    #[serde(default = "direct")]
    pub prompt_strategies: Vec<StrategyName>,
    /// How much models are to think, best first; the vendor's configured effort if empty.
    #[serde(default)]
    pub efforts: Vec<Effort>,
    /// From 0 to 2, where the model takes it; the vendor's configured temperature if absent.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// Questions with their answers, for the strategy `few_shot`.
    #[serde(default)]
    pub few_shot: Vec<Example>,
    /// How many answers `self_consistency` compares, from 2 to 5.
    #[serde(default = "answering::three")]
    pub samples: u8,
    /// Who is answered.
    #[serde(default)]
    pub respond: Respond,
    /// What a validator hears when a task is declined.
    #[serde(default)]
    pub decline: Decline,
    /// The routes by name; for the classic protocol a route is a synapse's class name.
    pub routes: BTreeMap<RouteName, Route>,
}

fn everything() -> f64 {
    1.0
}

fn direct() -> Vec<StrategyName> {
    vec!["direct".into()]
}

/// How a subnet's validators speak.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// The classic axon and dendrite of SDK 6 to 10.
    Synapse,
}

/// A model and the vendor it is called at, written `vendor/model`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelRef {
    /// A key of `vendors` in miner-config.json.
    pub vendor: crate::id::VendorName,
    /// The model as the vendor calls it; may itself contain slashes.
    pub model: ModelName,
}

/// The text is not `vendor/model`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not of the form vendor/model, such as openai/gpt-6-luna")]
pub struct ModelRefError;

impl TryFrom<String> for ModelRef {
    type Error = ModelRefError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once('/') {
            Some((vendor, model)) if !vendor.is_empty() && !model.is_empty() => {
                Ok(Self { vendor: vendor.into(), model: model.into() })
            }
            Some(_) | None => Err(ModelRefError),
        }
    }
}

impl From<ModelRef> for String {
    fn from(name: ModelRef) -> Self {
        name.to_string()
    }
}

impl std::fmt::Display for ModelRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.vendor, self.model)
    }
}

impl JsonSchema for ModelRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ModelRef".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "vendor/model, such as openai/gpt-6-luna",
            "pattern": "^[^/]+/.+$"
        })
    }
}

/// `subnets.*.decline` in subnet-profiles.json
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Decline {
    /// The HTTP status, from 400 to 599.
    pub status: u16,
    /// The message in the response's JSON object.
    pub message: String,
}

impl Default for Decline {
    fn default() -> Self {
        Self { status: 503, message: "Declined".into() }
    }
}

/// `subnets.*.routes.*` in subnet-profiles.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The synapse's own fields, in the order of the Python class.
    #[serde(default)]
    pub fields: IndexMap<String, Field>,
    /// Nested pydantic models that field types refer to by name.
    #[serde(default)]
    pub models: IndexMap<String, IndexMap<String, Field>>,
    /// `required_hash_fields` in the order in which the SDK hashes them: as declared for a `ClassVar`, in the order of
    /// the class for the older pydantic field.
    #[serde(default)]
    pub hash_fields: Vec<String>,
    /// The longest time an answer may take, in milliseconds; the validator's own timeout holds if it is shorter.
    #[serde(default = "twelve_seconds")]
    pub time_limit_ms: u64,
    /// What is done with a request.
    pub action: Action,
}

fn twelve_seconds() -> u64 {
    12_000
}

impl Route {
    /// The longest time an answer may take.
    #[must_use]
    pub fn time_limit(&self) -> Duration {
        Duration::from_millis(self.time_limit_ms)
    }
}

/// `subnets.*.routes.*.fields.*` in subnet-profiles.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The Python annotation, such as `List[Dict[str, str]]`.
    #[serde(rename = "type")]
    pub python_type: PythonType,
    /// The value if the request leaves it out; a field without a default is required.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// Keeps `"default": null` apart from no default.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What is done with a request.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Action {
    /// A model answers.
    Task(TaskMapping),
    /// The given fields are set, and no model is asked; `{}` answers a ping.
    Reply(IndexMap<String, Value>),
    /// Every request is declined.
    Decline {},
}

/// `subnets.*.routes.*.action.task` in subnet-profiles.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TaskMapping {
    /// Where the conversation stands.
    pub prompt: Prompt,
    /// Instructions put before the conversation.
    #[serde(default)]
    pub system: Option<String>,
    /// The sort of work.
    #[serde(default)]
    pub task_type: TaskTypeRule,
    /// The field with the most output tokens the validator wants.
    #[serde(default)]
    pub max_tokens_field: Option<String>,
    /// Where the answer goes.
    pub answer: Answer,
}

/// Where the conversation stands in a request.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Prompt {
    /// One field is the user's message; what is not text is written as JSON.
    Field(String),
    /// A text in which `{field}` stands for a field's value, and `{{`, `}}` for braces.
    Template(String),
    /// Two lists of equal length: the texts and who speaks them.
    Lists {
        /// The field with the texts.
        texts: String,
        /// The field with the roles; every text is the user's if absent.
        #[serde(default)]
        roles: Option<String>,
    },
    /// A list of objects, as in OpenAI's chat.
    Chat {
        /// The field with the list.
        messages: String,
        /// The key of the role in each object.
        #[serde(default = "role_key")]
        role: String,
        /// The key of the text in each object.
        #[serde(default = "content_key")]
        content: String,
        /// Names of roles that differ from system, user and assistant.
        #[serde(default)]
        roles: BTreeMap<String, Role>,
    },
}

fn role_key() -> String {
    "role".into()
}

fn content_key() -> String {
    "content".into()
}

/// The sort of work a request is.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum TaskTypeRule {
    /// Always the same.
    Fixed(TaskType),
    /// As a field says; values that are not listed get `other`.
    Field {
        /// The field.
        field: String,
        /// The task type of each of its values.
        values: BTreeMap<String, TaskType>,
        /// The task type of any other value.
        other: TaskType,
    },
}

impl Default for TaskTypeRule {
    fn default() -> Self {
        Self::Fixed("text".into())
    }
}

/// Where the answer goes in the response.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The field that carries it.
    pub field: String,
    /// What the model's text is made into.
    #[serde(default, rename = "as")]
    pub form: AnswerForm,
}

/// What the model's text is made into.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerForm {
    /// The text as it is, without white space around it.
    #[default]
    Text,
    /// The JSON that the text is, or that stands in its only code block; anything else is a failure.
    Json,
    /// An integer; anything else is a failure.
    Integer,
}
