//! The list that makes tests of promises names every promise.
#![allow(clippy::disallowed_methods, reason = "reads the source of the suite")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_promise_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance");
    let listed = fs::read_to_string(folder.join("suite.rs")).expect("the list");
    let listed: BTreeSet<&str> = listed.lines().map(|line| line.trim().trim_end_matches(',')).collect();
    let mut missing = Vec::new();
    for entry in fs::read_dir(&folder).expect("the suite") {
        let source = fs::read_to_string(entry.expect("a file").path()).expect("a source file");
        let promises = source
            .lines()
            .filter_map(|line| line.strip_prefix("pub async fn ")?.split('(').next());
        missing.extend(promises.filter(|name| !listed.contains(name)).map(str::to_owned));
    }
    assert_eq!(missing, Vec::<String>::new(), "promises that nothing checks");
}
