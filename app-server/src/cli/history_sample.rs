//! Answers of `history/search` for tests of the command line.

use codex_protocol::rpc::history::{
    HistorySearchHit, HistorySearchPlace, HistorySearchResponse, HistorySearchThread, HistoryTextKind,
};
use codex_protocol::rpc::search::ThreadSearchTextRange;
use serde_json::json;

/// A hit of `item_id` whose snippet has its last occurrence of `needle` highlighted, if there is one.
pub(in crate::cli) fn hit(item_id: &str, snippet: &str) -> HistorySearchHit {
    let units = |bytes: usize| u32::try_from(snippet[..bytes].encode_utf16().count()).expect("short");
    let found = snippet.rfind("needle");
    HistorySearchHit {
        kind: HistoryTextKind::Message,
        score: 1.0,
        snippet: snippet.to_owned(),
        highlights: found
            .map(|at| ThreadSearchTextRange {
                start: units(at),
                end: units(at + "needle".len()),
            })
            .into_iter()
            .collect(),
        match_range: ThreadSearchTextRange { start: 0, end: 0 },
        at: 1_790_000_000,
        place: Some(HistorySearchPlace {
            turn_id: "turn".to_owned(),
            item_id: item_id.to_owned(),
            turn_cursor: None,
            item_cursor: "cursor".to_owned(),
        }),
    }
}

/// A thread named by its number, with hits.
pub(in crate::cli) fn thread(number: usize, hits: Vec<HistorySearchHit>) -> HistorySearchThread {
    let thread = json!({
        "id": format!("01a0c400-0000-7000-8000-{number:012x}"), "name": format!("thread {number}"),
        "sessionId": "", "preview": "", "ephemeral": false, "historyMode": "paginated", "modelProvider": "mock",
        "createdAt": 1_790_000_000, "updatedAt": 1_790_000_000, "status": {"type": "notLoaded"}, "cwd": "/home/ada",
        "cliVersion": "", "source": "cli", "turns": [],
    });
    HistorySearchThread {
        thread: serde_json::from_value(thread).expect("a thread"),
        score: 1.0,
        matched: hits.len() as u64,
        hits,
    }
}

/// An answer with these threads and nothing more.
pub(in crate::cli) fn response(data: Vec<HistorySearchThread>) -> HistorySearchResponse {
    HistorySearchResponse {
        next_cursor: None,
        thread_count: data.len() as u64,
        hit_count: data.iter().map(|thread| thread.matched).sum(),
        facets: None,
        incomplete: None,
        data,
    }
}
