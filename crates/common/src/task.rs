//! A validator's request after its subnet profile has been applied: what task-handler works on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{Netuid, RouteName, Ss58, TaskId, TaskType};

/// One piece of work for a model.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Given by miner-daemon; the idempotency key of everything that is spent on the task.
    pub id: TaskId,
    /// The subnet whose listener the request came in on.
    pub netuid: Netuid,
    /// The validator's hotkey, verified.
    pub caller: Ss58,
    /// The route the request came to; names the answer's format in the subnet profile.
    pub route: RouteName,
    /// What sort of work it is.
    pub task_type: TaskType,
    /// The conversation, in order; at least one message.
    pub messages: Vec<Message>,
    /// The most output tokens the validator wants, where it says so.
    pub max_tokens: Option<u32>,
}

/// One turn of the conversation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said; hostile text.
    pub content: String,
}

/// Who speaks in a conversation.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions that stand above the conversation.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}
