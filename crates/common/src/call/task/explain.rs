//! The call of task-handler that asks why.

use serde::{Deserialize, Serialize};

use crate::id::TaskId;

/// Asks why a task was answered the way it was: its decision is made again from what was kept of it. Only the newest decisions
/// are kept.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainTask {
    /// The task.
    pub task: TaskId,
}
