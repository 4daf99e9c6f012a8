//! Several connections open a new index at once, as processes that start together do.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::sync::Barrier;

use codex_state::db::Index;

const ROUNDS: usize = 50;
const OPENERS: usize = 4;

#[test]
fn whoever_opens_a_new_index_first_all_can_use_it() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..ROUNDS {
        let path = folder.path().join(format!("{round}.sqlite"));
        let start = Barrier::new(OPENERS);
        std::thread::scope(|scope| {
            for _ in 0..OPENERS {
                scope.spawn(|| {
                    start.wait();
                    let index = Index::open(&path).expect("opens");
                    index.reader().expect("reads").files().expect("answers");
                });
            }
        });
    }
}

#[test]
fn a_write_that_waits_in_vain_says_for_whom() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("index.sqlite");
    let (holder, waiter) = (Index::open(&path).expect("opens"), Index::open(&path).expect("opens"));
    let outcome = holder.write(|_| Ok(waiter.write(|_| Ok(()))));
    let error = outcome.expect("held").expect_err("held by the other one");
    assert!(error.is_busy() && !error.is_rebuildable());
    assert!(
        error
            .to_string()
            .starts_with("another process has been writing to the index for more than 10 s"),
        "{error}"
    );
}
