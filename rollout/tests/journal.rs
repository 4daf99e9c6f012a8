//! The journal as its readers and writers see it.

#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::path::Path;
use std::sync::Arc;

use codex_protocol::log::RawJson;
use codex_rollout::fs::{Crash, Fault, FaultFs, FsOp, LogFs, SimFs};
use codex_rollout::journal::{FactKind, Journal, JournalError, JournalFact, JournalPosition, JournalRead};
use codex_rollout::recorder::Durability;

const HOME: &str = "/home";
const THREADS: [&str; 2] = [
    "01a20235-994b-7d00-be10-0c5c1ecfe4fb",
    "01a20235-aaaa-7d00-be10-0c5c1ecfe4fb",
];

fn journal(fs: &SimFs) -> Journal {
    Journal::new(Arc::new(fs.clone()), Path::new(HOME))
}

fn fact(kind: FactKind, thread: usize, value: u64) -> JournalFact {
    JournalFact {
        kind,
        thread_id: Some(THREADS[thread].parse().expect("id")),
        key: None,
        at_ms: 7,
        value: RawJson::of(&value).expect("json"),
    }
}

fn name(value: u64) -> JournalFact {
    fact(FactKind::ThreadName, 0, value)
}

fn append(journal: &Journal, facts: &[JournalFact]) {
    journal.append(facts, Durability::Synced).expect("appends");
}

fn read(journal: &Journal, position: JournalPosition) -> JournalRead {
    journal.read_from(position).expect("reads")
}

fn values(read: &JournalRead) -> Vec<u64> {
    let facts = read.facts.iter();
    facts.map(|stored| stored.fact.value.parse().expect("number")).collect()
}

fn bytes(fs: &SimFs, journal: &Journal) -> Vec<u8> {
    fs.bytes(journal.path()).expect("file")
}

#[test]
fn a_home_without_a_journal_has_no_facts() {
    let fs = SimFs::new();
    let found = read(&journal(&fs), JournalPosition::default());
    assert!(found.is_whole && found.facts.is_empty());
    assert_eq!(found.position, JournalPosition::default());
    assert!(fs.stat(Path::new(HOME)).is_err(), "reading creates nothing");
}

#[test]
fn a_decision_sees_what_was_appended_before_it_and_is_told_as_a_reader_finds_it() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    append(&journal, &[name(1)]);
    let first = read(&journal, JournalPosition::default());
    append(&journal, &[name(2)]);
    let decided = journal.transact(first.position, Durability::Synced, |news| {
        assert_eq!((values(&news), news.is_whole), (vec![2], false));
        Ok::<_, JournalError>(vec![name(3), name(4)])
    });
    let decided = decided.expect("decides");
    assert_eq!((values(&decided), decided.is_whole), (vec![3, 4], false));
    assert_eq!(values(&read(&journal, JournalPosition::default())), [1, 2, 3, 4]);
    assert_eq!(decided.position, read(&journal, JournalPosition::default()).position);
}

#[test]
fn a_decision_that_fails_appends_nothing() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    append(&journal, &[name(1)]);
    let before = bytes(&fs, &journal);
    let failed = journal.transact(JournalPosition::default(), Durability::Synced, |_| {
        Err::<Vec<JournalFact>, _>(JournalError::FactTooLong { len: 2, max_bytes: 1 })
    });
    assert!(matches!(failed, Err(JournalError::FactTooLong { .. })));
    assert_eq!(bytes(&fs, &journal), before);
}

#[test]
fn the_first_decision_of_a_home_makes_the_journal() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    let decided = journal.transact(JournalPosition::default(), Durability::Synced, |news| {
        assert!(news.facts.is_empty());
        Ok::<_, JournalError>(vec![name(1)])
    });
    assert_eq!(values(&decided.expect("decides")), [1]);
}

#[test]
fn a_reader_goes_on_where_it_stopped() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    append(&journal, &[name(1), name(2)]);
    let first = read(&journal, JournalPosition::default());
    assert_eq!((values(&first), first.is_whole), (vec![1, 2], true));
    append(&journal, &[name(3)]);
    let second = read(&journal, first.position);
    assert_eq!((values(&second), second.is_whole), (vec![3], false));
    assert_eq!(second.facts[0].offset, first.position.offset);
    let third = read(&journal, second.position);
    assert_eq!(
        (values(&third), third.is_whole, third.position),
        (vec![], false, second.position)
    );
}

