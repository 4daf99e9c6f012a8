//! Every payload kind survives decoding and encoding.
#![allow(
    clippy::unwrap_used,
    reason = "tests fail by panicking, in their small functions too"
)]

use std::collections::BTreeSet;

use codex_protocol::log::event::ItemCompletedEvent;
use codex_protocol::log::{EventMsg, LineHead, RolloutItem, RolloutLine, payload_tag, peek};
use serde_json::Value;

const TODAY: &str = include_str!("lines/today.jsonl");
const OLD: &str = include_str!("lines/old.jsonl");

fn decoded(line: &str) -> RolloutLine {
    RolloutLine::decode(line.as_bytes()).unwrap_or_else(|error| panic!("{error:?}: {line}"))
}

#[test]
fn decoded_lines_are_encoded_as_the_bytes_that_were_read() {
    for line in TODAY.lines().chain(OLD.lines()) {
        assert_eq!(String::from_utf8(decoded(line).encode()).unwrap(), line);
        // Foreign key order, spaces and unknown members are bytes like any other.
        let foreign = line.replacen("{\"timestamp\"", "{ \"zzz\" : 1.50, \"timestamp\"", 1);
        assert_eq!(String::from_utf8(decoded(&foreign).encode()).unwrap(), foreign);
    }
}

/// The short way to a completed item says what the general way says, or nothing.
#[test]
fn lines_that_complete_items_decode_the_same_both_ways() {
    let mut completed = 0;
    let mut check = |line: &str| {
        let item = RolloutLine::decode(line.as_bytes()).map(|line| line.item);
        let general = match item {
            Ok(RolloutItem::EventMsg(event)) => match *event {
                EventMsg::ItemCompleted(completed) => Some(completed),
                _ => None,
            },
            _ => None,
        };
        let short = ItemCompletedEvent::decode_line(line.as_bytes());
        if let Some(short) = &short {
            completed += 1;
            assert_eq!(Some(short), general.as_ref(), "{line}");
        }
        (short.is_some(), general.is_some())
    };
    for line in TODAY.lines().chain(OLD.lines()) {
        let (short, general) = check(line);
        assert_eq!(short, general, "{line}");
        check(&line.replacen("item_completed", "item_started", 1));
        check(&line.replacen("\"turn_id\"", "\"turn_id\":\"first\",\"turn_id\"", 1));
        check(&line.replacen("event_msg", "response_item", 1));
        check(&line.replacen("\"payload\":", "\"payload\":7,\"payload\":", 1));
        // The tag of the item written otherwise, elsewhere, or twice.
        for tag in [
            "\"item\":{ \"type\" : ",
            "\"item\":{\"type\":\"Plan\",\"type\":",
            "\"item\":{ \"type\":\"Plan\",\"type\":",
            "\"item\":{\"ty\\u0070e\":",
            "\"item\":{\"id\":\"first\",\"type\":",
            "\"item\":[],\"item\":{\"type\":",
        ] {
            check(&line.replacen("\"item\":{\"type\":", tag, 1));
        }
        check(&format!("{line}\n"));
        check(&line[..line.len() - 1]);
    }
    assert!(completed > 20, "{completed}");
}

#[test]
fn a_trailing_newline_is_not_part_of_the_line() {
    let line = TODAY.lines().next().unwrap();
    assert_eq!(decoded(&format!("{line}\n")).encode(), line.as_bytes());
}

/// The typed payloads lose nothing of what 0.169 writes: keys, order, floats.
#[test]
fn constructed_lines_are_written_as_codex_writes_them() {
    for line in TODAY.lines() {
        let read = decoded(line);
        let written = RolloutLine::new(read.timestamp, read.ordinal, read.item).encode();
        assert_eq!(String::from_utf8(written).unwrap(), line);
    }
}

#[test]
fn floats_keep_their_text_in_typed_payloads() {
    let mut seen = BTreeSet::new();
    for line in TODAY.lines() {
        let read = decoded(line);
        let written = RolloutLine::new(read.timestamp, read.ordinal, read.item).encode();
        let written = String::from_utf8(written).unwrap();
        seen.extend(
            ["12.5", "87.25", "1e-12", "1000000.0", "0.90", "1e-3"]
                .into_iter()
                .filter(|f| written.contains(*f)),
        );
    }
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        ["0.90", "1000000.0", "12.5", "1e-12", "1e-3", "87.25"]
    );
}

#[test]
fn lines_without_ordinal_have_no_such_key() {
    let line = decoded(TODAY.lines().find(|line| line.contains("context_compacted")).unwrap());
    assert_eq!(line.ordinal, None);
    let written = RolloutLine::new(line.timestamp, None, line.item).encode();
    assert!(!String::from_utf8(written).unwrap().contains("ordinal"));
}

#[test]
fn the_fixture_has_every_record_kind() {
    let kinds: BTreeSet<&str> = TODAY.lines().map(|line| decoded(line).item.kind()).collect();
    assert_eq!(kinds.len(), 13);
}

#[test]
fn old_shapes_decode_and_stay_readable_when_written_again() {
    for line in OLD.lines() {
        let read = decoded(line);
        let again = RolloutLine::new(read.timestamp.clone(), read.ordinal, read.item.clone()).encode();
        let again = String::from_utf8(again).unwrap();
        assert_eq!(decoded(&again).item, read.item, "{again}");
    }
}

#[test]
fn the_prefix_says_the_same_as_the_whole_line() {
    for line in TODAY.lines().chain(OLD.lines()) {
        let head = LineHead::parse(line.as_bytes()).unwrap();
        let seen = peek(line.as_bytes()).expect("the writers' key order");
        assert_eq!(Some(seen.timestamp), head.timestamp.as_deref());
        assert_eq!(seen.ordinal, head.ordinal);
        assert_eq!(seen.kind, head.kind);
        assert!(
            seen.payload_tag
                .is_none_or(|tag| payload_tag(head.payload).as_deref() == Some(tag))
        );
    }
}

#[test]
fn response_metadata_stands_beside_the_payload() {
    let line = TODAY.lines().find(|line| line.contains("\"metadata\":")).unwrap();
    let read = decoded(line);
    let RolloutItem::ResponseItem(response) = &read.item else {
        panic!("{line}")
    };
    let metadata: Value = response.metadata.as_ref().unwrap().parse().unwrap();
    assert_eq!(metadata["history_sequence"], 1);
}
