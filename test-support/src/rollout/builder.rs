//! The state of a rollout under construction and the lowest level of writing: one envelope, one line.

use serde_json::{Map, Value, json};

use super::header::{Cut, Header, Mode};
use crate::{clock, ids::IdSequence, json};

/// Time that passes before each line unless a test says otherwise.
const LINE_STEP_MS: i64 = 10;

/// What the next line's `ordinal` will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextOrdinal {
    /// The counter, which then moves on.
    Counted,
    /// None at all; the counter stays.
    Omitted,
    /// This number; the counter stays.
    Forced(u64),
}

/// Appends lines to a rollout in memory.
///
/// Everything said is written in the form of the rollout's mode: legacy events, canonical items, or bare Responses items.
/// Ids and times are derived from the thread id and the calls made so far.
#[derive(Clone, Debug)]
pub struct RolloutBuilder {
    pub(super) header: Header,
    pub(super) ids: IdSequence,
    pub(super) now_ms: i64,
    pub(super) next_ordinal: u64,
    pub(super) ordinal_rule: NextOrdinal,
    pub(super) bytes: Vec<u8>,
    pub(super) turn: Option<OpenTurn>,
    pub(super) last_item_id: String,
    pub(super) history_sequence: u64,
    line_starts: Vec<usize>,
}

/// The turn that items join.
#[derive(Clone, Debug)]
pub(super) struct OpenTurn {
    pub(super) id: String,
    pub(super) started_ms: i64,
    pub(super) last_agent_message: Option<String>,
}

impl RolloutBuilder {
    /// Starts a rollout with its header line.
    pub fn new(header: Header) -> Self {
        let mut builder = Self::headless(header);
        if builder.mode() == Mode::Bare {
            let line = builder.header.bare_line();
            builder.json_line(&line);
        } else {
            let meta = builder.header.session_meta();
            builder.record("session_meta", meta);
        }
        builder
    }

    /// Starts a rollout without its header line (a damaged or truncated head).
    pub fn headless(header: Header) -> Self {
        Self {
            ids: IdSequence::new(&format!("{}/{}", header.thread_id, header.rollout_id())),
            now_ms: header.created_ms,
            next_ordinal: header.history_base.as_ref().map_or(0, |cut| cut.end_ordinal_exclusive),
            ordinal_rule: NextOrdinal::Counted,
            bytes: Vec::new(),
            turn: None,
            last_item_id: String::new(),
            history_sequence: 0,
            line_starts: Vec::new(),
            header,
        }
    }

    /// A legacy rollout of this thread with the default header.
    pub fn legacy(thread_id: &str) -> Self {
        Self::new(Header::new(Mode::Legacy, thread_id))
    }

    /// A paginated rollout of this thread with the default header.
    pub fn paginated(thread_id: &str) -> Self {
        Self::new(Header::new(Mode::Paginated, thread_id))
    }

    /// A bare rollout of this thread with the default header.
    pub fn bare(thread_id: &str) -> Self {
        Self::new(Header::new(Mode::Bare, thread_id))
    }

    /// The header that the rollout was started with.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The mode of the lines.
    pub fn mode(&self) -> Mode {
        self.header.mode
    }

    /// The builder's clock.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Lets time pass.
    pub fn advance_ms(&mut self, ms: i64) -> &mut Self {
        self.now_ms += ms;
        self
    }

    /// Sets the clock, backwards too.
    pub fn at_ms(&mut self, unix_ms: i64) -> &mut Self {
        self.now_ms = unix_ms;
        self
    }

    /// The id of the turn that items join, if one is open.
    pub fn turn_id(&self) -> Option<&str> {
        self.turn.as_ref().map(|turn| turn.id.as_str())
    }

    /// The id of the item, call or response item written last.
    pub fn last_item_id(&self) -> &str {
        &self.last_item_id
    }

    /// The ordinal that the next counted line gets.
    pub fn next_ordinal(&self) -> u64 {
        self.next_ordinal
    }

