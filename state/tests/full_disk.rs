//! An index without room: what says so, and what can be read all the same.

use codex_state::db::Index;

#[test]
fn a_change_without_room_says_so_and_reads_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = Index::open(&folder.path().join("index.sqlite")).expect("opens");
    let failed = index.write(|transaction| {
        // No more pages than there are now.
        transaction.execute_batch("PRAGMA max_page_count = 1; CREATE TABLE more (bytes BLOB)")?;
        transaction.execute_batch("INSERT INTO more VALUES (zeroblob(1048576))")?;
        Ok(())
    });
    let error = failed.expect_err("there is no room");
    assert!(
        error.is_full() && !error.is_rebuildable() && !error.is_busy(),
        "{error}"
    );
    index.reader().expect("reads").files().expect("answers");
}
