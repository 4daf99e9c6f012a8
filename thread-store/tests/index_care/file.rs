//! The file itself: spoilt, of another schema, or held by another writer.

use std::fs;
use std::time::{Duration, SystemTime};

use codex_state::db::{Index, SCHEMA_VERSION};
use codex_test_support::fixture;

use crate::support::LocalHome;
use crate::{LISTED, listed};

fn home() -> LocalHome {
    let home = LocalHome::new();
    fixture::listing_home(home.path()).expect("writable");
    home
}

fn names(home: &LocalHome) -> Vec<String> {
    let folder = home.index_path();
    let folder = folder.parent().expect("in a folder");
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_spoilt_index_is_kept_aside_once_and_made_anew() {
    let home = home();
    assert_eq!(listed(&home.store()).await, LISTED);
    for round in [1_u8, 2] {
        home.with_closed_store(|index| fs::write(index, [round; 5_000]).expect("writable"));
        assert_eq!(listed(&home.store()).await, LISTED);
        let aside = format!("index-{SCHEMA_VERSION}.sqlite.damaged");
        let kept = home.index_path().with_file_name(&aside);
        assert_eq!(fs::read(kept).expect("kept"), [round; 5_000]);
        assert_eq!(names(&home).iter().filter(|name| name.contains("damaged")).count(), 1);
    }
}

#[tokio::test]
async fn an_index_of_a_newer_schema_is_left_alone() {
    let home = home();
    let newer = home
        .index_path()
        .with_file_name(format!("index-{}.sqlite", SCHEMA_VERSION + 1));
    fs::write(&newer, b"of a newer program").expect("writable");
    home.reopen();
    assert_eq!(listed(&home.store()).await, LISTED);
    assert_eq!(fs::read(&newer).expect("there"), b"of a newer program");
}

#[tokio::test]
async fn an_index_of_an_older_schema_goes_when_nobody_has_written_it_for_a_week() {
    let home = home();
    let older = |schema| home.index_path().with_file_name(format!("index-{schema}.sqlite"));
    // The clock of these homes begins in 2027.
    for (schema, days_before_2027) in [(1, 0), (2, 9)] {
        fs::write(older(schema), b"old").expect("writable");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 - days_before_2027 * 86_400);
        let file = fs::OpenOptions::new().write(true).open(older(schema)).expect("there");
        file.set_modified(time).expect("writable");
    }
    home.reopen();
    assert!(older(1).exists() && !older(2).exists());
    assert_eq!(listed(&home.store()).await, LISTED);
}

#[tokio::test]
async fn answers_do_not_wait_for_another_writer() {
    let home = home();
    assert_eq!(listed(&home.store()).await, LISTED);
    let other = Index::open(&home.index_path()).expect("a second connection");
    let (held, is_held) = std::sync::mpsc::channel();
    let (release, is_released) = std::sync::mpsc::channel::<()>();
    let writer = std::thread::spawn(move || {
        other
            .write(|_| {
                held.send(()).expect("awaited");
                // Until the answers are in. Whoever waits for the writer gives up before this does, with an error.
                let _told_or_late = is_released.recv_timeout(Duration::from_secs(60));
                Ok(())
            })
            .expect("written");
    });
    is_held.recv().expect("held");
    assert_eq!(listed(&home.store()).await, LISTED);
    let query = codex_thread_store::ThreadReadQuery {
        thread_id: fixture::id(1).parse().expect("an id"),
        view: codex_thread_store::View::Full,
        turns: Some(codex_thread_store::ItemsView::Full),
    };
    let store = home.store();
    let read = codex_thread_store::ThreadStore::read_thread(&*store, query).await;
    assert_eq!(read.expect("read").turns.len(), 1);
    drop(release);
    writer.join().expect("no panic");
}
