//! How many files a report names.

use super::{MAX_NAMED_FILES, add_named};

#[test]
fn files_are_named_up_to_the_limit_and_more_are_counted() {
    for (files, more) in [(MAX_NAMED_FILES, None), (MAX_NAMED_FILES + 3, Some("and 3 more"))] {
        let mut findings = Vec::new();
        add_named(&mut findings, "folder", (0..files).map(|n| n.to_string()).collect());
        let told: Vec<&str> = findings.iter().map(|finding| finding.detail.as_str()).collect();
        assert_eq!(told[MAX_NAMED_FILES - 1], (MAX_NAMED_FILES - 1).to_string());
        assert_eq!(told.get(MAX_NAMED_FILES).copied(), more);
    }
}
