//! How many idle connections an index keeps.

use super::{Index, MAX_IDLE_READERS, lock};

#[test]
fn idle_readers_are_kept_up_to_the_limit_and_more_are_closed() {
    let folder = tempfile::tempdir().expect("folder");
    let index = Index::open(&folder.path().join("index.sqlite")).expect("new");
    let readers: Vec<_> = (0..MAX_IDLE_READERS).map(|_| index.reader().expect("reader")).collect();
    drop(readers);
    assert_eq!(lock(&index.readers).len(), MAX_IDLE_READERS);
    let readers: Vec<_> = (0..=MAX_IDLE_READERS)
        .map(|_| index.reader().expect("reader"))
        .collect();
    assert_eq!(lock(&index.readers).len(), 0, "idle ones are used first");
    drop(readers);
    assert_eq!(lock(&index.readers).len(), MAX_IDLE_READERS);
}
