//! A thread, its first line and small items for the tests of the writer.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::path::Path;
use std::sync::Arc;

use codex_protocol::log::{HistoryMode, RawJson, SessionMeta};
use codex_rollout::discover::rollout_at;
use codex_rollout::fs::{LogFs, SimFs};
use codex_rollout::locks::{WriterLease, WriterLocks};
use codex_rollout::recorder::{EncodedItem, LocalTime, NewRollout, Resumed, RolloutWriter, TornTailRule, WriteResult};

pub(crate) const HOME: &str = "/home";
pub(crate) const THREAD: &str = "01a20235-994b-7d00-be10-0c5c1ecfe4fb";
/// Path of the rollout that [`new_rollout`] becomes.
pub(crate) const PATH: &str =
    "/home/sessions/2026/03/02/rollout-2026-03-02T09-00-00-01a20235-994b-7d00-be10-0c5c1ecfe4fb.jsonl";
/// 2026-03-02T09:00:00Z.
pub(crate) const NOW_MS: i64 = 1_772_442_000_000;

pub(crate) fn meta(history_mode: HistoryMode) -> SessionMeta {
    let mode = history_mode.as_str();
    let payload = format!(
        r#"{{"session_id":"{THREAD}","id":"{THREAD}","timestamp":"2026-03-02T09:00:00.000Z","cwd":"/repo","originator":"tester","cli_version":"0.1.0","source":"vscode","model_provider":"openai","base_instructions":null,"history_mode":"{mode}"}}"#
    );
    let raw = RawJson::from_text(payload).expect("json");
    SessionMeta::decode(raw.as_raw()).expect("session metadata")
}

pub(crate) fn new_rollout(history_mode: HistoryMode) -> NewRollout {
    let meta = meta(history_mode);
    NewRollout {
        rollout_id: meta.id.into(),
        meta,
        prepared: LocalTime::utc(NOW_MS),
    }
}

/// The first line that [`new_rollout`] becomes.
pub(crate) fn meta_line(history_mode: HistoryMode, ordinal: Option<u64>) -> String {
    let payload = RawJson::of(&meta(history_mode)).expect("json");
    line(ordinal, "session_meta", payload.get())
}

pub(crate) fn line(ordinal: Option<u64>, kind: &str, payload: &str) -> String {
    let ordinal = ordinal
        .map(|ordinal| format!(r#""ordinal":{ordinal},"#))
        .unwrap_or_default();
    format!("{{\"timestamp\":\"2026-03-02T09:00:00.000Z\",{ordinal}\"type\":\"{kind}\",\"payload\":{payload}}}\n")
}

/// An event payload as an item.
pub(crate) fn item(payload: &str) -> EncodedItem {
    let payload = RawJson::from_text(payload.to_owned()).expect("json");
    EncodedItem::from_parts("event_msg", &payload, None)
}

fn note_payload(number: u64) -> String {
    format!(r#"{{"type":"agent_reasoning","text":"note {number}"}}"#)
}

/// A small item, told apart from others by its number.
pub(crate) fn note(number: u64) -> EncodedItem {
    item(&note_payload(number))
}

/// The line that a [`note`] becomes.
pub(crate) fn note_line(ordinal: Option<u64>, number: u64) -> String {
    line(ordinal, "event_msg", &note_payload(number))
}

/// The text of a whole paginated rollout with the notes `1..=count`.
pub(crate) fn rollout(count: u64) -> String {
    let lines = (1..=count).map(|number| note_line(Some(number), number));
    meta_line(HistoryMode::Paginated, Some(0)) + &lines.collect::<String>()
}

/// The text of the rollout on a disk.
pub(crate) fn text(fs: &SimFs) -> String {
    String::from_utf8(fs.bytes(Path::new(PATH)).expect("file")).expect("text")
}

pub(crate) fn lease(fs: &SimFs) -> Arc<WriterLease> {
    let locks = WriterLocks::new(Arc::new(fs.clone()), Path::new(HOME));
    Arc::new(locks.acquire(THREAD.parse().expect("id")).expect("free"))
}

pub(crate) fn create(fs: &SimFs, history_mode: HistoryMode) -> WriteResult<RolloutWriter> {
    RolloutWriter::create(
        Arc::new(fs.clone()),
        Path::new(HOME),
        lease(fs),
        new_rollout(history_mode),
    )
}

pub(crate) fn resume(fs: &SimFs, path: &Path) -> WriteResult<RolloutWriter> {
    resume_with(fs, path, TornTailRule::CutAside).map(|resumed| resumed.writer)
}

pub(crate) fn resume_with(fs: &SimFs, path: &Path, rule: TornTailRule) -> WriteResult<Resumed> {
    resume_on(Arc::new(fs.clone()), fs, path, rule)
}

/// Resumes through another view of the disk, such as a faulty one.
pub(crate) fn resume_on(seam: Arc<dyn LogFs>, fs: &SimFs, path: &Path, rule: TornTailRule) -> WriteResult<Resumed> {
    let file = rollout_at(fs, Path::new(HOME), path).expect("found");
    RolloutWriter::resume(seam, Path::new(HOME), lease(fs), &file, rule)
}
