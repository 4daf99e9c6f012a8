//! Why one line of a rollout cannot be decoded.
//!
//! Says nothing about where the line is: readers add path and offset.

/// The reason why a line, or a part of it, is not a known record.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The bytes are not UTF-8.
    #[error("line is not valid utf-8")]
    NotUtf8 {
        /// Position of the first bad byte.
        source: std::str::Utf8Error,
    },
    /// The bytes are not one JSON value.
    #[error("line is not json")]
    NotJson {
        /// The syntax error.
        source: serde_json::Error,
    },
    /// The line, or its payload, is JSON but not an object.
    #[error("record is not a json object")]
    NotAnObject,
    /// A required member of the envelope is absent.
    #[error("record has no {0}")]
    Missing(&'static str),
    /// The record, event or item kind is not known.
    #[error("unknown record kind {kind}")]
    UnknownKind {
        /// Kind as written; nested kinds as a path (`event_msg/foo`, `item_completed/Foo`).
        kind: String,
    },
    /// A `session_meta` names a history mode that is neither legacy nor paginated (format 2.3).
    #[error("unknown history mode {mode}")]
    UnknownHistoryMode {
        /// The mode as written.
        mode: String,
    },
    /// The members of a known kind do not have the expected shape.
    #[error("record of kind {kind} has an unexpected shape")]
    Shape {
        /// Kind whose members are wrong.
        kind: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl LineError {
    /// Names the kind for which a shape error was found.
    pub(crate) fn shape(kind: &str) -> impl FnOnce(serde_json::Error) -> Self + '_ {
        move |source| Self::Shape {
            kind: kind.to_owned(),
            source,
        }
    }
}
