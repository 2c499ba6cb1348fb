//! What `minerctl up` has started ends with it: an orphan would keep its home busy unseen.

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

/// Names the supervisor's process id in the environment of each daemon that it starts.
pub const SUPERVISOR_PID: &str = "MINER_SUPERVISOR_PID";

/// Why a process cannot end with its supervisor.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum SupervisedError {
    /// The variable is no process id.
    #[error("{SUPERVISOR_PID} is not a process id")]
    NotAPid,
    /// The supervisor ended before this process could follow it.
    #[error("the supervisor is gone")]
    Gone,
    /// The system refused.
    #[error("the supervisor cannot be followed")]
    System(#[from] rustix::io::Errno),
}

/// Arranges that this process is asked to stop when its supervisor ends in any way. Does nothing without a supervisor.
///
/// # Errors
/// The supervisor is gone already, or is named wrongly.
pub fn follow_supervisor() -> Result<(), SupervisedError> {
    let Some(text) = std::env::var_os(SUPERVISOR_PID) else { return Ok(()) };
    let pid = text.to_str().and_then(|text| text.parse().ok()).and_then(Pid::from_raw);
    let supervisor = pid.ok_or(SupervisedError::NotAPid)?;
    set_parent_process_death_signal(Some(Signal::TERM))?;
    // It may have ended before the line above: then no signal will ever come.
    if getppid() == Some(supervisor) { Ok(()) } else { Err(SupervisedError::Gone) }
}

/// Whether this process has a supervisor.
pub(crate) fn is_supervised() -> bool {
    std::env::var_os(SUPERVISOR_PID).is_some()
}
