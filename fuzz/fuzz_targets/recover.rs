//! Any bytes behind a header: a writer continues the log, loses nothing of it, gives no number twice, and the second time
//! finds it whole.
//!
//! The first byte chooses the mode and what becomes of a fragment at the end.
#![no_main]

use std::{path::Path, sync::Arc};

use codex_protocol::log::RawJson;
use codex_rollout::{
    discover::rollout_at,
    fs::{LogFs, SimFs},
    locks::WriterLocks,
    recorder::{EncodedItem, RolloutWriter, TornTailRule},
};
use libfuzzer_sys::fuzz_target;

const HOME: &str = "/home";
const THREAD: &str = "01a20235-994b-7d00-be10-0c5c1ecfe4fb";
const NOW_MS: i64 = 1_772_442_000_000;

fuzz_target!(|data: &[u8]| {
    let [choice, end @ ..] = data else { return };
    let rule = match choice & 1 {
        0 => TornTailRule::CutAside,
        _ => TornTailRule::TerminateInPlace,
    };
    let (mode, ordinal) = match choice & 2 {
        0 => ("legacy", ""),
        _ => ("paginated", r#""ordinal":0,"#),
    };
    let head = format!(
        r#"{{"timestamp":"2026-03-02T09:00:00.000Z",{ordinal}"type":"session_meta","payload":{{"session_id":"{THREAD}","id":"{THREAD}","timestamp":"2026-03-02T09:00:00.000Z","cwd":"/repo","originator":"tester","cli_version":"0.1.0","source":"vscode","model_provider":"openai","base_instructions":null,"history_mode":"{mode}"}}}}"#
    );
    let log = [head.as_bytes(), b"\n", end].concat();
    let path = format!("{HOME}/sessions/2026/03/02/rollout-2026-03-02T09-00-00-{THREAD}.jsonl");
    let path = Path::new(&path);
    let fs = SimFs::new();
    fs.put(path, &log).expect("in memory");

    let Some(mut writer) = resume(&fs, path, rule) else {
        assert_eq!(fs.bytes(path).expect("there"), log, "what cannot be continued is left alone");
        return;
    };
    assert_eq!(fs.bytes(path).expect("there"), log, "opening changes nothing");
    let note = RawJson::from_text(r#"{"type":"agent_reasoning","text":"note"}"#.to_owned()).expect("json");
    let acknowledged = writer.append(&[EncodedItem::from_parts("event_msg", &note, None)], NOW_MS);
    let acknowledged = acknowledged.expect("a disk in memory takes it");
    let after = fs.bytes(path).expect("there");
    let kept = match writer.torn_tail() {
        Some(torn) if torn.kept_aside.is_some() => {
            let aside = torn.kept_aside.as_ref().expect("just seen");
            let offset = usize::try_from(torn.offset).expect("in memory");
            assert_eq!(fs.bytes(aside).expect("kept"), &log[offset..], "a fragment is kept whole");
            offset
        }
        _ => log.len(),
    };
    assert_eq!(&after[..kept], &log[..kept], "what was before is there");
    assert!(after.ends_with(b"\n"));
    drop(writer);
    let again = resume(&fs, path, rule).expect("what we wrote can be continued");
    assert!(again.torn_tail().is_none(), "the log is whole now");
    if let Some(ordinals) = acknowledged.ordinals {
        assert!(again.next_ordinal() > Some(ordinals.first), "numbers are given out once");
    }
});

fn resume(fs: &SimFs, path: &Path, rule: TornTailRule) -> Option<RolloutWriter> {
    let seam: Arc<dyn LogFs> = Arc::new(fs.clone());
    let locks = WriterLocks::new(Arc::clone(&seam), Path::new(HOME));
    let lease = locks.acquire(THREAD.parse().expect("an id")).expect("free");
    let file = rollout_at(fs, Path::new(HOME), path).expect("there");
    let resumed = RolloutWriter::resume(seam, Path::new(HOME), Arc::new(lease), &file, rule);
    resumed.ok().map(|resumed| resumed.writer)
}
