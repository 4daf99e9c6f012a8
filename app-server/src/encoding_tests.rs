//! However an answer with many turns is put together, its bytes are those of the plain encoding.

use codex_protocol::item::{ContextCompactionThreadItem, PlanThreadItem, ThreadItem, TimedItem, TurnStatus};
use codex_protocol::rpc::envelope::RequestId;
use codex_protocol::rpc::thread::{Thread, ThreadReadResponse, ThreadReadState, ThreadUnreadPosition};
use codex_protocol::rpc::turn::ThreadTurnsListResponse;
use codex_thread_store::{ItemsView, Position, TurnRecord, TurnSink};
use serde_json::json;

use super::{EncodedTurns, MIN_ITEMS_OF_HALVES, turns_page};
use crate::convert;
use crate::session::encode_result;

/// Looks like what the answer is split at, wherever texts are.
const TRAP: &str = "\"turns\":[],\"data\":[]";

fn turn(number: usize, items: usize) -> TurnRecord {
    let item = |at: usize| TimedItem {
        item: match at % 2 {
            0 => ThreadItem::Plan(PlanThreadItem {
                id: format!("item-{at}"),
                text: format!("{TRAP} \u{1f980}\n"),
            }),
            _ => ThreadItem::ContextCompaction(ContextCompactionThreadItem { id: TRAP.to_owned() }),
        },
        started_at_ms: at.is_multiple_of(3).then_some(7),
        completed_at_ms: None,
    };
    TurnRecord {
        turn_id: format!("turn {number}"),
        root_turn_id: None,
        position: Position {
            ordinal: 0,
            offset: None,
            unambiguous: false,
        },
        status: TurnStatus::Completed,
        error: None,
        started_at: Some(1),
        completed_at: None,
        duration_ms: None,
        items: (0..items).map(item).collect(),
        items_view: ItemsView::Full,
    }
}

fn id() -> RequestId {
    serde_json::from_value(json!(TRAP)).expect("an id")
}

#[tokio::test]
async fn pages_in_halves_are_what_they_are_in_one_piece() {
    let many = MIN_ITEMS_OF_HALVES;
    for counts in [
        vec![],
        vec![0],
        vec![many - 1],
        vec![many],
        vec![many, 0],
        vec![0, many],
        vec![1, many],
        vec![many / 2; 3],
        vec![13; 20],
    ] {
        let turns = counts.iter().enumerate().map(|(at, items)| turn(at, *items));
        let page = ThreadTurnsListResponse {
            data: turns.map(convert::turn).collect(),
            next_cursor: Some(TRAP.to_owned()),
            backwards_cursor: None,
        };
        let plain = encode_result(id(), &page);
        assert_eq!(turns_page(id(), page).await, plain, "{counts:?}");
    }
}

#[test]
fn a_thread_encoded_turn_by_turn_is_what_it_is_in_one_piece() {
    let thread: Thread = serde_json::from_value(json!({
        "id": "t", "extra": { "turns": [] }, "sessionId": "t", "preview": TRAP, "ephemeral": false, "historyMode": "legacy",
        "modelProvider": "p", "createdAt": 1, "updatedAt": 2, "status": { "type": "notLoaded" }, "cwd": "/", "cliVersion": "",
        "source": "cli", "turns": []
    }))
    .expect("a thread");
    for counts in [vec![], vec![0, 0], vec![1, 0, 3]] {
        let turns = || counts.iter().enumerate().map(|(at, items)| turn(at, *items));
        let mut response = ThreadReadResponse {
            thread: thread.clone(),
            read_state: Some(ThreadReadState {
                first_unread: Some(ThreadUnreadPosition::Turn {
                    turn_id: TRAP.to_owned(),
                }),
                revision: TRAP.to_owned(),
            }),
        };
        let mut encoded = EncodedTurns::default();
        encoded.take(turn(9, 2));
        encoded.begin();
        turns().for_each(|turn| encoded.take(turn));
        let answer = encoded.into_answer(id(), &response);
        response.thread.turns = turns().map(convert::turn).collect();
        assert_eq!(answer, encode_result(id(), &response), "{counts:?}");
    }
}