#[test]
fn a_torn_tail_is_ignored_by_readers_and_cut_by_the_next_writer() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    append(&journal, &[name(1)]);
    let before = bytes(&fs, &journal);
    append(&journal, &[name(2)]);
    let whole = bytes(&fs, &journal);
    for cut in before.len()..whole.len() {
        fs.put(journal.path(), &whole[..cut]).expect("in memory");
        let found = read(&journal, JournalPosition::default());
        assert_eq!((values(&found), found.damage), (vec![1], vec![]), "cut at {cut}");
        append(&journal, &[name(3)]);
        assert!(bytes(&fs, &journal).starts_with(&before));
        assert_eq!(values(&read(&journal, found.position)), [3], "cut at {cut}");
    }
}

#[test]
fn a_torn_beginning_makes_way_and_is_kept() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    append(&journal, &[name(1)]);
    let header_len = bytes(&fs, &journal)
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("header");
    let torn = bytes(&fs, &journal)[..header_len].to_vec();
    fs.put(journal.path(), &torn).expect("in memory");
    append(&journal, &[name(2)]);
    assert_eq!(values(&read(&journal, JournalPosition::default())), [2]);
    assert_eq!(fs.bytes(&journal.path().with_extension("torn")).expect("kept"), torn);
}

#[test]
fn a_changed_line_is_reported_and_the_others_are_read() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    append(&journal, &[name(1), name(2), name(3)]);
    let mut changed = bytes(&fs, &journal);
    let second = read(&journal, JournalPosition::default()).facts[1].offset;
    let at = second as usize + 40;
    changed[at] ^= 1;
    fs.put(journal.path(), &changed).expect("in memory");
    let found = read(&journal, JournalPosition::default());
    assert_eq!(values(&found), [1, 3]);
    assert_eq!((found.damage.len(), found.damage[0].offset), (1, second));
    // Compaction carries it over as it is.
    assert_eq!(journal.compact().expect("compacts"), 1);
    let found = read(&journal, JournalPosition::default());
    assert_eq!((values(&found), found.damage.len()), (vec![3], 1));
}

#[test]
fn compaction_forgets_what_was_known_of_deleted_threads() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    append(
        &journal,
        &[
            fact(FactKind::GitPatch, 0, 1),
            fact(FactKind::Other("pin".to_owned()), 0, 2),
            fact(FactKind::GitPatch, 1, 3),
            fact(FactKind::ThreadDeleted, 0, 4),
            fact(FactKind::ThreadDeleted, 0, 5),
            fact(FactKind::ThreadName, 0, 6),
        ],
    );
    assert_eq!(journal.compact().expect("compacts"), 2);
    let found = read(&journal, JournalPosition::default());
    assert_eq!(values(&found), [3, 4, 5, 6], "decisions stay, and what came after them");
}

#[test]
fn compaction_forgets_submissions_that_are_over_unless_codex_was_seen_to_have_them() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    let of_key = |kind: FactKind, key: &str, value: RawJson| {
        JournalFact::of_thread_key(kind, THREADS[0].parse().expect("id"), key, 7, value)
    };
    let queued = |key: &str, value| of_key(FactKind::QueuedSubmission, key, value);
    let seen = |key: &str, value| of_key(FactKind::CodexSeen, key, value);
    let number = |value: u64| RawJson::of(&value).expect("json");
    let facts = [
        queued("ours", number(1)),
        queued("ours", RawJson::null()),
        queued("theirs", number(2)),
        seen("queued_submission:theirs", number(3)),
        queued("theirs", RawJson::null()),
        queued("gone", number(4)),
        seen("queued_submission:gone", number(5)),
        queued("gone", RawJson::null()),
        seen("queued_submission:gone", RawJson::null()),
        queued("waits", number(6)),
        // Of a goal, a null says more than nothing does.
        of_key(FactKind::Goal, "", RawJson::null()),
        seen("goal", RawJson::null()),
    ];
    append(&journal, &facts);
    assert_eq!(journal.compact().expect("compacts"), 7);
    let left: Vec<JournalFact> = read(&journal, JournalPosition::default())
        .facts
        .into_iter()
        .map(|stored| stored.fact)
        .collect();
    assert_eq!(left, [3, 4, 9, 10, 11].map(|at: usize| facts[at].clone()));
    assert_eq!(journal.compact().expect("nothing to do"), 0);
}

