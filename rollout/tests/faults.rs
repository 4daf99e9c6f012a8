//! Files that fail, shrink or are replaced while they are read: an error or the right answer, never a short one.

#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_rollout::discover::rollout_at;
use codex_rollout::fs::{Fault, FaultFs, LogFs, StdFs};
use codex_rollout::head::{HeadError, read_head};
use codex_rollout::lines::LineEvent;
use codex_rollout::session_index::read_names;
use codex_rollout::source::RolloutSource;
use codex_rollout::tail::tail_state;
use codex_rollout::{Result, RolloutError};

const NAME: &str = "rollout-2026-11-22T07-43-16-01a20235-994b-7d00-be10-0c5c1ecfe4fb.jsonl";
const META: &str = r#"{"timestamp":"t","type":"session_meta","payload":{"id":"01a20235-994b-7d00-be10-0c5c1ecfe4fb","timestamp":"t","cwd":"","originator":"","cli_version":""}}"#;

/// A rollout of about 600 KiB, so that it takes several reads.
fn text() -> String {
    let mut text = format!("{META}\n");
    for n in 0..6000 {
        text += &format!(
            "{{\"timestamp\":\"t\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"agent_message\",\"message\":\"number {n}\"}}}}\n"
        );
    }
    text
}

fn write(home: &Path, text: &str) -> [PathBuf; 2] {
    let plain = home.join(NAME);
    std::fs::write(&plain, text).expect("test file");
    let compressed = home.join("z").join(format!("{NAME}.zst"));
    std::fs::create_dir_all(home.join("z")).expect("test file");
    std::fs::write(
        &compressed,
        zstd::stream::encode_all(text.as_bytes(), 3).expect("test file"),
    )
    .expect("test file");
    [plain, compressed]
}

fn open(fs: &FaultFs, path: &Path) -> Result<RolloutSource> {
    let file = rollout_at(&StdFs, Path::new("/"), path).expect("test file");
    RolloutSource::open(Arc::new(fs.clone()), &file, None)
}

/// Lines forward, offsets backward, a piece from the middle, the anchor and the head.
type Everything = (Vec<u8>, Vec<u64>, Vec<u8>, u64, String);

/// Everything that a request may do with one descriptor, as one comparable value.
fn read_all(fs: &FaultFs, path: &Path) -> Result<Everything> {
    let source = open(fs, path)?;
    let head = format!("{:?}", read_head(&source).map_err(|error| byte_error(path, error))?);
    let mut forward = Vec::new();
    let mut lines = source.lines(0);
    while let Some(event) = lines.next()? {
        match event {
            LineEvent::Line { bytes, .. } => forward.extend_from_slice(bytes),
            LineEvent::Oversized { .. } => return Err(broken(path)),
        }
    }
    let mut backward = Vec::new();
    let len = source.plain_len()?;
    let mut lines = source.lines_rev(len);
    while let Some(event) = lines.next()? {
        backward.push(event.offset());
    }
    let middle = source.read_at(len / 2, 1000)?;
    let anchor = source.anchor(len)?;
    assert!(source.check_anchor(&anchor)?);
    Ok((forward, backward, middle, anchor.hash, head))
}

fn byte_error(path: &Path, error: HeadError) -> RolloutError {
    match error {
        HeadError::Read(error) => error,
        _ => broken(path),
    }
}

fn broken(path: &Path) -> RolloutError {
    RolloutError::Open {
        path: path.to_owned(),
        source: io::Error::other("head"),
    }
}

