//! Indexing behind the answers: in steps, newest first, one process at a time, and left off at any moment.

use std::io::ErrorKind;
use std::sync::Arc;

use codex_rollout::fs::{Fault, FaultFs, FsOp, StdFs};
use codex_test_support::{Header, Mode, RolloutBuilder};
use codex_thread_store::{IndexStep, ItemsView, LocalStore, LocalStoreOptions, ThreadReadQuery, ThreadStore, View};

use crate::support::LocalHome;

/// More than one step takes.
const THREADS: u32 = 262;
const LEFT: u64 = 6;

fn thread(number: u32) -> String {
    format!("019cb354-0000-7000-8000-{number:012}")
}

/// Threads of which a later one is newer.
fn home() -> LocalHome {
    let home = LocalHome::new();
    for number in 1..=THREADS {
        let created_ms = 1_772_442_000_000 + i64::from(number) * 60_000;
        let header = Header::new(Mode::Paginated, &thread(number)).created_at(created_ms);
        let mut rollout = RolloutBuilder::new(header);
        rollout.start_turn().user("ask").agent("answer").complete_turn();
        rollout.file().write_to(home.path()).expect("writable");
    }
    home
}

async fn step(store: &LocalStore) -> IndexStep {
    let maintenance = store.maintenance().expect("kept");
    maintenance.index_step().await.expect("a step")
}

async fn finish(store: &LocalStore) {
    for _ in 0..10 {
        if step(store).await == IndexStep::Done {
            return;
        }
    }
    panic!("it does not come to an end");
}

async fn lag(store: &LocalStore) -> String {
    told(store, "index lag").await.remove(0)
}

/// What `doctor` finds of one sort.
async fn told(store: &LocalStore, check: &str) -> Vec<String> {
    let report = store
        .maintenance()
        .expect("kept")
        .doctor_home()
        .await
        .expect("examined");
    let found = report.findings.into_iter().filter(|finding| finding.check == check);
    found.map(|finding| finding.detail).collect()
}

#[tokio::test]
async fn steps_take_the_newest_threads_first_and_come_to_an_end() {
    let home = home();
    let store = home.store();
    let IndexStep::More {
        rollouts_left,
        bytes_left,
    } = step(&store).await
    else {
        panic!("one step is not enough");
    };
    assert_eq!(rollouts_left, LEFT);
    assert!(bytes_left > 0);
    assert!(lag(&store).await.starts_with("6 rollouts"));
    // An old thread that is asked for is there at once, and not done again.
    let query = ThreadReadQuery {
        thread_id: thread(1).parse().expect("an id"),
        view: View::Full,
        turns: Some(ItemsView::Full),
    };
    assert_eq!(store.read_thread(query).await.expect("read").turns.len(), 1);
    assert!(lag(&store).await.starts_with("5 rollouts"));
    finish(&store).await;
    assert_eq!(lag(&store).await, "every rollout is indexed");
    assert_eq!(step(&store).await, IndexStep::Done);
}

#[tokio::test]
async fn one_process_indexes_and_another_takes_over_when_it_has_gone() {
    let home = home();
    let first = LocalStore::open(home.options()).expect("a home");
    let second = LocalStore::open(home.options()).expect("a home");
    assert!(matches!(step(&first).await, IndexStep::More { .. }));
    assert_eq!(step(&second).await, IndexStep::Elsewhere);
    drop(first);
    // What was done is done.
    assert!(lag(&second).await.starts_with("6 rollouts"));
    finish(&second).await;
}

#[tokio::test]
async fn whoever_is_done_leaves_the_lead() {
    let home = home();
    let first = LocalStore::open(home.options()).expect("a home");
    let second = LocalStore::open(home.options()).expect("a home");
    finish(&first).await;
    finish(&second).await;
}

#[tokio::test]
async fn files_that_cannot_be_read_are_not_tried_for_ever() {
    let home = home();
    let folder = home.path().join("sessions/2026/03/02");
    for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
        // The newest are as many as a step takes.
        let name = entry.file_name().into_string().expect("text");
        if (LEFT + 1..=u64::from(THREADS)).any(|number| name.contains(&format!("-{number:012}"))) {
            std::fs::write(folder.join(format!("{name}.zst")), b"no frame").expect("writable");
            std::fs::remove_file(entry.path()).expect("removable");
        }
    }
    let store = home.store();
    finish(&store).await;
    assert!(lag(&store).await.starts_with("256 rollouts"), "{}", lag(&store).await);
}

/// Without an end to it, the newest, which fail and are tried again by each step, would keep it from all others.
#[tokio::test]
async fn files_of_a_failing_disk_are_tried_again_and_not_for_ever() {
    let home = home();
    let fs = FaultFs::new(Arc::new(StdFs)).with(Fault::FailAll {
        op: FsOp::ReadAt,
        kind: ErrorKind::Other,
    });
    let options = LocalStoreOptions {
        fs: Arc::new(fs.clone()),
        ..home.options()
    };
    let store = LocalStore::open(options).expect("a home");
    finish(&store).await;
    assert!(lag(&store).await.starts_with("262 rollouts"), "{}", lag(&store).await);
    assert_eq!(
        told(&store, "unreadable").await.len(),
        21,
        "twenty by name, and how many more"
    );
    fs.heal();
    finish(&store).await;
    assert_eq!(lag(&store).await, "every rollout is indexed");
    assert_eq!(told(&store, "unreadable").await, [""; 0]);
}
