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
