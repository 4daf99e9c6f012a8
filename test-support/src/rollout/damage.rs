//! Everything that can go wrong with a line. Nothing here is ever written by a healthy writer.

use serde_json::{Value, json};

use super::{
    builder::{NextOrdinal, RolloutBuilder},
    header::Mode,
};

impl RolloutBuilder {
    /// Appends bytes exactly as they are: half a line, two lines, no newline.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.push_line(bytes)
    }

    /// Appends bytes and a newline.
    pub fn raw_line(&mut self, bytes: &[u8]) -> &mut Self {
        let mut line = bytes.to_vec();
        line.push(b'\n');
        self.push_line(&line)
    }

    /// A line with nothing but white space.
    pub fn blank_line(&mut self) -> &mut Self {
        self.raw_line(b"  ")
    }

    /// A whole line that is no JSON.
    pub fn garbage_line(&mut self) -> &mut Self {
        self.raw_line(b"{\"timestamp\":\"2026-03-02T09:00:00.000Z\",\"type\":\"event_msg\",\"payl")
    }

    /// A whole line that is no UTF-8.
    pub fn binary_line(&mut self) -> &mut Self {
        self.raw_line(&[0x00, 0xff, 0xfe, 0x80, b'{', 0xc3, 0x28])
    }

    /// A JSON line that is no object.
    pub fn scalar_line(&mut self) -> &mut Self {
        self.raw_line(b"42")
    }

    /// A record of a kind that nobody knows; in a paginated rollout it carries an ordinal.
    pub fn unknown_record(&mut self) -> &mut Self {
        if self.mode() == Mode::Bare {
            return self.json_line(&json!({ "type": "record_of_the_future", "answer": 42 }));
        }
        self.record("record_of_the_future", json!({ "answer": 42 }))
    }

    /// An event of a kind that nobody knows.
    pub fn unknown_event(&mut self) -> &mut Self {
        self.event(json!({ "type": "event_of_the_future", "answer": 42 }))
    }

    /// An item of a kind that nobody knows.
    pub fn unknown_item(&mut self) -> &mut Self {
        let id = self.new_id();
        self.item(json!({ "type": "ItemOfTheFuture", "id": id, "answer": 42 }))
    }

    /// A known line of `len` bytes in all, newline included: a raw user response item that no history shows.
    pub fn oversized_line(&mut self, len: usize) -> &mut Self {
        let before = self.bytes.len();
        let mut probe = self.clone();
        let empty = probe.message("user", "").bytes.len() - before;
        assert!(
            len >= empty,
            "a line of {len} bytes does not hold its own envelope of {empty}"
        );
        self.message("user", &"x".repeat(len - empty))
    }

    /// Ends the file inside a line: the first `keep` bytes of a known record, without newline.
    pub fn torn_tail(&mut self, keep: usize) -> &mut Self {
        let before = self.bytes.len();
        self.user_event_or_marker();
        assert!(
            keep < self.bytes.len() - before,
            "the line is shorter than {keep} bytes"
        );
        self.bytes.truncate(before + keep);
        self
    }

    /// Ends the file with a complete record that lacks only its newline.
    pub fn unterminated_tail(&mut self) -> &mut Self {
        self.user_event_or_marker();
        self.bytes.pop();
        self
    }

    /// Writes the next line without an ordinal; the counter stays.
    pub fn omit_next_ordinal(&mut self) -> &mut Self {
        self.ordinal_rule = NextOrdinal::Omitted;
        self
    }

    /// Writes the next line with this ordinal; the counter stays (duplicates, regressions).
    pub fn force_next_ordinal(&mut self, ordinal: u64) -> &mut Self {
        self.ordinal_rule = NextOrdinal::Forced(ordinal);
        self
    }

    /// Leaves a gap: the next line's ordinal is higher by `missing` than it should be.
    pub fn skip_ordinals(&mut self, missing: u64) -> &mut Self {
        self.next_ordinal += missing;
        self
    }

    fn user_event_or_marker(&mut self) {
        let marker: Value = json!({ "record_type": "state" });
        if self.mode() == Mode::Bare {
            self.json_line(&marker);
        } else {
            self.user_event("a message cut short");
        }
    }
}
