//! What is wanted without being asked for: a place that was lost, stake beyond what is to be kept. Off unless configured, and
//! within the same policy as everything else.

mod decide;
mod watch;

pub(crate) use watch::Automatic;
