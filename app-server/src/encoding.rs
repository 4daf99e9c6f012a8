//! Encodes answers that carry many turns: in two halves at the same time, or turn by turn while they are read.
//!
//! Saves time and memory and nothing else: the bytes are those of `session::encode_result`. Knows no store but its sink.

use std::sync::{Arc, Mutex, PoisonError};

use codex_protocol::rpc::envelope::RequestId;
use codex_protocol::rpc::thread::ThreadReadResponse;
use codex_protocol::rpc::turn::{ThreadTurnsListResponse, Turn};
use codex_thread_store::{TurnRecord, TurnSink};

use crate::convert;
use crate::rpc_error::RpcError;
use crate::session::{encode_error, encode_result};

/// Items of a page from which on its halves are encoded at the same time: below, handing one over costs more than it saves.
const MIN_ITEMS_OF_HALVES: usize = 96;

/// Encodes a page of turns.
pub(crate) async fn turns_page(id: RequestId, mut page: ThreadTurnsListResponse) -> Vec<u8> {
    let second = second_half(&mut page.data);
    if second.is_empty() {
        return encode_result(id, &page);
    }
    let second = tokio::spawn(async move { encode_turns(&second) });
    let first = encode_turns(&std::mem::take(&mut page.data));
    let Ok(second) = second.await else {
        return encode_error(id, RpcError::internal("a part of the answer could not be encoded"));
    };
    let empty = encode_result(id, &page);
    let (before, after) = around_list(&empty, "\"data\":[]");
    // With room for the end of the line.
    let mut message = Vec::with_capacity(empty.len() + first.len() + second.len() + 2);
    for part in [before, &first, b",", &second, after] {
        message.extend_from_slice(part);
    }
    message
}

/// Takes off the turns that make up the second half of the items; none where there are too few of them, or of turns.
fn second_half(turns: &mut Vec<Turn>) -> Vec<Turn> {
    let all: usize = turns.iter().map(|turn| turn.items.len()).sum();
    if all < MIN_ITEMS_OF_HALVES {
        return Vec::new();
    }
    let mut seen = 0;
    let middle = turns.iter().position(|turn| {
        seen += turn.items.len();
        seen * 2 >= all
    });
    turns.split_off(middle.map_or(turns.len(), |at| at + 1))
}

/// Encodes turns as they stand in a list, without its brackets.
fn encode_turns(turns: &[Turn]) -> Vec<u8> {
    let mut list = Vec::new();
    turns.iter().for_each(|turn| push_turn(&mut list, turn));
    list
}

fn push_turn(list: &mut Vec<u8>, turn: &Turn) {
    if !list.is_empty() {
        list.push(b',');
    }
    serde_json::to_writer(list, turn)
        .expect("wire types serialise: text keys and no failing impls; memory takes every byte");
}

/// The turns of a thread in their list, encoded while they are read.
#[derive(Debug, Default)]
pub(crate) struct EncodedTurns(Vec<u8>);

impl EncodedTurns {
    /// Takes out what was encoded.
    pub(crate) fn take_from(shared: &Arc<Mutex<Self>>) -> Self {
        std::mem::take(&mut *shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Completes the answer to `thread/read`, whose own list of turns is empty: it grows around the turns, which are not copied.
    pub(crate) fn into_answer(self, id: RequestId, response: &ThreadReadResponse) -> Vec<u8> {
        let empty = encode_result(id, response);
        let (before, after) = around_list(&empty, "\"turns\":[]");
        let mut message = self.0;
        message.extend_from_slice(after);
        message.splice(0..0, before.iter().copied());
        message
    }
}

impl TurnSink for EncodedTurns {
    fn begin(&mut self) {
        self.0.clear();
    }

    fn take(&mut self, turn: TurnRecord) {
        push_turn(&mut self.0, &convert::turn(turn));
    }
}

/// Splits an answer inside its empty list, which is the last member of this name. What follows it are texts and numbers, and a
/// text cannot have the name in its quotes.
fn around_list<'a>(message: &'a [u8], list: &str) -> (&'a [u8], &'a [u8]) {
    let text = std::str::from_utf8(message).expect("JSON is text");
    let at = text.rfind(list).expect("the answer has the list");
    message.split_at(at + list.len() - 1)
}

#[cfg(test)]
#[path = "encoding_tests.rs"]
mod encoding_tests;
