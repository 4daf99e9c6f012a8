//! Decoding errors in the words that the real server was recorded with.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::envelope::decode_params;
use super::initialize::InitializeParams;
use super::items::{ThreadItemsListCursor, ThreadItemsListParams, ThreadItemsReadParams};
use super::list::{ThreadListParams, ThreadLoadedListParams};
use super::search::{ThreadSearchOccurrencesParams, ThreadSearchParams};
use super::summary::GetConversationSummaryParams;
use super::thread::ThreadReadParams;
use super::timeline::ThreadTimelineListParams;
use super::turn::ThreadTurnsListParams;

#[track_caller]
fn check<P: DeserializeOwned>(params: Value, expected: &str) {
    let text = params.to_string();
    match decode_params::<P>(params) {
        Ok(_) => panic!("{text} was accepted"),
        Err(error) => assert_eq!(error.to_string(), expected, "{text}"),
    }
}

#[track_caller]
fn accepts<P: DeserializeOwned>(params: Value) -> P {
    decode_params(params.clone()).unwrap_or_else(|error| panic!("{params}: {error}"))
}

#[test]
fn wrong_values_are_named_as_serde_names_them() {
    check::<ThreadReadParams>(json!({}), "missing field `threadId`");
    check::<ThreadReadParams>(json!(5), "invalid type: integer `5`, expected struct ThreadReadParams");
    check::<ThreadReadParams>(json!({"threadId": 5}), "invalid type: integer `5`, expected a string");
    check::<ThreadReadParams>(
        json!({"threadId": "x", "includeTurns": null}),
        "invalid type: null, expected a boolean",
    );
    check::<ThreadTurnsListParams>(
        json!({"threadId": "x", "limit": -1}),
        "invalid value: integer `-1`, expected u32",
    );
    check::<ThreadTurnsListParams>(
        json!({"threadId": "x", "limit": "x"}),
        "invalid type: string \"x\", expected u32",
    );
    check::<ThreadTurnsListParams>(
        json!({"threadId": "x", "itemsView": "zz"}),
        "unknown variant `zz`, expected one of `notLoaded`, `summary`, `full`",
    );
    check::<ThreadTurnsListParams>(
        json!({"threadId": "x", "sortDirection": "zz"}),
        "unknown variant `zz`, expected `asc` or `desc`",
    );
    check::<ThreadListParams>(
        json!({"limit": 4_294_967_296_u64}),
        "invalid value: integer `4294967296`, expected u32",
    );
    check::<ThreadListParams>(
        json!({"limit": 1.5}),
        "invalid type: floating point `1.5`, expected u32",
    );
    check::<ThreadListParams>(
        json!({"limit": 1.0}),
        "invalid type: floating point `1.0`, expected u32",
    );
    check::<ThreadListParams>(
        json!({"sortKey": 5}),
        "invalid type: integer `5`, expected string or map",
    );
    check::<ThreadListParams>(
        json!({"sortKey": "createdAt"}),
        "unknown variant `createdAt`, expected one of `created_at`, `updated_at`, `recency_at`, `section_position`",
    );
    check::<ThreadListParams>(
        json!({"cwd": 5}),
        "data did not match any variant of untagged enum ThreadListCwdFilter",
    );
    check::<ThreadListParams>(json!({"sectionId": 5}), "invalid type: integer `5`, expected a string");
    check::<ThreadListParams>(
        json!({"useStateDbOnly": null}),
        "invalid type: null, expected a boolean",
    );
    check::<ThreadSearchParams>(json!({}), "missing field `searchTerm`");
    check::<ThreadSearchParams>(
        json!({"searchTerm": "x", "sortKey": "section_position"}),
        "unknown variant `section_position`, expected one of `created_at`, `updated_at`, `recency_at`",
    );
    check::<ThreadItemsReadParams>(
        json!({"threadId": "x", "turnId": "y", "itemIds": "a"}),
        "invalid type: string \"a\", expected a sequence",
    );
    check::<ThreadItemsListParams>(
        json!({"threadId": "x", "deferOutput": 5}),
        "invalid type: integer `5`, expected struct ThreadItemOutputDeferral",
    );
    for cursor in [json!(5), json!({"type": "item"}), json!({"type": "zz", "itemId": "a"})] {
        check::<ThreadItemsListParams>(
            json!({"threadId": "x", "cursor": cursor}),
            "data did not match any variant of untagged enum ThreadItemsListCursor",
        );
    }
    for params in [json!({}), json!([]), json!({"conversationId": "x"})] {
        check::<GetConversationSummaryParams>(
            params,
            "data did not match any variant of untagged enum GetConversationSummaryParams",
        );
    }
    check::<InitializeParams>(json!({}), "missing field `clientInfo`");
    check::<InitializeParams>(json!({"clientInfo": {"name": "x"}}), "missing field `version`");
    check::<InitializeParams>(
        json!({"clientInfo": {"name": "a", "version": "1"}, "capabilities": {"extensions": []}}),
        "invalid type: sequence, expected a map",
    );
}

