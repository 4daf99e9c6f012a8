//! Which files are in question, by their times.

use std::path::Path;

use codex_rollout::discover::rollout_at;
use codex_rollout::fs::{LogFs as _, SimFs};

use super::EarlierIndex;

#[test]
fn files_that_are_hardly_older_than_the_index_are_in_question() {
    const HOUR_MS: i64 = 3_600_000;
    let fs = SimFs::new();
    let home = Path::new("/home");
    let file = |name: &str, at_ms: i64| {
        fs.set_time_ms(at_ms);
        let path = home.join("sessions").join(name);
        fs.put(&path, b"{}\n").expect("in memory");
        rollout_at(&fs, home, &path).expect("a rollout")
    };
    let old = file(
        "rollout-2027-01-15T08-00-00-019caf1a-1400-7000-8000-000000000001.jsonl",
        HOUR_MS,
    );
    let young = file(
        "rollout-2027-01-15T08-00-00-019caf1a-1400-7000-8000-000000000002.jsonl",
        3 * HOUR_MS,
    );
    let index = home.join("index.sqlite");
    assert!(
        EarlierIndex::at(&fs, &index).may_be_ahead_of(&old),
        "no index vouches for nothing"
    );
    fs.set_time_ms(HOUR_MS);
    fs.put(&index, b"x").expect("in memory");
    fs.set_time_ms(3 * HOUR_MS + 60_000);
    fs.put(&home.join("index.sqlite-wal"), b"x").expect("in memory");
    let earlier = EarlierIndex::at(&fs, &index);
    assert!(!earlier.may_be_ahead_of(&old));
    assert!(earlier.may_be_ahead_of(&young));
    fs.remove(&home.join("index.sqlite-wal")).expect("in memory");
    assert!(EarlierIndex::at(&fs, &index).may_be_ahead_of(&old));
}
