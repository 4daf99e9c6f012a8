//! Identifiers of threads and rollouts.
//!
//! Newtypes over UUIDs; parse errors keep the wording that Codex 0.169 answers with, because clients see it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IdError(String);

impl IdError {
    fn new(text: &str, error: &uuid::Error) -> Self {
        let foreign = text
            .char_indices()
            .find(|(_, found)| !found.is_ascii_hexdigit() && *found != '-');
        Self(match foreign {
            // Versions of the parser differ in this one wording (`app-server-api.md` 1.10).
            Some((at, found)) => format!(
                "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found \
                 `{found}` at {}",
                at + 1
            ),
            None => shape_error(text).unwrap_or_else(|| error.to_string()),
        })
    }
}

/// Says what is wrong with the groups of an id that has only hexadecimal digits and hyphens.
fn shape_error(text: &str) -> Option<String> {
    const GROUP_LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if let [simple] = groups.as_slice() {
        return Some(format!(
            "invalid length: expected length 32 for simple format, found {}",
            simple.len()
        ));
    }
    if groups.len() != GROUP_LENGTHS.len() {
        return Some(format!("invalid group count: expected 5, found {}", groups.len()));
    }
    let at = groups
        .iter()
        .zip(GROUP_LENGTHS)
        .position(|(group, expected)| group.len() != expected)?;
    let (expected, found) = (GROUP_LENGTHS[at], groups[at].len());
    Some(format!(
        "invalid group length in group {at}: expected {expected}, found {found}"
    ))
}

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
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self).map_err(|error| IdError::new(text, &error))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_words_of_codex() {
        let error = |text: &str| text.parse::<ThreadId>().expect_err("not an id").to_string();
        assert_eq!(
            error("abc"),
            "invalid length: expected length 32 for simple format, found 3"
        );
        assert_eq!(
            error("not-a-uuid"),
            "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `n` at 1"
        );
    }
}
