//! The calls of each service: closed enums, one variant per call. docs/IPC.md shows each of them.

pub mod miner;
pub mod status;
pub mod task;
pub mod tracker;
pub mod wallet;

/// Declares a service's closed enum of calls and ties each call to its output.
macro_rules! calls {
    (
        $(#[$doc:meta])*
        $service:ident {
            $($(#[$call_doc:meta])* $call:ident => $output:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Deserialize, PartialEq, serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $service {
            $($(#[$call_doc])* $call($call),)*
        }

        $(
            impl From<$call> for $service {
                fn from(call: $call) -> Self {
                    Self::$call(call)
                }
            }

            impl $crate::ipc::Call for $call {
                type Service = $service;
                type Output = $output;
            }
        )*
    };
}
pub(crate) use calls;