#[test]
fn compaction_drops_what_newer_facts_made_meaningless_and_nothing_else() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    assert_eq!(journal.compact().expect("nothing there"), 0);
    let pin = || FactKind::Other("pin".to_owned());
    let facts = [
        fact(FactKind::ThreadName, 0, 1),
        fact(FactKind::ThreadName, 1, 2),
        fact(FactKind::GitPatch, 0, 3),
        fact(FactKind::MemoryMode, 0, 4),
        fact(pin(), 0, 5),
        fact(FactKind::ThreadName, 0, 6),
        fact(FactKind::GitPatch, 0, 7),
        fact(FactKind::MemoryMode, 0, 8),
        fact(pin(), 0, 9),
    ];
    append(&journal, &facts);
    let before = read(&journal, JournalPosition::default());
    assert_eq!(journal.compact().expect("compacts"), 2);
    let after = read(&journal, before.position);
    assert!(after.is_whole, "a reader starts over");
    assert_eq!(values(&after), [2, 3, 5, 6, 7, 8, 9]);
    let compacted = bytes(&fs, &journal);
    assert_eq!(journal.compact().expect("nothing to do"), 0);
    assert_eq!(bytes(&fs, &journal), compacted);
    append(&journal, &[name(10)]);
    assert_eq!(values(&read(&journal, after.position)), [10]);
}

#[test]
fn a_position_in_a_tail_that_was_lost_and_written_anew_means_nothing() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    append(&journal, &[name(1)]);
    let before = bytes(&fs, &journal);
    append(&journal, &[name(22)]);
    let position = read(&journal, JournalPosition::default()).position;
    fs.put(journal.path(), &before).expect("in memory");
    assert!(read(&journal, position).is_whole, "beyond the end");
    append(&journal, &[name(33), name(44)]);
    let found = read(&journal, position);
    assert_eq!((values(&found), found.is_whole), (vec![1, 33, 44], true));
}

#[test]
fn what_is_no_journal_of_ours_is_left_alone() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    fs.put(journal.path(), b"something else\n").expect("in memory");
    assert!(matches!(
        journal.append(&[name(1)], Durability::Synced),
        Err(JournalError::NoHeader { .. })
    ));
    assert_eq!(bytes(&fs, &journal), b"something else\n");
}

#[test]
fn an_append_that_does_not_fit_leaves_nothing() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    append(&journal, &[name(1)]);
    let before = bytes(&fs, &journal);
    fs.set_free_bytes(Some(150));
    journal
        .append(&[name(2), name(3)], Durability::Synced)
        .expect_err("full");
    assert_eq!(bytes(&fs, &journal), before);
    let long = JournalFact {
        value: RawJson::string(&"x".repeat(1024 * 1024)),
        ..name(4)
    };
    let error = journal.append(&[long], Durability::Synced).expect_err("too long");
    assert!(matches!(error, JournalError::FactTooLong { .. }));
}

#[test]
fn facts_that_were_refused_do_not_come_back_with_the_power() {
    for failing in [FsOp::Sync, FsOp::SyncDir] {
        let fs = SimFs::new();
        append(&journal(&fs), &[name(1)]);
        let faulty = FaultFs::new(Arc::new(fs.clone()));
        let refusing = Journal::new(Arc::new(faulty.clone()), Path::new(HOME));
        let rehearsed = faulty.operation_count();
        refusing.append(&[name(1)], Durability::Synced).expect("appends");
        let operations = faulty.operations().split_off(rehearsed as usize);
        let at = operations.iter().position(|(op, _)| *op == failing).expect("it syncs");
        faulty.add(Fault::FailAt {
            at: faulty.operation_count() + at as u64,
            kind: std::io::ErrorKind::Other,
        });
        refusing.append(&[name(2)], Durability::Synced).expect_err("refused");
        for crash in Crash::ALL {
            let left = read(&journal(&fs.crash(crash)), JournalPosition::default());
            assert_eq!(values(&left), [1, 1], "{failing:?}, {crash:?}");
        }
    }
}

