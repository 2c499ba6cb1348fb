//! Which runtime this is. It stands in the state, so that every block answers as the runtime in force after it, like a
//! real node's code does.

use codec::{Decode, Encode};
use frame_support::traits::Get;
use sp_version::RuntimeVersion;

/// The spec whose shape the sandbox has.
pub const SPEC: u32 = 424;

const KEY: &[u8] = b":sandbox:runtime";

/// The runtime in force.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Runtime {
    /// Its spec version.
    pub spec_version: u32,
    /// What its metadata says of its calls.
    pub shape: Shape,
}

/// What the metadata says of the calls. The calls themselves stay as they are.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// What spec 424 says.
    Spec424,
    /// As before `register_limit` came.
    WithoutRegisterLimit,
    /// `burned_register` has an argument more, a price limit: who signs the old shape means something else.
    BurnedRegisterWithLimit,
    /// `serve_axon`'s port is 32 bits wide.
    ServeAxonWithWidePort,
}

impl Default for Runtime {
    fn default() -> Self {
        Self { spec_version: SPEC, shape: Shape::Spec424 }
    }
}

impl Runtime {
    /// The one in force in the state at hand.
    pub(crate) fn current() -> Self {
        frame_support::storage::unhashed::get(KEY).unwrap_or_default()
    }

    /// Puts it into force.
    pub(crate) fn enact(self) {
        frame_support::storage::unhashed::put(KEY, &self);
    }
}

/// The version as the runtime has it.
pub struct Version;

impl Get<RuntimeVersion> for Version {
    fn get() -> RuntimeVersion {
        RuntimeVersion { spec_version: Runtime::current().spec_version, ..super::VERSION }
    }
}
