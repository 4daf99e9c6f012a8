//! Which spans are read together.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::path::Path;
use std::sync::Arc;

use codex_rollout::discover::rollout_at;
use codex_rollout::fs::{FaultFs, FsOp, LogFs, StdFs};
use codex_rollout::source::RolloutSource;
use codex_state::rows::Span;

use super::{Lines, MAX_GAP_BYTES, MAX_READ_BYTES};

const NAME: &str = "sessions/2026/11/22/rollout-2026-11-22T07-43-16-01a20235-994b-7d00-be10-0c5c1ecfe4fb.jsonl";

/// Counts the reads that spans of one rollout take.
fn reads(home: &Path, spans: &[(u64, u64)]) -> usize {
    let fs = FaultFs::new(Arc::new(StdFs));
    let seam: Arc<dyn LogFs> = Arc::new(fs.clone());
    let file = rollout_at(seam.as_ref(), home, &home.join(NAME)).expect("a rollout");
    let source = RolloutSource::open(seam, &file, None).expect("open");
    let spans: Vec<Span> = spans
        .iter()
        .map(|(offset, len)| Span {
            offset: *offset,
            len: *len as u32,
        })
        .collect();
    let count = |fs: &FaultFs| fs.operations().iter().filter(|(op, _)| *op == FsOp::ReadAt).count();
    let before = count(&fs);
    let lines = Lines::fetch(&source, spans.clone()).expect("readable");
    for span in &spans {
        assert_eq!(lines.get(*span).map(<[u8]>::len), Some(span.len as usize));
    }
    count(&fs) - before
}

#[test]
fn spans_up_to_the_gap_apart_and_up_to_the_length_together_are_one_read() {
    let home = tempfile::tempdir().expect("folder");
    let path = home.path().join(NAME);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
    let file = std::fs::File::create(&path).expect("file");
    file.set_len(4 * MAX_READ_BYTES).expect("sparse");
    let half = MAX_READ_BYTES / 2;
    for (spans, expected) in [
        ([(0, 10), (10 + MAX_GAP_BYTES, 10)], 1),
        ([(0, 10), (11 + MAX_GAP_BYTES, 10)], 2),
        ([(0, half), (half, half)], 1),
        ([(0, half), (half, half + 1)], 2),
        ([(0, 2 * MAX_READ_BYTES), (2 * MAX_READ_BYTES, 10)], 2),
    ] {
        assert_eq!(reads(home.path(), &spans), expected, "{spans:?}");
    }
}
