//! The machine goes down, or one operation fails, at every operation of a decision about sections and projects.
//!
//! Afterwards everything is as it was or as it was to be, also where one decision makes many facts; and the same call gets
//! through.

use std::io::ErrorKind;
use std::sync::Arc;

use codex_rollout::fs::{Crash, Fault, FsOp, SimFs};
use codex_thread_store::organise::{OrganiseRefusal, PINNED_SECTION_ID, SectionMove};
use codex_thread_store::{StoreError, StoreResult, ThreadStore};

use crate::agent::thread;
use crate::sim_home::SimHome;
use crate::world::{Seen, assign, new_project, projects, put, record, sections, seen};

/// The clock of a machine that is up again starts later.
const LATER_MS: i64 = 3_600_000;

#[derive(Debug, Clone, Copy)]
enum Call {
    /// Puts a thread where there is no room, so that all get new places.
    Crowd,
    /// Makes a project of threads, one of which is in another one.
    Import,
    /// Deletes a project with threads.
    DeleteProject,
    /// Puts the last project first.
    MoveProject,
}

impl Call {
    async fn run(self, store: &dyn ThreadStore) -> StoreResult<()> {
        match self {
            Self::Crowd => {
                let to = SectionMove::Before {
                    section_id: PINNED_SECTION_ID.to_owned(),
                    thread_id: thread(3),
                };
                sections(store).move_thread(thread(4), to).await
            }
            Self::Import => projects(store).create(new_project("new", &[2, 3])).await.map(|_| ()),
            Self::DeleteProject => match projects(store).delete("a").await {
                // It had gone before the machine went down.
                Err(StoreError::Organise(OrganiseRefusal::ProjectNotFound { .. })) => Ok(()),
                deleted => deleted.map(|_| ()),
            },
            Self::MoveProject => projects(store).move_before("b", Some("a")).await,
        }
    }
}

/// Pinned threads 1, 3 and 2 without room between the first two, and two projects.
fn world() -> SimFs {
    let home = SimHome::new(SimFs::new(), 0);
    let store: Arc<dyn ThreadStore> = home.open().expect("a home");
    home.run(async {
        record(&store).await;
        for number in [1, 2, 3] {
            put(&*store, number, None).await;
        }
        // Each time one of two goes between the other one and the first: the room halves.
        for step in 0..19 {
            let (mover, before) = if step % 2 == 0 { (3, 2) } else { (2, 3) };
            put(&*store, mover, Some(before)).await;
        }
        let organised = store.facts().expect("facts").organised().await.expect("reads");
        let rank = |number| organised.section_member(thread(number)).expect("pinned").rank;
        assert_eq!(rank(3) - rank(1), 1, "there is no room between them");
        let made = projects(&*store).create(new_project("a", &[1, 2])).await;
        made.expect("creates");
        projects(&*store).create(new_project("b", &[])).await.expect("creates");
        assign(&*store, 4, Some("b")).await;
    });
    home.disk.crash(Crash::Process)
}

fn copy(disk: &SimFs) -> SimHome {
    SimHome::new(disk.crash(Crash::Process), LATER_MS)
}

fn look(home: &SimHome) -> Seen {
    let store = home.open().expect("a home");
    home.run(seen(&*store))
}

fn sweep(call: Call) {
    let prepared = world();
    let before = look(&copy(&prepared));
    let (after, opened, operations) = {
        let home = copy(&prepared);
        let store = home.open().expect("a home");
        let opened = home.faults.operation_count();
        home.run(call.run(&*store)).expect("a healthy machine");
        let operations = home.faults.operations();
        (home.run(seen(&*store)), opened, operations)
    };
    assert_ne!(before, after, "{call:?} changes something");
    let mut crashes = Crash::ALL.into_iter().cycle();
    for at in opened..operations.len() as u64 {
        let (op, path) = &operations[usize::try_from(at).expect("small")];
        if !changes(*op) {
            continue;
        }
        let what = format!("{call:?}, operation {at} ({op:?} {})", path.display());
        let kind = ErrorKind::Other;
        let (home, done) = failing(&prepared, call, Fault::FailFrom { at, kind });
        let up = SimHome::new(home.disk.crash(crashes.next().expect("endless")), 2 * LATER_MS);
        let store = up.open().expect("a home");
        let found = up.run(seen(&*store));
        assert!(found == before || found == after, "{what}: {found:#?}");
        assert!(!done || found == after, "acknowledged: {what}");
        up.run(call.run(&*store)).expect("again");
        assert_eq!(up.run(seen(&*store)), after, "again: {what}");

        let (home, done) = failing(&prepared, call, Fault::FailAt { at, kind });
        let found = look(&home);
        assert!(found == before || found == after, "one failure: {what}: {found:#?}");
        assert!(!done || found == after, "acknowledged after one failure: {what}");
    }
}

/// Runs the call on a copy that fails; tells whether it was acknowledged.
fn failing(prepared: &SimFs, call: Call, fault: Fault) -> (SimHome, bool) {
    let home = copy(prepared);
    let store = home.open().expect("a home");
    home.faults.add(fault);
    let done = home.run(call.run(&*store)).is_ok();
    drop(store);
    (home, done)
}

fn changes(op: FsOp) -> bool {
    !matches!(
        op,
        FsOp::Open
            | FsOp::ReadDir
            | FsOp::Stat
            | FsOp::ReadAt
            | FsOp::FileStat
            | FsOp::OpenAppend
            | FsOp::Lock
            | FsOp::TryLock
    )
}

#[test]
fn a_crash_while_a_section_makes_room() {
    sweep(Call::Crowd);
}

#[test]
fn a_crash_while_a_project_comes_with_its_threads() {
    sweep(Call::Import);
}

#[test]
fn a_crash_while_a_project_goes() {
    sweep(Call::DeleteProject);
}

#[test]
fn a_crash_while_a_project_is_moved() {
    sweep(Call::MoveProject);
}
