//! The process or the machine goes down at every operation of every writer, in every way that the simulated disk knows.
//!
//! What was acknowledged is there at its class, in order, once; nothing else is; and work goes on.

#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[path = "recorder/support.rs"]
mod support;

use std::io;
use std::path::Path;
use std::sync::Arc;

use codex_protocol::log::{HistoryMode, RawJson};
use codex_rollout::discover::rollout_at;
use codex_rollout::fs::{Crash, Fault, FaultFs, LogFs, SimFs};
use codex_rollout::journal::{FactKind, Journal, JournalFact, JournalPosition};
use codex_rollout::locks::{WriterLease, WriterLocks};
use codex_rollout::recorder::{Durability, KEPT_ASIDE_FOLDER, RolloutWriter, TornTailRule, WriteResult, WriterState};
use support::{HOME, NOW_MS, PATH, THREAD, new_rollout, note, note_line, rollout, text};

const TORN: &str = r#"{"timestamp":"2026-03-02T09:00:00.000Z","ordinal":4,"type":"event_m"#;

/// How many notes were acknowledged, and asked for.
#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    asked: u64,
    written: u64,
    synced: u64,
}

impl Progress {
    /// Notes that must have survived.
    fn survivors(self, crash: Crash) -> u64 {
        match crash {
            Crash::Process => self.written,
            Crash::Power { .. } => self.synced,
        }
    }
}

/// Runs `act` on a machine that goes down at operation 0, 1, ... until it gets through, and `check`s every way to go down.
fn sweep<P: Copy>(
    prepare: impl Fn() -> SimFs,
    act: impl Fn(&Arc<dyn LogFs>) -> P,
    check: impl Fn(SimFs, Crash, P, u64),
) {
    for at in 0.. {
        let disk = prepare();
        let faulty = FaultFs::new(Arc::new(disk.clone())).with(Fault::FailFrom {
            at,
            kind: io::ErrorKind::Other,
        });
        let seam: Arc<dyn LogFs> = Arc::new(faulty.clone());
        let progress = act(&seam);
        for crash in Crash::ALL {
            check(disk.crash(crash), crash, progress, at);
        }
        if faulty.operation_count() <= at {
            assert!(at > 5, "the sweep ended after {at} operations");
            return;
        }
    }
}

fn acquired(fs: &Arc<dyn LogFs>) -> WriteResult<Arc<WriterLease>> {
    let locks = WriterLocks::new(Arc::clone(fs), Path::new(HOME));
    let lease = locks.acquire(THREAD.parse().expect("id"));
    lease.map(Arc::new).map_err(lock_error)
}

fn writer(fs: &Arc<dyn LogFs>) -> WriteResult<RolloutWriter> {
    let new = new_rollout(HistoryMode::Paginated);
    RolloutWriter::create(Arc::clone(fs), Path::new(HOME), acquired(fs)?, new)
}

fn resumed(fs: &Arc<dyn LogFs>) -> WriteResult<RolloutWriter> {
    let lease = acquired(fs)?;
    let found = rollout_at(&**fs, Path::new(HOME), Path::new(PATH));
    let found = found.or_else(|_| rollout_at(&**fs, Path::new(HOME), Path::new(&format!("{PATH}.zst"))));
    let file = found.map_err(lock_error)?;
    let rule = TornTailRule::CutAside;
    RolloutWriter::resume(Arc::clone(fs), Path::new(HOME), lease, &file, rule).map(|resumed| resumed.writer)
}

/// Any error that ends a run; only that there is one matters.
fn lock_error(error: impl std::error::Error + Send + Sync + 'static) -> codex_rollout::recorder::WriteError {
    codex_rollout::recorder::WriteError::Io {
        action: "prepare",
        path: PATH.into(),
        source: io::Error::other(error),
    }
}

/// Appends three batches of two notes and syncs after the first and the last.
fn record(writer: &mut RolloutWriter, progress: &mut Progress) -> WriteResult<()> {
    for batch in 0..3 {
        let first = progress.asked + 1;
        progress.asked += 2;
        writer.append(&[note(first), note(first + 1)], NOW_MS)?;
        progress.written = progress.asked;
        if batch != 1 {
            writer.sync()?;
            progress.synced = progress.written;
        }
    }
    Ok(())
}

/// Goes on with the rollout and returns how many notes there were before.
fn go_on(disk: &SimFs) -> Option<u64> {
    let fs: Arc<dyn LogFs> = Arc::new(disk.clone());
    // Opening and not writing changes nothing; so opening twice is opening once.
    let before = disk.bytes(Path::new(PATH)).ok();
    drop(resumed(&fs));
    if before.is_some() {
        assert_eq!(disk.bytes(Path::new(PATH)).ok(), before);
    }
    let mut writer = match resumed(&fs) {
        Ok(writer) => writer,
        Err(_) => return None,
    };
    writer.next_ordinal()?;
    writer.append(&[note(99)], NOW_MS).expect("goes on");
    let text = text(disk);
    let count = text.lines().count() as u64 - 2;
    assert_eq!(text, rollout(count) + &note_line(Some(count + 1), 99));
    Some(count)
}