#[test]
fn every_failing_operation_is_an_error_and_short_reads_change_nothing() {
    let home = tempfile::tempdir().unwrap();
    for path in write(home.path(), &text()) {
        let expected = read_all(&FaultFs::new(Arc::new(StdFs)), &path).unwrap();
        let short = FaultFs::new(Arc::new(StdFs)).with(Fault::ShortReads { max_bytes: 997 });
        assert_eq!(read_all(&short, &path).unwrap(), expected);
        let mut at = 0;
        loop {
            let fs = FaultFs::new(Arc::new(StdFs)).with(Fault::FailAt {
                at,
                kind: io::ErrorKind::TimedOut,
            });
            let result = read_all(&fs, &path);
            if fs.operation_count() <= at {
                assert_eq!(result.unwrap(), expected);
                break;
            }
            assert!(result.is_err(), "operation {at} of {path:?}");
            at += 1;
        }
        assert!(at > 8, "{at}");
        // An interrupted call is repeated, not reported, except that opening has nothing to repeat.
        for at in 2..at {
            let fs = FaultFs::new(Arc::new(StdFs)).with(Fault::FailAt {
                at,
                kind: io::ErrorKind::Interrupted,
            });
            assert_eq!(read_all(&fs, &path).unwrap(), expected, "operation {at}");
        }
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_never_answered_short() {
    let home = tempfile::tempdir().unwrap();
    let text = text();
    let [plain, compressed] = write(home.path(), &text);
    let expected = read_all(&FaultFs::new(Arc::new(StdFs)), &plain).unwrap();
    for path in [plain, compressed] {
        for at in 2..12 {
            write(home.path(), &text);
            let cut = path.clone();
            let action = Box::new(move || {
                std::fs::File::options()
                    .write(true)
                    .open(cut)
                    .unwrap()
                    .set_len(2000)
                    .unwrap();
            });
            let fs = FaultFs::new(Arc::new(StdFs)).with(Fault::Before { at, action });
            match read_all(&fs, &path) {
                Ok(found) => assert_eq!(found, expected, "operation {at}"),
                Err(RolloutError::Shrank { .. } | RolloutError::Decompress { .. } | RolloutError::BeyondEnd { .. }) => {
                }
                Err(error) => panic!("operation {at}: {error:?}"),
            }
        }
    }
}

#[test]
fn a_file_that_is_replaced_stays_the_one_that_was_opened() {
    let home = tempfile::tempdir().unwrap();
    let text = text();
    for (index, path) in write(home.path(), &text).into_iter().enumerate() {
        let expected = read_all(&FaultFs::new(Arc::new(StdFs)), &path).unwrap();
        let operations = if index == 0 { 2..8 } else { 2..4 };
        for at in operations {
            let (other, target) = (home.path().join("other"), path.clone());
            let action = Box::new(move || {
                std::fs::write(&other, "other bytes\n").unwrap();
                std::fs::rename(&other, &target).unwrap();
            });
            let fs = FaultFs::new(Arc::new(StdFs)).with(Fault::Before { at, action });
            assert_eq!(read_all(&fs, &path).unwrap(), expected, "operation {at}");
            write(home.path(), &text);
        }
    }
}

#[test]
fn a_file_that_grows_while_it_is_read_ends_where_it_ended_at_opening() {
    let home = tempfile::tempdir().unwrap();
    let [plain, _] = write(home.path(), &text());
    let fs = FaultFs::new(Arc::new(StdFs));
    let source = open(&fs, &plain).unwrap();
    let len = source.plain_len().unwrap();
    let mut bytes = std::fs::read(&plain).unwrap();
    bytes.extend(b"{\"more\":1}\n");
    std::fs::write(&plain, &bytes).unwrap();
    let mut lines = source.lines(0);
    let mut end = 0;
    while let Some(event) = lines.next().unwrap() {
        end = event.end();
    }
    assert_eq!(end, len);
    assert!(matches!(
        source.read_at(len, 1).unwrap_err(),
        RolloutError::BeyondEnd { .. }
    ));
    assert!(source.stat_now().unwrap().len > source.stat().len);
}

#[test]
fn a_file_that_changes_its_form_before_it_is_opened_is_read_in_the_new_one() {
    let home = tempfile::tempdir().unwrap();
    let [plain, compressed] = write(home.path(), &text());
    let expected = read_all(&FaultFs::new(Arc::new(StdFs)), &plain).unwrap();
    let file = rollout_at(&StdFs, home.path(), &plain).unwrap();
    std::fs::rename(&compressed, home.path().join(format!("{NAME}.zst"))).unwrap();
    std::fs::remove_file(&plain).unwrap();
    let source = RolloutSource::open(Arc::new(StdFs), &file, None).unwrap();
    assert_eq!(
        source.read_at(source.plain_len().unwrap() / 2, 1000).unwrap(),
        expected.2
    );
    std::fs::remove_file(source.path()).unwrap();
    assert!(
        RolloutSource::open(Arc::new(StdFs), &file, None)
            .unwrap_err()
            .is_not_found()
    );
}

#[test]
fn the_tail_and_the_name_index_report_every_failing_operation() {
    let home = tempfile::tempdir().unwrap();
    let [plain, _] = write(home.path(), &text());
    std::fs::write(
        home.path().join("session_index.jsonl"),
        "{\"id\":\"01a20235-994b-7d00-be10-0c5c1ecfe4fb\",\"thread_name\":\"n\"}\n",
    )
    .unwrap();
    let head = read_head(&open(&FaultFs::new(Arc::new(StdFs)), &plain).unwrap()).unwrap();
    let run = |fs: &FaultFs| -> Result<()> {
        tail_state(&open(fs, &plain)?, &head)?;
        read_names(fs as &dyn LogFs, home.path()).map(|_| ())
    };
    let mut at = 0;
    loop {
        let fs = FaultFs::new(Arc::new(StdFs)).with(Fault::FailAt {
            at,
            kind: io::ErrorKind::PermissionDenied,
        });
        let result = run(&fs);
        if fs.operation_count() <= at {
            result.unwrap();
            break;
        }
        assert!(result.is_err(), "operation {at}");
        at += 1;
    }
    assert!(at >= 6, "{at}");
}
