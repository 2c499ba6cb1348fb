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
    /// How the subnet's validators may speak: one protocol or a list of them. Signatures are verified in each.
    #[serde(default)]
    pub protocol: Protocols,
    /// Whether answers are signed with the hotkey, where the protocol has a form for it; only for verified callers.
    #[serde(default)]
    pub sign_answers: bool,
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
    /// The routes by name: the path after its first slash. For the classic protocol that is a synapse's class name.
    pub routes: BTreeMap<RouteName, Route>,
}

fn everything() -> f64 {
    1.0
}

fn direct() -> Vec<StrategyName> {
    vec!["direct".into()]
}

/// How validators speak.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// The classic axon and dendrite of SDK 6 to 10.
    Synapse,
    /// The signed HTTP of SDK 11, `btauth/1`.
    Btauth,
    /// Epistula, version 2.
    Epistula,
}

impl Protocol {
    /// Every protocol that can be served.
    pub const ALL: [Self; 3] = [Self::Synapse, Self::Btauth, Self::Epistula];

    /// Returns the protocol's name, as configured.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Synapse => "synapse",
            Self::Btauth => "btauth",
            Self::Epistula => "epistula",
        }
    }
}

/// The protocols of a subnet: one, or a list of at least one.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "OneOrMore", into = "OneOrMore")]
pub struct Protocols(Vec<Protocol>);

/// There must be a way to speak.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the list of protocols is empty")]
pub struct NoProtocol;

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum OneOrMore {
    One(Protocol),
    More(Vec<Protocol>),
}

impl Protocols {
    /// Returns the protocol in which a request is refused that shows none.
    #[must_use]
    pub fn first(&self) -> Protocol {
        self.0.first().copied().unwrap_or(Protocol::Synapse)
    }

    /// Whether a protocol is accepted.
    #[must_use]
    pub fn accept(&self, protocol: Protocol) -> bool {
        self.0.contains(&protocol)
    }
}

impl Default for Protocols {
    fn default() -> Self {
        Self(vec![Protocol::Synapse])
    }
}

impl TryFrom<OneOrMore> for Protocols {
    type Error = NoProtocol;

    fn try_from(written: OneOrMore) -> Result<Self, Self::Error> {
        match written {
            OneOrMore::One(protocol) => Ok(Self(vec![protocol])),
            OneOrMore::More(protocols) if protocols.is_empty() => Err(NoProtocol),
            OneOrMore::More(protocols) => Ok(Self(protocols)),
        }
    }
}

impl From<Protocols> for OneOrMore {
    fn from(protocols: Protocols) -> Self {
        match protocols.0.as_slice() {
            [only] => Self::One(*only),
            [] | [_, _, ..] => Self::More(protocols.0),
        }
    }
}

impl JsonSchema for Protocols {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Protocols".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names = Protocol::ALL.map(Protocol::name);
        let words = names.map(|name| serde_json::json!({ "const": name }));
        let list =
            serde_json::json!({ "type": "array", "items": { "enum": names }, "minItems": 1, "uniqueItems": true });
        let choices: Vec<Value> = words.into_iter().chain([list]).collect();
        schemars::json_schema!({ "description": "one protocol, or a list of them", "anyOf": choices })
    }
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
    /// Whether the answer goes out in pieces, as the model writes it.
    #[serde(default)]
    pub stream: StreamRule,
    /// What is done with a request.
    pub action: Action,
}

/// Whether an answer goes out in pieces. An adapter frames them in its own way; otherwise they are plain text.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamRule {
    /// Never.
    #[default]
    Never,
    /// If the request's field `stream` is true.
    Asked,
    /// Always.
    Always,
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
#[expect(clippy::large_enum_variant, reason = "a handful of them, read once at the start")]
pub enum Action {
    /// A model answers.
    Task(TaskMapping),
    /// A model answers; what no mapping can say is done by code made for it.
    Adapter(AdapterAction),
    /// The given fields are set, and no model is asked; `{}` answers a ping.
    Reply(IndexMap<String, Value>),
    /// Every request is declined.
    Decline {},
}

impl Action {
    /// Returns the form in which a model's answer is wanted; none if no model is asked.
    #[must_use]
    pub fn answer_form(&self) -> Option<AnswerForm> {
        match self {
            Self::Task(mapping) => Some(mapping.answer.form),
            Self::Adapter(adapter) => Some(adapter.name.answer_form()),
            Self::Reply(_) | Self::Decline {} => None,
        }
    }
}

/// `subnets.*.routes.*.action.adapter` in subnet-profiles.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterAction {
    /// The adapter.
    pub name: AdapterName,
    /// Instructions put before the conversation.
    #[serde(default)]
    pub system: Option<String>,
    /// The sort of work; the adapter's own name for it if absent.
    #[serde(default)]
    pub task_type: Option<TaskType>,
}

/// Code that knows requests which no mapping can describe.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdapterName {
    /// OpenAI's chat completions, plain and as server-sent events.
    OpenaiChat,
    /// The conversation tagging of subnet 33.
    ConversationGenome,
}

impl AdapterName {
    /// Returns the form in which a model's answer is wanted.
    #[must_use]
    pub fn answer_form(self) -> AnswerForm {
        match self {
            Self::OpenaiChat | Self::ConversationGenome => AnswerForm::Text,
        }
    }
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
    /// A JSON Schema that the answer must fit before it leaves; what does not fit is a failure.
    #[serde(default)]
    pub schema: Option<Value>,
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
