//! One writer and one rollout: creation, resume and failures, rule by rule.

#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[path = "recorder/support.rs"]
mod support;

use std::io;
use std::path::Path;
use std::sync::Arc;

use codex_protocol::log::{HistoryBase, HistoryMode};
use codex_rollout::fs::{Fault, FaultFs, FsOp, LogFs, SimFs};
use codex_rollout::locks::WriterLocks;
use codex_rollout::recorder::{
    Durability, EncodedItem, KEPT_ASIDE_FOLDER, NewRollout, OrdinalRange, RolloutWriter, TornTailRule, WriteError,
    WriterState,
};
use codex_rollout::tail::TailState;
use support::{
    HOME, NOW_MS, PATH, THREAD, create, lease, meta, meta_line, new_rollout, note, note_line, resume, resume_with,
    rollout, text,
};

fn put(fs: &SimFs, text: &str) {
    fs.put(Path::new(PATH), text.as_bytes()).expect("in memory");
}

/// Resumes `before`, appends one item, and compares the whole file.
fn check_resume(before: &str, expected: &str) {
    let fs = SimFs::new();
    put(&fs, before);
    let mut writer = resume(&fs, Path::new(PATH)).expect("resumes");
    writer.append(&[note(9)], NOW_MS).expect("appends");
    assert_eq!(text(&fs), expected);
}

#[test]
fn nothing_exists_before_the_first_append() {
    let fs = SimFs::new();
    let mut writer = create(&fs, HistoryMode::Paginated).expect("prepares");
    writer.append(&[], NOW_MS).expect("nothing to do");
    writer.sync().expect("nothing to do");
    assert_eq!((writer.path(), writer.state()), (Path::new(PATH), WriterState::Pending));
    drop(writer);
    assert!(fs.read_dir(Path::new("/home/sessions")).is_err());
}

#[test]
fn a_paginated_rollout_counts_from_its_session_metadata() {
    let fs = SimFs::new();
    let mut writer = create(&fs, HistoryMode::Paginated).expect("prepares");
    let first = writer.append(&[note(1), note(2)], NOW_MS).expect("appends");
    let second = writer.append(&[note(3)], NOW_MS).expect("appends");
    assert_eq!(text(&fs), rollout(3));
    assert_eq!(first.ordinals, Some(OrdinalRange { first: 1, next: 3 }));
    assert_eq!(second.ordinals, Some(OrdinalRange { first: 3, next: 4 }));
    let meta_len = meta_line(HistoryMode::Paginated, Some(0)).len() as u64;
    let line_len = note_line(Some(1), 1).len() as u64;
    assert_eq!(first.bytes, Some(meta_len..meta_len + 2 * line_len));
    assert_eq!(second.bytes, Some(meta_len + 2 * line_len..meta_len + 3 * line_len));
    assert_eq!((first.line_count, first.durability), (2, Durability::Written));
}

#[test]
fn a_legacy_rollout_has_no_ordinal_on_any_line() {
    let fs = SimFs::new();
    let mut writer = create(&fs, HistoryMode::Legacy).expect("prepares");
    let ack = writer.append(&[note(1)], NOW_MS).expect("appends");
    assert_eq!(ack.ordinals, None);
    assert_eq!(text(&fs), meta_line(HistoryMode::Legacy, None) + &note_line(None, 1));
    assert!(!text(&fs).contains("ordinal"));
}