    /// The length in bytes so far, which is the offset of the next line.
    pub fn offset(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The offsets at which lines (whole or torn, good or bad) begin.
    pub fn line_offsets(&self) -> Vec<u64> {
        self.line_starts.iter().map(|start| *start as u64).collect()
    }

    /// The position right here, for the header of a fork or revert.
    pub fn cut(&self) -> Cut {
        Cut {
            rollout_id: self.header.rollout_id().to_owned(),
            end_ordinal_exclusive: self.next_ordinal,
            end_byte_offset: self.offset(),
        }
    }

    /// The bytes of the plain file.
    pub fn build(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// The lines, each with its newline where it has one.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        let ends = self.line_starts.iter().skip(1).copied().chain([self.bytes.len()]);
        self.line_starts
            .iter()
            .zip(ends)
            .map(|(start, end)| self.bytes[*start..end].to_vec())
            .collect()
    }

    /// Appends one record in its envelope (rollout format 2.1). A bare rollout has no envelopes: nothing is written there.
    pub fn record(&mut self, kind: &str, payload: Value) -> &mut Self {
        if self.mode() == Mode::Bare {
            return self;
        }
        self.envelope(kind, payload, None)
    }

    /// Appends an `event_msg`; nothing in a bare rollout.
    pub fn event(&mut self, payload: Value) -> &mut Self {
        self.record("event_msg", payload)
    }

    /// Appends a Responses item: enveloped with its turn stamp and `metadata`, or bare.
    pub fn response_item(&mut self, mut payload: Value) -> &mut Self {
        if self.mode() == Mode::Bare {
            return self.json_line(&payload);
        }
        if let (Some(turn), Some(object)) = (self.turn_id(), payload.as_object_mut()) {
            object.insert(
                "internal_chat_message_metadata_passthrough".into(),
                json!({ "turn_id": turn }),
            );
        }
        let sampled = self.history_sequence;
        self.history_sequence += 1;
        let metadata = json!({
            "history_sequence": self.history_sequence,
            "sampled_through_sequence": sampled,
            "client_authored": false,
        });
        self.envelope("response_item", payload, Some(metadata))
    }

    /// Appends any JSON as one compact line, without envelope.
    pub fn json_line(&mut self, line: &Value) -> &mut Self {
        let mut bytes = json::compact(line);
        bytes.push(b'\n');
        self.now_ms += LINE_STEP_MS;
        self.push_line(&bytes)
    }

    /// Appends bytes exactly as they are, as one line (whole if they end in a newline).
    pub(super) fn push_line(&mut self, bytes: &[u8]) -> &mut Self {
        // Bytes after a torn line belong to that line.
        if self.bytes.last().is_none_or(|byte| *byte == b'\n') {
            self.line_starts.push(self.bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Hands out an id in the builder's sequence.
    pub fn new_id(&mut self) -> String {
        self.ids.uuid_v7(self.now_ms)
    }

    /// Hands out a prefixed response item id and remembers it.
    pub(super) fn new_item_id(&mut self, prefix: &str) -> String {
        self.last_item_id = format!("{prefix}_{}", self.new_id());
        self.last_item_id.clone()
    }

    fn envelope(&mut self, kind: &str, payload: Value, metadata: Option<Value>) -> &mut Self {
        let mut line = Map::new();
        line.insert("timestamp".into(), json!(clock::line_time(self.now_ms)));
        if self.mode() == Mode::Paginated {
            match std::mem::replace(&mut self.ordinal_rule, NextOrdinal::Counted) {
                NextOrdinal::Counted => {
                    line.insert("ordinal".into(), json!(self.next_ordinal));
                    self.next_ordinal += 1;
                }
                NextOrdinal::Omitted => {}
                NextOrdinal::Forced(ordinal) => {
                    line.insert("ordinal".into(), json!(ordinal));
                }
            }
        }
        line.insert("type".into(), json!(kind));
        line.insert("payload".into(), payload);
        if let Some(metadata) = metadata {
            line.insert("metadata".into(), metadata);
        }
        self.json_line(&Value::Object(line))
    }
}
