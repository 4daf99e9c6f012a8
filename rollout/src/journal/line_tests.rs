//! The frame of a journal line and its checksum.

use codex_protocol::log::RawJson;

use super::*;
use crate::journal::FactKind;

fn fact(value: &str) -> JournalFact {
    JournalFact {
        kind: FactKind::ThreadName,
        thread_id: Some("01a20235-994b-7d00-be10-0c5c1ecfe4fb".parse().unwrap()),
        key: None,
        at_ms: 7,
        value: RawJson::from_text(value.to_owned()).unwrap(),
    }
}

#[test]
fn a_fact_reads_back_as_it_was_written() {
    let line = encode_fact(&fact(r#"{"name":"caf\u00e9","x":1e-12}"#)).unwrap();
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
    insta::assert_snapshot!(std::str::from_utf8(&line).unwrap());
    let decoded = decode_fact(line.strip_suffix(b"\n").unwrap()).unwrap();
    assert_eq!(decoded, fact(r#"{"name":"caf\u00e9","x":1e-12}"#));
}

#[test]
fn every_changed_byte_is_noticed() {
    let line = encode_fact(&fact(r#""name""#)).unwrap();
    let line = line.strip_suffix(b"\n").unwrap();
    for at in 0..line.len() {
        let mut changed = line.to_vec();
        changed[at] ^= 1;
        assert_eq!(decode_fact(&changed), None, "byte {at}");
        assert_eq!(decode_fact(&line[..at]), None, "cut at {at}");
    }
}

#[test]
fn an_unknown_kind_is_kept() {
    let mut stored = fact("1");
    stored.kind = FactKind::Other("pin".to_owned());
    let line = encode_fact(&stored).unwrap();
    assert_eq!(decode_fact(&line[..line.len() - 1]), Some(stored));
}

#[test]
fn a_fact_over_the_limit_is_refused() {
    let longest = |len: usize| fact(&format!("\"{}\"", "x".repeat(len)));
    let frame = encode_fact(&longest(0)).unwrap().len() - BEFORE_SUM.len() - SUM_LEN - BEFORE_FACT.len() - 2;
    let room = MAX_FACT_BYTES as usize - frame;
    let line = encode_fact(&longest(room)).unwrap();
    assert!(line.len() as u64 - 1 <= MAX_JOURNAL_LINE_BYTES);
    assert!(encode_fact(&longest(room + 1)).is_err());
}
