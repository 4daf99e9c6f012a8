//! Names go; everything else in the index stays as it was.

use std::collections::BTreeSet;
use std::path::Path;

use codex_protocol::ids::ThreadId;

use super::forget_names;
use crate::fs::SimFs;

const HOME: &str = "/home";
const INDEX: &str = "/home/session_index.jsonl";

fn thread(n: u128) -> ThreadId {
    ThreadId(uuid::Uuid::from_u128(n))
}

fn entry(n: u128, name: &str) -> String {
    format!(
        "{{\"id\":\"{}\",\"thread_name\":\"{name}\",\"updated_at\":\"x\"}}\n",
        thread(n)
    )
}

fn check(index: &str, forget: u128, expected: (u64, &str)) {
    let disk = SimFs::new();
    disk.put(Path::new(INDEX), index.as_bytes()).expect("an index");
    let dropped = forget_names(&disk, Path::new(HOME), &BTreeSet::from([thread(forget)])).expect("rewritten");
    let bytes = disk.bytes(Path::new(INDEX)).expect("an index");
    assert_eq!((dropped, String::from_utf8(bytes).expect("text").as_str()), expected);
}

#[test]
fn entries_of_the_thread_go_and_all_other_lines_stay() {
    let (one, two, again) = (entry(1, "one"), entry(2, "two"), entry(1, "again"));
    let index = format!("{one}\nnot json\n{two}{{\"id\":1}}\n{again}{{\"id\":\"torn");
    check(
        &index,
        1,
        (2, &format!("\nnot json\n{two}{{\"id\":1}}\n{{\"id\":\"torn")),
    );
}

#[test]
fn an_index_without_the_thread_is_not_touched() {
    let index = entry(2, "two");
    check(&index, 1, (0, &index));
    let none = forget_names(&SimFs::new(), Path::new(HOME), &BTreeSet::from([thread(1)]));
    assert_eq!(none.expect("no index"), 0);
}
