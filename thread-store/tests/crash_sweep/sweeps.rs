//! The sweeps, some operations each.

use crate::operations::{Operation, appends, lifecycles, others};
use crate::sweep::Reference;

/// Names the operations to be swept; all when absent.
const ONLY: &str = "CRASH_OPERATION";

#[expect(clippy::print_stdout, reason = "the counts are for people")]
fn sweep(operations: Vec<Operation>) {
    let only = std::env::var(ONLY).ok();
    for operation in operations {
        if only.as_ref().is_some_and(|only| !operation.name.contains(only)) {
            continue;
        }
        let totals = Reference::new(&operation).sweep();
        assert!(totals.operations > 10, "{}: {totals:?}", operation.name);
        println!("crash sweep: {}: {totals:?}", operation.name);
    }
}

#[test]
fn appends_survive_as_far_as_they_were_acknowledged() {
    sweep(appends());
}

#[test]
fn a_change_of_threads_is_done_or_not() {
    sweep(lifecycles());
}

#[test]
fn forms_of_files_facts_and_the_index_change_whole() {
    sweep(others());
}
