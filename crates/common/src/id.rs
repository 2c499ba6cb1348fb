//! Names of things that more than one daemon talks about.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One validator request that became a task; a UUID version 7, so that ids sort by time.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct TaskId(Uuid);

impl TaskId {
    /// Makes an id from the time in milliseconds since 1970 and 10 random bytes.
    #[must_use]
    pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }
}

/// One billable call to a vendor; a task can need several.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct AttemptId(Uuid);

impl AttemptId {
    /// Makes an id from the time in milliseconds since 1970 and 10 random bytes.
    #[must_use]
    pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }
}

/// One row of a durable outbox; the receiver drops what it has seen.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct EntryId(Uuid);

impl EntryId {
    /// Makes an id from the time in milliseconds since 1970 and 10 random bytes.
    #[must_use]
    pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }

    /// The id that the only record of a task has, so that a second one is dropped.
    #[must_use]
    pub fn of_task(task: TaskId) -> Self {
        Self(task.0)
    }

    /// The id that the only record of an attempt has, so that a second one is dropped.
    #[must_use]
    pub fn of_attempt(attempt: AttemptId) -> Self {
        Self(attempt.0)
    }
}

/// One operation with the wallet; chosen by whoever wants it, so that asking twice does it once.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct OperationId(Uuid);

impl OperationId {
    /// Makes an id from the time in milliseconds since 1970 and 10 random bytes.
    #[must_use]
    pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }
}

impl EntryId {
    /// The id of what a block says of a subnet, so that reading it again after a restart is no second record.
    #[must_use]
    pub fn of_block(unix_ms: u64, netuid: Netuid, block: u64) -> Self {
        let [high, low] = netuid.0.to_be_bytes();
        let [_, _, a, b, c, d, e, f] = block.to_be_bytes();
        // The UUID's version and variant take bits of the first and the third byte.
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &[0, high, 0, low, a, b, c, d, e, f]).into_uuid())
    }
}

macro_rules! uuid_text {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}
uuid_text!(TaskId AttemptId EntryId OperationId);

/// A subnet's number.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Netuid(pub u16);

impl fmt::Display for Netuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An account's ss58 address that has been checked to have an address's shape.
///
/// The checksum is not part of this type: the `bittensor` crate checks it wherever an address comes in from outside.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ss58(Box<str>);

/// The text is not an ss58 address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an ss58 address: 46 to 49 base58 characters are expected")]
pub struct Ss58ShapeError;

impl Ss58 {
    /// Returns the address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Ss58 {
    type Err = Ss58ShapeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let base58 = |byte: u8| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte);
        if (46..=49).contains(&text.len()) && text.bytes().all(base58) {
            Ok(Self(text.into()))
        } else {
            Err(Ss58ShapeError)
        }
    }
}

impl TryFrom<String> for Ss58 {
    type Error = Ss58ShapeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Ss58> for String {
    fn from(address: Ss58) -> Self {
        address.0.into()
    }
}

impl fmt::Display for Ss58 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Ss58 {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ss58".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "an ss58 address",
            "pattern": "^[1-9A-HJ-NP-Za-km-z]{46,49}$"
        })
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
        )]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// Returns the name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A vendor's key under `vendors` in miner-config.json, such as `openai`.
    VendorName
}
name! {
    /// A model as its vendor calls it, such as `gpt-6-luna`.
    ModelName
}
name! {
    /// A route of a subnet: for the classic protocol the synapse's class name.
    RouteName
}
name! {
    /// What sort of work a task is, as the subnet profile names it, such as `question_answering`.
    TaskType
}
name! {
    /// A way of asking the model, such as `direct`; defined by llm-router.
    StrategyName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_text() {
        let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

        let parsed: Ss58 = alice.parse().unwrap();

        assert_eq!(parsed.as_str(), alice);
    }

    #[test]
    fn text_of_another_shape_is_no_address() {
        for text in ["", "5Grwva", "0OIl".repeat(12).as_str(), "../../etc/passwd"] {
            assert_eq!(text.parse::<Ss58>(), Err(Ss58ShapeError), "{text}");
        }
    }

    #[test]
    fn task_ids_sort_by_time() {
        let early = TaskId::new(1, [255; 10]);
        let late = TaskId::new(2, [0; 10]);

        assert!(early < late);
    }
}
