//! How often a connection tries to switch to a write-ahead log.

use rusqlite::Connection;

use super::use_wal;

#[test]
#[expect(clippy::disallowed_methods, reason = "a database of the test's own")]
fn a_file_that_stays_busy_is_an_error_after_the_last_attempt_and_one_that_does_not_is_switched() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("index.sqlite");
    let other = Connection::open(&path).expect("new");
    other
        .execute_batch("CREATE TABLE t (x); BEGIN EXCLUSIVE")
        .expect("locked");
    let connection = Connection::open(&path).expect("open");
    connection.busy_timeout(std::time::Duration::ZERO).expect("set");
    for attempts in [1, 2] {
        let error = use_wal(&connection, attempts).expect_err("locked");
        assert!(error.is_busy(), "{error}");
    }
    other.execute_batch("COMMIT").expect("unlocked");
    use_wal(&connection, 1).expect("switched");
}
