//! What a revision draws, without profiles and conditions: for replays, which have none.

use common::id::{Netuid, Ss58};
use common::strategy::{Revision, TaskClass};

use crate::chooser::Chooser;

/// The draws of a revision in one subnet: the same that decisions follow.
#[derive(Clone, Debug)]
pub struct Draws(Chooser);

impl Draws {
    /// Takes a subnet's part of a revision; none if it has none.
    #[must_use]
    pub fn new(revision: &Revision, netuid: Netuid) -> Option<Self> {
        revision.subnets.get(&netuid).map(|subnet| Self(Chooser::new(revision, netuid, subnet)))
    }

    /// Returns the place of the arm that a validator's tasks of a class are answered by in an epoch, canaries and failures aside.
    /// None only if the revision was not checked.
    #[must_use]
    pub fn arm(&self, caller: &Ss58, class: TaskClass, epoch: u64) -> Option<u16> {
        self.0.arm(caller, class, epoch)
    }
}
