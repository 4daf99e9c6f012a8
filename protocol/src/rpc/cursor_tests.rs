//! Cursor texts byte for byte as Codex writes them.

use super::{
    CursorScope, HistoryCursor, LegacyTurnCursor, OccurrenceCursor, TimelineCursor, decode_cursor, encode_cursor,
};

fn history(scope: CursorScope, offset: Option<u64>) -> HistoryCursor {
    let requested_thread_id = "T".to_owned();
    HistoryCursor {
        requested_thread_id,
        rollout_ordinal: 9,
        include_anchor: false,
        scope,
        offset,
    }
}

#[test]
fn positions_are_written_in_codexs_key_order() {
    assert_eq!(
        encode_cursor(&history(CursorScope::Turns, None)),
        r#"{"requestedThreadId":"T","rolloutOrdinal":9,"includeAnchor":false,"scope":{"kind":"turns"}}"#
    );
    assert_eq!(
        encode_cursor(&history(CursorScope::ItemsByCreatedAtOrdinal, Some(70))),
        r#"{"requestedThreadId":"T","rolloutOrdinal":9,"includeAnchor":false,"scope":{"kind":"itemsByCreatedAtOrdinal"},"offset":70}"#
    );
    let legacy = LegacyTurnCursor {
        turn_id: "t".to_owned(),
        include_anchor: true,
    };
    assert_eq!(encode_cursor(&legacy), r#"{"turnId":"t","includeAnchor":true}"#);
    let occurrence = OccurrenceCursor {
        thread_id: "T".to_owned(),
        search_term: "a\"b".to_owned(),
        next_rollout_ordinal: 3,
        next_occurrence_index: 1,
        offset: None,
    };
    assert_eq!(
        encode_cursor(&occurrence),
        r#"{"threadId":"T","searchTerm":"a\"b","nextRolloutOrdinal":3,"nextOccurrenceIndex":1}"#
    );
    let timeline = TimelineCursor {
        thread_id: "T".to_owned(),
        position: 51,
        kind: 1,
        id: "i".to_owned(),
        offset: None,
    };
    assert_eq!(
        encode_cursor(&timeline),
        r#"{"threadId":"T","position":51,"kind":1,"id":"i"}"#
    );
}

#[test]
fn hand_made_cursors_are_read_with_any_spacing() {
    let text =
        r#"{ "scope": {"kind": "turns"}, "requestedThreadId": "T", "rolloutOrdinal": 9, "includeAnchor": false }"#;
    assert_eq!(decode_cursor(text), Some(history(CursorScope::Turns, None)));
}

#[test]
fn other_texts_are_no_cursors() {
    let negative = r#"{"requestedThreadId":"T","rolloutOrdinal":-1,"includeAnchor":false,"scope":{"kind":"turns"}}"#;
    for text in ["", "garbage", "{}", "5", negative, r#"{"turnId":"t"}"#] {
        assert_eq!(decode_cursor::<HistoryCursor>(text), None, "{text}");
        assert_eq!(decode_cursor::<LegacyTurnCursor>(text), None, "{text}");
        assert_eq!(decode_cursor::<OccurrenceCursor>(text), None, "{text}");
        assert_eq!(decode_cursor::<TimelineCursor>(text), None, "{text}");
    }
}
