//! The table of edge cases names tests that exist.
#![allow(clippy::disallowed_methods, reason = "reads the source tree")]

use std::fs;
use std::path::Path;

#[test]
fn every_test_in_the_table_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let table = fs::read_to_string(root.join("docs/edge-cases.md")).expect("the table");
    let mut missing = Vec::new();
    let mut named = 0;
    for (path, test) in table.split('`').filter_map(|part| part.split_once("::")) {
        named += 1;
        let source = fs::read_to_string(root.join(path)).unwrap_or_default();
        let exists = source.contains(&format!("fn {test}("));
        if !exists {
            missing.push(format!("{path}::{test}"));
        }
    }
    assert!(named >= 80, "the table was read: {named}");
    assert_eq!(missing, Vec::<String>::new());
}