#[test]
fn arrays_are_taken_by_position() {
    check::<ThreadReadParams>(
        json!([]),
        "invalid length 0, expected struct ThreadReadParams with 2 elements",
    );
    check::<ThreadReadParams>(
        json!(["a", true, 1]),
        "invalid length 3, expected 2 elements in sequence",
    );
    check::<ThreadListParams>(
        json!([]),
        "invalid length 2, expected struct ThreadListParams with 19 elements",
    );
    check::<ThreadLoadedListParams>(
        json!([]),
        "invalid length 0, expected struct ThreadLoadedListParams with 2 elements",
    );
    check::<ThreadSearchParams>(
        json!([]),
        "invalid length 2, expected struct ThreadSearchParams with 9 elements",
    );
    check::<ThreadSearchOccurrencesParams>(
        json!([]),
        "invalid length 0, expected struct ThreadSearchOccurrencesParams with 4 elements",
    );
    check::<ThreadTimelineListParams>(
        json!([]),
        "invalid length 0, expected struct ThreadTimelineListParams with 3 elements",
    );
    check::<ThreadItemsReadParams>(
        json!([]),
        "invalid length 0, expected struct ThreadItemsReadParams with 3 elements",
    );
    check::<ThreadItemsListParams>(
        json!([]),
        "invalid length 0, expected struct ThreadItemsListParams with 6 elements",
    );
    check::<ThreadTurnsListParams>(
        json!([]),
        "invalid length 0, expected struct ThreadTurnsListParams with 5 elements",
    );
    check::<InitializeParams>(
        json!([]),
        "invalid length 0, expected struct InitializeParams with 2 elements",
    );
    check::<InitializeParams>(
        json!({"clientInfo": []}),
        "invalid length 0, expected struct ClientInfo with 3 elements",
    );
    check::<InitializeParams>(
        json!({"clientInfo": {"name": "a", "version": "1"}, "capabilities": []}),
        "invalid length 5, expected struct InitializeCapabilities with 7 elements",
    );
    assert_eq!(accepts::<ThreadReadParams>(json!(["abc"])).thread_id, "abc");
    assert!(accepts::<ThreadReadParams>(json!(["abc", true])).include_turns);
    assert_eq!(
        accepts::<ThreadLoadedListParams>(json!([null, null])),
        ThreadLoadedListParams::default()
    );
}

#[test]
fn absent_and_null_differ_for_sections_and_projects() {
    assert_eq!(accepts::<ThreadListParams>(json!({})).section_id, None);
    assert_eq!(
        accepts::<ThreadListParams>(json!({"sectionId": null})).section_id,
        Some(None)
    );
    assert_eq!(
        accepts::<ThreadListParams>(json!({"sectionId": "s"})).section_id,
        Some(Some("s".to_owned()))
    );
    assert_eq!(
        accepts::<ThreadListParams>(json!({"projectId": null})).project_id,
        Some(None)
    );
}

#[test]
fn unknown_members_are_ignored() {
    let params = accepts::<ThreadItemsListParams>(json!({"threadId": "x", "bogus": 1, "cursor": "c"}));
    assert_eq!(params.cursor, Some(ThreadItemsListCursor::Text("c".to_owned())));
}