#[test]
fn facts_that_cannot_be_cut_off_are_in_doubt_until_the_journal_is_settled() {
    for failing in [FsOp::Sync, FsOp::SetLen] {
        let fs = SimFs::new();
        append(&journal(&fs), &[name(1)]);
        let faulty = FaultFs::new(Arc::new(fs.clone()));
        for op in [FsOp::SyncDir, failing] {
            let kind = std::io::ErrorKind::Other;
            faulty.add(Fault::FailAll { op, kind });
        }
        let refusing = Journal::new(Arc::new(faulty.clone()), Path::new(HOME));
        let refused = refusing.append(&[name(2)], Durability::Synced).expect_err("refused");
        assert!(matches!(refused, JournalError::InDoubt { .. }), "{refused:?}");
        refusing.settle().expect_err("it cannot be synced yet");
        faulty.heal();
        refusing.settle().expect("synced");
        let settled = values(&read(&refusing, JournalPosition::default()));
        for crash in Crash::ALL {
            let left = read(&journal(&fs.crash(crash)), JournalPosition::default());
            assert_eq!(values(&left), settled, "{failing:?}, {crash:?}");
        }
    }
}

#[test]
fn a_decision_that_cannot_be_read_back_is_decided() {
    let fs = SimFs::new();
    append(&journal(&fs), &[name(1)]);
    let faulty = FaultFs::new(Arc::new(fs.clone()));
    let shaky = Journal::new(Arc::new(faulty.clone()), Path::new(HOME));
    let decide = |value| {
        shaky.transact(JournalPosition::default(), Durability::Synced, |_| {
            Ok::<_, JournalError>(vec![name(value)])
        })
    };
    decide(2).expect("decides");
    let operations = faulty.operations();
    let at = operations
        .iter()
        .rposition(|(op, _)| *op == FsOp::Open)
        .expect("read back");
    faulty.add(Fault::FailAt {
        at: (operations.len() + at) as u64,
        kind: std::io::ErrorKind::Other,
    });
    let decided = decide(3).expect("decided all the same");
    assert_eq!(values(&decided), Vec::<u64>::new());
    assert_eq!(values(&read(&shaky, decided.position)), [3], "a reader goes on there");
}

#[test]
fn many_writers_share_a_journal() {
    let fs = SimFs::new();
    std::thread::scope(|scope| {
        for writer in 0..4_u64 {
            let journal = journal(&fs);
            scope.spawn(move || {
                for number in 0..25 {
                    append(&journal, &[fact(FactKind::GitPatch, 0, writer * 100 + number)]);
                    if number % 10 == 9 {
                        journal.compact().expect("compacts");
                    }
                }
            });
        }
    });
    let mut found = values(&read(&journal(&fs), JournalPosition::default()));
    let of_writer = |writer: u64| -> Vec<u64> { found.iter().copied().filter(|value| value / 100 == writer).collect() };
    for writer in 0..4 {
        assert_eq!(
            of_writer(writer),
            (0..25).map(|number| writer * 100 + number).collect::<Vec<_>>()
        );
    }
    found.dedup();
    assert_eq!(found.len(), 100);
}

#[test]
fn compaction_keeps_the_newest_fact_of_each_key() {
    let fs = SimFs::new();
    let journal = journal(&fs);
    let section =
        |key: &str, value: u64| JournalFact::of_key(FactKind::Section, key, 7, RawJson::of(&value).expect("json"));
    append(&journal, &[section("a", 1), section("b", 2), section("a", 3)]);
    assert_eq!(journal.compact().expect("compacts"), 1);
    assert_eq!(values(&read(&journal, JournalPosition::default())), [2, 3]);
}

#[test]
fn facts_that_could_not_be_synced_do_not_count() {
    for failing in [FsOp::Sync, FsOp::SyncDir] {
        let fs = SimFs::new();
        append(&journal(&fs), &[name(1)]);
        let faulty = FaultFs::new(Arc::new(fs.clone())).with(Fault::FailAll {
            op: failing,
            kind: std::io::ErrorKind::Other,
        });
        let refusing = Journal::new(Arc::new(faulty.clone()), Path::new(HOME));
        let refused = refusing.append(&[name(2)], Durability::Synced);
        assert!(refused.is_err(), "{failing:?}");
        assert_eq!(
            values(&read(&journal(&fs), JournalPosition::default())),
            [1],
            "{failing:?}"
        );
        faulty.heal();
        append(&refusing, &[name(3)]);
        assert_eq!(
            values(&read(&refusing, JournalPosition::default())),
            [1, 3],
            "{failing:?}"
        );
    }
}