fn check_recorded(disk: SimFs, crash: Crash, progress: Progress, at: u64) {
    let survivors = progress.survivors(crash);
    match go_on(&disk) {
        Some(count) => assert!(
            (survivors..=progress.asked).contains(&count),
            "operation {at}, {crash:?}: {count} notes, {progress:?}"
        ),
        None => assert_eq!(survivors, 0, "operation {at}, {crash:?}: lost, {progress:?}"),
    }
}

#[test]
fn creating_and_appending() {
    let act = |fs: &Arc<dyn LogFs>| {
        let mut progress = Progress::default();
        let _ended = writer(fs).and_then(|mut writer| record(&mut writer, &mut progress));
        progress
    };
    sweep(SimFs::new, act, check_recorded);
}

#[test]
fn resuming_and_appending() {
    let prepare = || {
        let disk = SimFs::new();
        disk.put(Path::new(PATH), rollout(3).as_bytes()).expect("in memory");
        disk
    };
    let act = |fs: &Arc<dyn LogFs>| {
        let mut progress = Progress {
            asked: 3,
            written: 3,
            synced: 3,
        };
        let _ended = resumed(fs).and_then(|mut writer| record(&mut writer, &mut progress));
        progress
    };
    sweep(prepare, act, check_recorded);
}

#[test]
fn a_writer_that_reopens_after_each_failure_loses_and_repeats_nothing() {
    // One operation fails, the machine lives on: reopen, repeat what was refused.
    for at in 0.. {
        let disk = SimFs::new();
        let faulty = FaultFs::new(Arc::new(disk.clone()));
        let fs: Arc<dyn LogFs> = Arc::new(faulty.clone());
        let mut writer = writer(&fs).expect("prepares");
        let before = faulty.operation_count();
        faulty.add(Fault::FailAt {
            at: before + at,
            kind: io::ErrorKind::Other,
        });
        let mut number = 1;
        while number <= 6 {
            let result = writer.append(&[note(number), note(number + 1)], NOW_MS);
            if result.is_ok() {
                number += 2;
            }
            if result.is_err() || writer.sync().is_err() {
                let reopened = writer.reopen().or_else(|_| writer.reopen()).expect("only one failure");
                assert_eq!(reopened.accepted_lines, 0, "operation {at}");
            }
        }
        writer.sync().expect("only one failure");
        assert_eq!(writer.state(), WriterState::Open);
        for crash in Crash::ALL {
            assert_eq!(text(&disk.crash(crash)), rollout(6), "operation {at}, {crash:?}");
        }
        if faulty.operation_count() <= before + at {
            return;
        }
    }
}

/// Appends six notes with a failing sync among them, reopening after it, and loses power in every way; returns whether a
/// sync failed.
fn check_dropped(
    syncs: u64,
    prepare: impl Fn() -> SimFs,
    open: impl Fn(&Arc<dyn LogFs>) -> WriteResult<RolloutWriter>,
    earlier: u64,
) -> bool {
    let disk = prepare();
    let fs: Arc<dyn LogFs> = Arc::new(disk.clone());
    let mut writer = open(&fs).expect("opens");
    disk.fail_sync_after(syncs);
    let mut failed = false;
    let mut number = earlier + 1;
    while number <= earlier + 6 {
        let result = writer.append(&[note(number), note(number + 1)], NOW_MS);
        if result.is_ok() {
            number += 2;
        }
        if result.is_err() || writer.sync().is_err() {
            failed = true;
            writer.reopen().expect("only one failure");
        }
    }
    writer.sync().expect("only one failure");
    for crash in Crash::ALL {
        let expected = rollout(earlier + 6);
        assert_eq!(text(&disk.crash(crash)), expected, "sync {syncs}, {crash:?}");
    }
    failed
}

#[test]
fn nothing_that_is_acknowledged_rests_on_what_a_failed_sync_dropped() {
    let resumable = || {
        let disk = SimFs::new();
        disk.put(Path::new(PATH), rollout(3).as_bytes()).expect("in memory");
        disk
    };
    let created = (0..).take_while(|syncs| check_dropped(*syncs, SimFs::new, writer, 0));
    let resumed = (0..).take_while(|syncs| check_dropped(*syncs, resumable, resumed, 3));
    assert_eq!((created.count(), resumed.count()), (3, 3), "failed syncs");
}

#[test]
fn no_fact_of_the_journal_rests_on_what_a_failed_sync_dropped() {
    for syncs in 0.. {
        let disk = SimFs::new();
        let journal = Journal::new(Arc::new(disk.clone()), Path::new(HOME));
        disk.fail_sync_after(syncs);
        let mut taken = Vec::new();
        for number in 1..=5 {
            if journal.append(&[patch(number)], Durability::Synced).is_ok() {
                taken.push(number);
            }
        }
        for crash in Crash::ALL {
            let after = Journal::new(Arc::new(disk.crash(crash)), Path::new(HOME));
            assert_eq!(numbers(&after, &FactKind::GitPatch), taken, "sync {syncs}, {crash:?}");
        }
        if taken.len() == 5 {
            assert!(syncs > 3, "{syncs} syncs");
            return;
        }
    }
}