#[test]
fn an_inheriting_rollout_starts_at_the_cut_and_goes_on_when_resumed() {
    let fs = SimFs::new();
    let mut new = new_rollout(HistoryMode::Paginated);
    new.meta.history_base = Some(HistoryBase {
        thread_id: new.rollout_id,
        end_ordinal_exclusive: 41,
        end_byte_offset: 7,
    });
    let mut writer = RolloutWriter::create(Arc::new(fs.clone()), Path::new(HOME), lease(&fs), new).expect("prepares");
    writer.persist(NOW_MS).expect("writes the metadata");
    assert!(text(&fs).starts_with(r#"{"timestamp":"2026-03-02T09:00:00.000Z","ordinal":41,"type":"session_meta""#));
    drop(writer);
    let mut writer = resume(&fs, Path::new(PATH)).expect("resumes");
    let ack = writer.append(&[note(1), note(2)], NOW_MS).expect("appends");
    assert_eq!(ack.ordinals, Some(OrdinalRange { first: 42, next: 44 }));
}

#[test]
fn a_revision_has_both_ids_in_its_name_and_the_thread_in_its_metadata() {
    let mut new = new_rollout(HistoryMode::Paginated);
    new.rollout_id = "01a20235-aaaa-7d00-be10-0c5c1ecfe4fb".parse().expect("id");
    let path = new.path(Path::new(HOME)).expect("path");
    let name = path.file_name().expect("name").to_string_lossy().into_owned();
    assert_eq!(
        name,
        format!("rollout-2026-03-02T09-00-00-{THREAD}_01a20235-aaaa-7d00-be10-0c5c1ecfe4fb.jsonl")
    );
}

#[test]
fn the_ordinal_goes_on_after_a_gap() {
    let before = meta_line(HistoryMode::Paginated, Some(0)) + &note_line(Some(4), 1);
    check_resume(&before, &(before.clone() + &note_line(Some(5), 9)));
}

#[test]
fn a_complete_last_line_without_newline_is_kept_and_counted() {
    let whole = rollout(5);
    check_resume(whole.trim_end(), &(whole.clone() + &note_line(Some(6), 9)));
}

#[test]
fn ordinals_of_unknown_kinds_are_not_given_out_again() {
    let unknown = r#"{"timestamp":"t","ordinal":16,"type":"of_the_future","payload":{}}"#.to_owned() + "\n";
    let before = rollout(3) + &unknown + "garbage\n\n";
    check_resume(&before, &(before.clone() + &note_line(Some(17), 9)));
}

#[test]
fn an_unknown_last_line_without_newline_is_kept_and_counted() {
    let unknown = r#"{"timestamp":"t","ordinal":16,"type":"of_the_future","payload":{}}"#;
    let before = rollout(3) + unknown;
    check_resume(&before, &(before.clone() + "\n" + &note_line(Some(17), 9)));
}

#[test]
fn a_higher_ordinal_before_the_last_line_counts() {
    let before = rollout(3) + &note_line(Some(20), 1) + &note_line(Some(14), 2);
    check_resume(&before, &(before.clone() + &note_line(Some(21), 9)));
}

#[test]
fn a_last_line_without_ordinal_does_not_stop_the_writer() {
    let before = rollout(3) + &note_line(None, 1);
    check_resume(&before, &(before.clone() + &note_line(Some(4), 9)));
}

#[test]
fn an_empty_file_goes_on_as_a_legacy_one() {
    check_resume("", &note_line(None, 9));
}

#[test]
fn trailing_white_space_is_ended_by_a_newline() {
    let before = rollout(1) + "  ";
    check_resume(&before, &(before.clone() + "\n" + &note_line(Some(2), 9)));
}

#[test]
fn a_torn_tail_is_cut_and_kept_aside() {
    let fs = SimFs::new();
    let torn = r#"{"timestamp":"t","ordinal":5,"type":"event"#;
    put(&fs, &(rollout(4) + torn));
    let mut writer = resume(&fs, Path::new(PATH)).expect("resumes");
    assert_eq!(text(&fs), rollout(4) + torn, "opening changes nothing");
    let offset = rollout(4).len() as u64;
    let found = writer.torn_tail().expect("torn").clone();
    assert_eq!(
        (found.offset, found.len, found.kept_aside),
        (offset, torn.len() as u64, None)
    );
    writer.append(&[note(5)], NOW_MS).expect("appends");
    assert_eq!(text(&fs), rollout(5));
    let kept = writer
        .torn_tail()
        .and_then(|torn| torn.kept_aside.clone())
        .expect("kept");
    assert!(kept.starts_with(Path::new(HOME).join(KEPT_ASIDE_FOLDER)));
    assert_eq!(fs.bytes(&kept).expect("kept"), torn.as_bytes());
}

#[test]
fn a_torn_tail_that_may_not_be_cut_becomes_an_invalid_line() {
    let fs = SimFs::new();
    let before = rollout(4) + r#"{"timestamp":"t","ordinal":5,"#;
    put(&fs, &before);
    let resumed = resume_with(&fs, Path::new(PATH), TornTailRule::TerminateInPlace).expect("resumes");
    assert!(matches!(resumed.report.state, TailState::Torn { .. }));
    let mut writer = resumed.writer;
    writer.append(&[note(9)], NOW_MS).expect("appends");
    assert_eq!(text(&fs), before + "\n" + &note_line(Some(5), 9));
    assert!(fs.read_dir(&Path::new(HOME).join(KEPT_ASIDE_FOLDER)).is_err());
}

#[test]
fn the_last_ordinal_is_never_used_up() {
    let fs = SimFs::new();
    let before = meta_line(HistoryMode::Paginated, Some(0)) + &note_line(Some(u64::MAX), 1);
    put(&fs, &before);
    let mut writer = resume(&fs, Path::new(PATH)).expect("resumes");
    let error = writer.append(&[note(9)], NOW_MS).expect_err("no ordinal left");
    assert!(matches!(error, WriteError::OrdinalsExhausted { line_count: 1, .. }));
    assert_eq!((text(&fs), writer.state()), (before, WriterState::Open));
}

#[test]
fn a_sub_agent_whose_copied_context_is_incomplete_does_not_resume() {
    let fs = SimFs::new();
    let mut new = new_rollout(HistoryMode::Paginated);
    new.meta.subagent_history_start_ordinal = Some(4);
    let mut writer = RolloutWriter::create(Arc::new(fs.clone()), Path::new(HOME), lease(&fs), new).expect("prepares");
    writer.append(&[note(1), note(2)], NOW_MS).expect("appends");
    drop(writer);
    let error = resume(&fs, Path::new(PATH)).expect_err("ends before ordinal 3");
    assert!(matches!(
        error,
        WriteError::IncompletePrefix {
            last_ordinal: Some(2),
            subagent_start_ordinal: 4,
            ..
        }
    ));
}

#[test]
fn a_rollout_of_another_thread_is_refused() {
    let fs = SimFs::new();
    let line = meta_line(HistoryMode::Legacy, None).replace(THREAD, "01a20235-bbbb-7d00-be10-0c5c1ecfe4fb");
    put(&fs, &line);
    let error = resume(&fs, Path::new(PATH)).expect_err("other thread");
    assert!(matches!(error, WriteError::OtherThread { .. }));
}

#[test]
fn rollouts_without_envelopes_or_head_are_refused() {
    let fs = SimFs::new();
    put(
        &fs,
        "{\"id\":\"01a20235-994b-7d00-be10-0c5c1ecfe4fb\",\"timestamp\":\"t\"}\n",
    );
    assert!(matches!(resume(&fs, Path::new(PATH)), Err(WriteError::Bare { .. })));
    put(&fs, "garbage\n");
    assert!(matches!(resume(&fs, Path::new(PATH)), Err(WriteError::Head(_))));
}

#[test]
fn opening_for_resume_leaves_the_time_and_a_write_moves_it() {
    let fs = SimFs::new();
    put(&fs, &rollout(1));
    let before = fs.stat(Path::new(PATH)).expect("file");
    let mut writer = resume(&fs, Path::new(PATH)).expect("resumes");
    assert_eq!(fs.stat(Path::new(PATH)).expect("file"), before);
    writer.append(&[note(2)], NOW_MS).expect("appends");
    assert!(fs.stat(Path::new(PATH)).expect("file").mtime_ns > before.mtime_ns);
}

#[test]
fn a_compressed_rollout_becomes_plain_and_keeps_its_time() {
    let fs = SimFs::new();
    let compressed = Path::new(PATH).with_extension("jsonl.zst");
    let bytes = zstd::stream::encode_all(rollout(3).as_bytes(), 3).expect("in memory");
    fs.put(&compressed, &bytes).expect("in memory");
    let before = fs.stat(&compressed).expect("file");
    let mut writer = resume(&fs, &compressed).expect("resumes");
    assert_eq!(text(&fs), rollout(3));
    assert_eq!(fs.stat(Path::new(PATH)).expect("file").mtime_ns, before.mtime_ns);
    let folder = Path::new(PATH).parent().expect("folder");
    assert_eq!(
        fs.read_dir(folder).expect("folder").len(),
        1,
        "neither .zst nor temporary file"
    );
    writer.append(&[note(4)], NOW_MS).expect("appends");
    assert_eq!(text(&fs), rollout(4));
}

#[test]
fn a_line_that_readers_would_not_accept_is_refused_with_its_index() {
    let fs = SimFs::new();
    let mut writer = create(&fs, HistoryMode::Paginated).expect("prepares");
    let text = "x".repeat(codex_rollout::limits::MAX_LINE_BYTES as usize);
    let long = support::item(&format!(r#"{{"type":"agent_reasoning","text":"{text}"}}"#));
    let error = writer.append(&[note(1), long], NOW_MS).expect_err("too long");
    assert!(matches!(error, WriteError::LineTooLong { index: 1, .. }));
    assert_eq!(writer.state(), WriterState::Pending);
}

#[test]
fn a_full_disk_leaves_nothing_of_the_batch_and_the_retry_writes_it_once() {
    let fs = SimFs::new();
    let mut writer = create(&fs, HistoryMode::Paginated).expect("prepares");
    writer.append(&[note(1)], NOW_MS).expect("appends");
    let lines = note_line(Some(2), 2).len() as u64;
    for free_bytes in 0..2 * lines {
        fs.set_free_bytes(Some(free_bytes));
        let error = writer.append(&[note(2), note(3)], NOW_MS).expect_err("full");
        assert!(error.is_storage_full(), "{error}");
        assert_eq!(text(&fs), rollout(1), "all or nothing");
        let refused = writer.append(&[note(2)], NOW_MS).expect_err("poisoned");
        assert!(matches!(refused, WriteError::Poisoned { failed: "write", .. }));
        let reopened = writer.reopen().expect("the log is whole");
        assert_eq!(reopened.accepted_lines, 0);
    }
    fs.set_free_bytes(None);
    let ack = writer.append(&[note(2), note(3)], NOW_MS).expect("appends");
    assert_eq!(ack.ordinals, Some(OrdinalRange { first: 2, next: 4 }));
    assert_eq!(text(&fs), rollout(3));
}

#[test]
fn whole_lines_of_a_failed_batch_that_cannot_be_cut_stay_and_keep_their_ordinals() {
    let fs = SimFs::new();
    let faulty = FaultFs::new(Arc::new(fs.clone()));
    let locks = WriterLocks::new(Arc::new(fs.clone()), Path::new(HOME));
    let lease = Arc::new(locks.acquire(THREAD.parse().expect("id")).expect("free"));
    let new = new_rollout(HistoryMode::Paginated);
    let mut writer = RolloutWriter::create(Arc::new(faulty.clone()), Path::new(HOME), lease, new).expect("prepares");
    writer.append(&[note(1)], NOW_MS).expect("appends");
    let kind = io::ErrorKind::Other;
    faulty.add(Fault::FailAll { op: FsOp::SetLen, kind });
    fs.set_free_bytes(Some(note_line(Some(2), 2).len() as u64 + 10));
    writer
        .append(&[note(2), note(3)], NOW_MS)
        .expect_err("full, and cannot be cut");
    fs.set_free_bytes(None);
    assert_eq!(writer.reopen().expect("readable").accepted_lines, 1);
    writer
        .append(&[note(3)], NOW_MS)
        .expect_err("the fragment cannot be cut either");
    assert_eq!(writer.state(), WriterState::Poisoned);
}

#[test]
fn a_blocked_folder_is_reported_and_a_later_retry_writes_everything_once() {
    let fs = SimFs::new();
    fs.put(Path::new("/home/sessions"), b"in the way").expect("in memory");
    let mut writer = create(&fs, HistoryMode::Paginated).expect("prepares");
    writer.append(&[note(1)], NOW_MS).expect_err("blocked");
    assert_eq!(writer.state(), WriterState::Pending);
    fs.remove(Path::new("/home/sessions")).expect("in memory");
    writer.append(&[note(1)], NOW_MS).expect("appends");
    assert_eq!(text(&fs), rollout(1));
}

#[test]
fn a_first_write_that_fails_leaves_no_file() {
    let fs = SimFs::new();
    let mut writer = create(&fs, HistoryMode::Paginated).expect("prepares");
    fs.set_free_bytes(Some(20));
    writer.append(&[note(1)], NOW_MS).expect_err("full");
    assert!(fs.stat(Path::new(PATH)).is_err());
    fs.set_free_bytes(None);
    writer.reopen().expect("nothing there");
    assert_eq!(writer.state(), WriterState::Pending);
    writer.append(&[note(1)], NOW_MS).expect("appends");
    assert_eq!(text(&fs), rollout(1));
}

#[test]
fn a_failed_sync_poisons_and_reopening_says_what_is_uncertain() {
    let fs = SimFs::new();
    let faulty = FaultFs::new(Arc::new(fs.clone()));
    let new = new_rollout(HistoryMode::Paginated);
    let mut writer =
        RolloutWriter::create(Arc::new(faulty.clone()), Path::new(HOME), lease(&fs), new).expect("prepares");
    writer.append(&[note(1)], NOW_MS).expect("appends");
    let through = writer.sync().expect("syncs");
    assert_eq!(through.end_offset, rollout(1).len() as u64);
    writer.append(&[note(2)], NOW_MS).expect("appends");
    faulty.add(Fault::FailAt {
        at: faulty.operation_count(),
        kind: io::ErrorKind::Other,
    });
    writer.sync().expect_err("fails");
    assert!(matches!(
        writer.sync(),
        Err(WriteError::Poisoned { failed: "sync", .. })
    ));
    let reopened = writer.reopen().expect("readable");
    assert_eq!(reopened.unsynced_bytes, note_line(Some(2), 2).len() as u64);
    assert_eq!(reopened.accepted_lines, 0);
    writer.append(&[note(3)], NOW_MS).expect("appends");
    assert_eq!(text(&fs), rollout(3));
}

#[test]
fn bytes_of_somebody_without_the_lock_stop_the_writer() {
    let fs = SimFs::new();
    let mut writer = create(&fs, HistoryMode::Paginated).expect("prepares");
    writer.append(&[note(1)], NOW_MS).expect("appends");
    fs.open_append(Path::new(PATH))
        .and_then(|mut file| file.write_all(note_line(Some(2), 2).as_bytes()))
        .expect("in memory");
    let error = writer.append(&[note(3)], NOW_MS).expect_err("foreign bytes");
    assert!(matches!(error, WriteError::ForeignWrite { .. }));
    assert_eq!(writer.reopen().expect("whole").accepted_lines, 1);
    writer.append(&[note(3)], NOW_MS).expect("appends");
    assert_eq!(text(&fs), rollout(3));
}

#[test]
fn a_log_that_lost_acknowledged_bytes_is_not_reopened() {
    let fs = SimFs::new();
    let mut writer = create(&fs, HistoryMode::Paginated).expect("prepares");
    writer.append(&[note(1), note(2)], NOW_MS).expect("appends");
    put(&fs, &rollout(1));
    writer.append(&[note(3)], NOW_MS).expect_err("shorter");
    assert!(matches!(writer.reopen(), Err(WriteError::ForeignWrite { .. })));
    assert_eq!(writer.state(), WriterState::Poisoned);
}

#[test]
fn session_metadata_has_the_key_order_of_codex() {
    let mut new = meta(HistoryMode::Paginated);
    new.account_scoped = Some(true);
    let line = EncodedItem::new(codex_protocol::log::RolloutItem::SessionMeta(Box::new(new)));
    assert!(line.encoded_bytes() > 0);
    let fs = SimFs::new();
    let mut new = new_rollout(HistoryMode::Paginated);
    new.meta.account_scoped = Some(true);
    RolloutWriter::create(Arc::new(fs.clone()), Path::new(HOME), lease(&fs), NewRollout { ..new })
        .and_then(|mut writer| writer.persist(NOW_MS))
        .expect("writes");
    insta::assert_snapshot!(text(&fs));
}
