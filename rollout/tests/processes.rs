//! Real processes on a real file system: the lock between them, and a writer that is killed while it writes.
//!
//! A child is this very test program, told by an environment variable what to be.

#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[path = "recorder/support.rs"]
mod support;

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::HistoryMode;
use codex_rollout::discover::rollout_at;
use codex_rollout::fs::{LogFs, StdFs};
use codex_rollout::locks::{LOCKS_FOLDER, LockError, WriterLocks, WriterProbe};
use codex_rollout::recorder::{Durability, RecorderOptions, RecorderPool, RolloutWriter, TornTailRule};
use support::{NOW_MS, THREAD, meta_line, new_rollout, note, note_line};

const ROLE: &str = "ROLLOUT_TEST_ROLE";
const HOME: &str = "ROLLOUT_TEST_HOME";
/// How often a writer is killed; `KILL_ROUNDS=1000` for the long run.
const KILL_ROUNDS: u64 = 50;

fn thread() -> ThreadId {
    THREAD.parse().expect("id")
}

fn locks(home: &Path) -> WriterLocks {
    WriterLocks::new(Arc::new(StdFs), home)
}

/// A child and what it says; killed when dropped.
struct Running(Child, Lines<BufReader<ChildStdout>>);

impl Running {
    fn start(role: &str, home: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "what_a_child_does", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(HOME, home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self(child, lines)
    }

    /// Returns the number on the next line that the child marks as its own.
    fn next_number(&mut self) -> u64 {
        let line = self.1.find_map(|line| {
            let line = line.expect("text");
            let at = line.find("CHILD ")?;
            line[at + 6..].trim().parse().ok()
        });
        line.expect("the child lives")
    }

    fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have been killed by the test already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn say(number: u64) {
    let mut out = std::io::stdout();
    writeln!(out, "CHILD {number}").expect("the parent listens");
    out.flush().expect("the parent listens");
}

/// Does nothing unless a test started it as a child.
#[test]
fn what_a_child_does() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let home = PathBuf::from(std::env::var(HOME).expect("home"));
    match role.as_str() {
        "holder" => {
            let _lease = locks(&home).acquire(thread()).expect("free");
            say(0);
            // Until the parent closes its end.
            std::io::stdin().lines().for_each(drop);
        }
        "writer" => write_for_ever(&home),
        other => panic!("no such role: {other}"),
    }
}

fn write_for_ever(home: &Path) {
    let fs: Arc<dyn LogFs> = Arc::new(StdFs);
    let lease = Arc::new(locks(home).acquire(thread()).expect("free"));
    let path = new_rollout(HistoryMode::Paginated).path(home).expect("path");
    let writer = match rollout_at(&StdFs, home, &path) {
        Ok(file) => {
            RolloutWriter::resume(fs, home, lease, &file, TornTailRule::CutAside)
                .expect("resumes")
                .writer
        }
        Err(_) => RolloutWriter::create(fs, home, lease, new_rollout(HistoryMode::Paginated)).expect("prepares"),
    };
    let pool = RecorderPool::new(RecorderOptions::default(), Arc::new(|| NOW_MS)).expect("threads");
    let recorder = pool.open(writer);
    loop {
        let number = recorder.next_ordinal().expect("paginated");
        recorder
            .append_blocking(vec![note(number), note(number + 1)], Durability::Written)
            .expect("written");
        say(number + 1);
    }
}

#[test]
fn one_thread_has_one_writer_across_processes() {
    let home = tempfile::tempdir().expect("folder");
    let mut holder = Running::start("holder", home.path());
    holder.next_number();
    let locks = locks(home.path());
    let error = locks.acquire(thread()).expect_err("held by the child");
    assert!(matches!(error, LockError::Conflict { thread_id } if thread_id == thread()));
    assert_eq!(
        error.to_string(),
        format!("thread {THREAD} already has an active writer")
    );
    assert_eq!(locks.probe(thread()).expect("probe"), WriterProbe::Elsewhere);
    drop(holder.0.stdin.take());
    holder.0.wait().expect("ended");
    assert_eq!(locks.probe(thread()).expect("probe"), WriterProbe::Free);
    let lease = locks.acquire(thread()).expect("free again");
    assert_eq!(locks.probe(thread()).expect("probe"), WriterProbe::Here);
    lease.release().expect("releases");
}

#[test]
fn the_lock_of_a_killed_writer_is_free_and_its_file_is_cleaned_up() {
    let home = tempfile::tempdir().expect("folder");
    let mut holder = Running::start("holder", home.path());
    holder.next_number();
    holder.kill();
    let folder = home.path().join(LOCKS_FOLDER);
    let file = folder.join(format!("{THREAD}.lock"));
    assert!(file.exists(), "nobody was there to remove it");
    assert_eq!(locks(home.path()).probe(thread()).expect("probe"), WriterProbe::Free);
    assert!(file.exists(), "a probe changes nothing");
    let other = "01a20235-bbbb-7d00-be10-0c5c1ecfe4fb".parse().expect("id");
    let _lease = locks(home.path()).acquire(other).expect("free");
    assert!(!file.exists(), "removed by the first acquisition");
}

#[test]
fn a_writer_that_is_killed_loses_nothing_that_was_written() {
    let home = tempfile::tempdir().expect("folder");
    let rounds = std::env::var("KILL_ROUNDS").map_or(KILL_ROUNDS, |rounds| rounds.parse().expect("a number"));
    let path = new_rollout(HistoryMode::Paginated).path(home.path()).expect("path");
    let mut total = 0;
    for round in 0..rounds {
        let mut writer = Running::start("writer", home.path());
        let mut acknowledged = 0;
        for _ in 0..=round % 7 {
            acknowledged = writer.next_number();
        }
        writer.kill();
        let text = std::fs::read_to_string(&path).expect("text");
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        let count = text[..whole].lines().count() as u64 - 1;
        assert!(count >= acknowledged, "round {round}: {count} of {acknowledged}");
        assert!(count > total, "round {round}");
        total = count;
    }
    // Every round went on where the one before was killed: no number is missing, none is there twice.
    let lines = (1..=total).map(|number| note_line(Some(number), number));
    let expected = meta_line(HistoryMode::Paginated, Some(0)) + &lines.collect::<String>();
    let text = std::fs::read_to_string(&path).expect("text");
    assert!(text.starts_with(&expected));
}
