//! Identifiers of threads and rollouts.
//!
//! Newtypes over UUIDs; parse errors keep the wording of the `uuid` crate because clients see it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_newtype! {
    /// Names one conversation for ever, across reverts, archive and copies.
    ThreadId
}
uuid_newtype! {
    /// Names one rollout file; equal to the thread id except for files created by a revert.
    RolloutId
}

impl From<ThreadId> for RolloutId {
    fn from(id: ThreadId) -> Self {
        Self(id.0)
    }
}
