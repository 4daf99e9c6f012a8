//! Why a batch is refused.
//!
//! Every error names the item by its index in the batch; nothing of the batch is taken over.

use codex_protocol::log::LineError;

use super::json_text::JsonTextFault;

/// One item makes the whole batch unacceptable.
#[derive(Debug, thiserror::Error)]
#[error("record item {index} ({kind})")]
pub struct CanonicalError {
    /// Index of the item in the batch.
    pub index: usize,
    /// Its kind, as far as known: `response_item/message`, `event_msg/item_completed`.
    pub kind: String,
    /// What is wrong with it.
    #[source]
    pub rejection: Rejection,
}

/// What is wrong with an item.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The JSON text would damage the log.
    #[error("unusable json text")]
    Text {
        /// The fault.
        #[from]
        source: JsonTextFault,
    },
    /// The kind is not known, or its members are not as they must be.
    #[error("not a known record")]
    Record {
        /// What the decoder says; names an unknown kind.
        #[from]
        source: LineError,
    },
    /// The encoded line would be too long.
    #[error("line of {len_bytes} bytes, the limit is {max_item_bytes}")]
    TooLarge {
        /// Length that the line would have.
        len_bytes: u64,
        /// The limit.
        max_item_bytes: u64,
    },
    /// The record belongs to another thread.
    #[error("item of another thread {thread_id}")]
    OtherThread {
        /// The thread that it names.
        thread_id: String,
    },
    /// The record would break a rule of turns.
    #[error("not possible in this state of the turn")]
    Turn {
        /// The rule.
        #[from]
        source: TurnFault,
    },
    /// An id is missing that nobody but the agent can know.
    #[error("no {id}")]
    MissingId {
        /// Which id.
        id: MissingId,
    },
    /// Records of this kind are not possible in paginated threads.
    #[error("not possible in a paginated thread")]
    NotPaginated,
}

/// A rule of turns is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TurnFault {
    /// A turn begins that began before.
    #[error("turn {turn_id} was started before")]
    StartedTwice {
        /// The turn.
        turn_id: String,
    },
    /// A turn ends that ended before.
    #[error("turn {turn_id} has ended before")]
    EndedTwice {
        /// The turn.
        turn_id: String,
    },
    /// The turn was never started.
    #[error("turn {turn_id} was not started")]
    Unknown {
        /// The turn.
        turn_id: String,
    },
    /// The record names no turn, and no turn is open.
    #[error("no turn is open")]
    NoneOpen,
    /// An item is completed that was completed before.
    #[error("item {item_id} of turn {turn_id} was completed before")]
    ItemCompletedTwice {
        /// The turn.
        turn_id: String,
        /// The item.
        item_id: String,
    },
}

/// An id that an item must bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingId {
    /// The id that the server gave to streamed output (format 3.4).
    Server,
    /// The id of a tool call.
    Call,
}

impl std::fmt::Display for MissingId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Server => "server id on a streamed output item",
            Self::Call => "call id",
        })
    }
}
