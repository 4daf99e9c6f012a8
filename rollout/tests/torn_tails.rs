//! Resuming any end of a log: whatever was whole stays, numbers are never given out twice, fragments are kept.

#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[path = "recorder/support.rs"]
mod support;

use std::path::Path;

use codex_protocol::log::HistoryMode;
use codex_rollout::fs::{LogFs, SimFs};
use codex_rollout::recorder::{KEPT_ASIDE_FOLDER, TornTailRule};
use proptest::prelude::*;
use support::{HOME, NOW_MS, PATH, meta_line, note, note_line, resume_with};

/// One line, whole or not, known or not.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let ordinal = prop_oneof![3 => (0_u64..40).prop_map(Some), 1 => Just(None)];
    prop_oneof![
        5 => (ordinal.clone(), 0_u64..9).prop_map(|(ordinal, number)| note_line(ordinal, number).into_bytes()),
        1 => ordinal.prop_map(|ordinal| support::line(ordinal, "of_the_future", "{}").into_bytes()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"garbage {\n".to_vec()),
        1 => Just(vec![0, 0, 0, b'\n']),
        1 => Just(vec![0xff, 0xfe, b'\n']),
        1 => Just(b"{\"ordinal\":30,\"cut\n".to_vec()),
    ]
}

/// A log whose head is whole and whose end is cut somewhere, or followed by zeros as after a power loss.
fn any_log() -> impl Strategy<Value = Vec<u8>> {
    let lines = proptest::collection::vec(any_line(), 0..8);
    (lines, any::<prop::sample::Index>(), 0_usize..20).prop_map(|(lines, cut, zeros)| {
        let mut log = meta_line(HistoryMode::Paginated, Some(0)).into_bytes();
        let head_len = log.len();
        log.extend(lines.concat());
        log.truncate(head_len + cut.index(log.len() - head_len + 1));
        log.extend(vec![0; zeros.saturating_sub(10)]);
        log
    })
}

/// Every ordinal that a decodable line of the log claims.
fn claimed(log: &[u8]) -> Vec<u64> {
    let lines = log.split(|byte| *byte == b'\n');
    let values = lines.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    values.filter_map(|value| value.get("ordinal")?.as_u64()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_end_of_a_log_is_continued_safely(log in any_log(), cut in any::<bool>()) {
        let rule = if cut { TornTailRule::CutAside } else { TornTailRule::TerminateInPlace };
        let fs = SimFs::new();
        fs.put(Path::new(PATH), &log).expect("in memory");
        drop(resume_with(&fs, Path::new(PATH), rule).expect("resumes"));
        prop_assert_eq!(&fs.bytes(Path::new(PATH)).expect("file"), &log, "opening changes nothing");

        let mut writer = resume_with(&fs, Path::new(PATH), rule).expect("resumes").writer;
        let ack = writer.append(&[note(77)], NOW_MS).expect("appends");
        let after = fs.bytes(Path::new(PATH)).expect("file");
        let ordinal = ack.ordinals.expect("paginated").first;

        // What was before is there, or is a fragment kept aside.
        let kept = match writer.torn_tail() {
            Some(torn) => {
                prop_assert!(cut);
                let offset = torn.offset as usize;
                let kept = fs.bytes(torn.kept_aside.as_ref().expect("kept")).expect("kept");
                prop_assert_eq!(&kept[..], &log[offset..]);
                prop_assert!(serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&kept).is_err());
                offset
            }
            None => {
                prop_assert!(fs.read_dir(&Path::new(HOME).join(KEPT_ASIDE_FOLDER)).is_err());
                log.len()
            }
        };
        prop_assert_eq!(&after[..kept], &log[..kept]);
        let written = &after[kept..];
        let line = note_line(Some(ordinal), 77).into_bytes();
        prop_assert!(written == line || written == [b"\n", &line[..]].concat());
        prop_assert!(kept == 0 || after[..after.len() - line.len()].ends_with(b"\n"));

        // Numbers: above every one that a reader may have accepted, and no higher than that asks for.
        let highest = claimed(&log).into_iter().max().expect("the head has one");
        prop_assert_eq!(ordinal, highest + 1);

        // Once more: the log is whole now.
        drop(writer);
        let again = resume_with(&fs, Path::new(PATH), rule).expect("resumes").writer;
        prop_assert_eq!(again.next_ordinal(), Some(ordinal + 1));
        prop_assert!(again.torn_tail().is_none());
    }
}