#[test]
fn cutting_a_torn_tail() {
    let prepare = || {
        let disk = SimFs::new();
        let text = rollout(3) + TORN;
        disk.put(Path::new(PATH), text.as_bytes()).expect("in memory");
        disk
    };
    let act = |fs: &Arc<dyn LogFs>| {
        let mut progress = Progress {
            asked: 3,
            written: 3,
            synced: 3,
        };
        let _ended = resumed(fs).and_then(|mut writer| record(&mut writer, &mut progress));
        progress
    };
    sweep(prepare, act, |disk, crash, progress, at| {
        check_recorded(disk.clone(), crash, progress, at);
        // By now the fragment was cut, before the crash or after it; its bytes are aside.
        let folder = Path::new(HOME).join(KEPT_ASIDE_FOLDER);
        let entries = disk.read_dir(&folder).expect("folder");
        let kept = entries
            .iter()
            .filter(|entry| entry.name.to_string_lossy().ends_with(".bin"));
        let pieces: Vec<_> = kept
            .map(|entry| disk.bytes(&folder.join(&entry.name)).expect("kept"))
            .collect();
        assert!(pieces.contains(&TORN.as_bytes().to_vec()), "operation {at}, {crash:?}");
    });
}

#[test]
fn materialising_and_appending() {
    let prepare = || {
        let disk = SimFs::new();
        let compressed = zstd::stream::encode_all(rollout(3).as_bytes(), 3).expect("in memory");
        disk.put(Path::new(&format!("{PATH}.zst")), &compressed)
            .expect("in memory");
        disk
    };
    let act = |fs: &Arc<dyn LogFs>| {
        let mut progress = Progress {
            asked: 3,
            written: 3,
            synced: 3,
        };
        let _ended = resumed(fs).and_then(|mut writer| record(&mut writer, &mut progress));
        progress
    };
    sweep(prepare, act, check_recorded);
}

fn name(number: u64) -> JournalFact {
    JournalFact {
        kind: FactKind::ThreadName,
        thread_id: Some(THREAD.parse().expect("id")),
        key: None,
        at_ms: NOW_MS,
        value: RawJson::of(&number).expect("json"),
    }
}

fn patch(number: u64) -> JournalFact {
    JournalFact {
        kind: FactKind::GitPatch,
        ..name(number)
    }
}

/// Numbers of the facts of a kind, in order.
fn numbers(journal: &Journal, kind: &FactKind) -> Vec<u64> {
    let read = journal.read_from(JournalPosition::default()).expect("readable");
    assert_eq!(read.damage, [], "nothing half-written is seen");
    let facts = read.facts.into_iter().filter(|stored| stored.fact.kind == *kind);
    facts.map(|stored| stored.fact.value.parse().expect("number")).collect()
}

#[test]
fn appending_to_and_compacting_the_journal() {
    let act = |fs: &Arc<dyn LogFs>| {
        let journal = Journal::new(Arc::clone(fs), Path::new(HOME));
        let mut progress = Progress::default();
        for number in 1..=4 {
            progress.asked = number;
            if journal
                .append(&[name(number), patch(number)], Durability::Synced)
                .is_err()
            {
                break;
            }
            (progress.written, progress.synced) = (number, number);
            if number % 2 == 0 && journal.compact().is_err() {
                break;
            }
        }
        progress
    };
    sweep(SimFs::new, act, |disk, crash, progress, at| {
        let journal = Journal::new(Arc::new(disk), Path::new(HOME));
        let survivors = progress.survivors(crash);
        for attempt in 0..2 {
            let patches = numbers(&journal, &FactKind::GitPatch);
            let count = patches.len() as u64 - attempt;
            assert!(
                (survivors..=progress.asked).contains(&count),
                "operation {at}, {crash:?}: {patches:?}, {progress:?}"
            );
            assert_eq!(patches[..count as usize], (1..=count).collect::<Vec<_>>());
            let newest = numbers(&journal, &FactKind::ThreadName).last().copied().unwrap_or(0);
            assert!(newest >= survivors && newest <= progress.asked + attempt);
            if attempt == 0 {
                journal.append(&[patch(99)], Durability::Synced).expect("goes on");
            }
        }
    });
}

#[test]
fn taking_and_releasing_the_writer_lock() {
    let act = |fs: &Arc<dyn LogFs>| {
        let locks = WriterLocks::new(Arc::clone(fs), Path::new(HOME));
        for _ in 0..2 {
            if let Ok(lease) = locks.acquire(THREAD.parse().expect("id")) {
                drop(lease.release());
            }
        }
    };
    sweep(SimFs::new, act, |disk, crash, (), at| {
        let locks = WriterLocks::new(Arc::new(disk.clone()), Path::new(HOME));
        let lease = locks.acquire(THREAD.parse().expect("id"));
        let lease = lease.unwrap_or_else(|error| panic!("operation {at}, {crash:?}: {error}"));
        lease.release().expect("releases");
        let left = disk
            .read_dir(&Path::new(HOME).join("thread-writer-locks"))
            .expect("folder");
        assert_eq!(left.len(), 1, "only the coordination lock stays");
    });
}
