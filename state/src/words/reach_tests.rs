//! Tests of `reach.rs`.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Inheritance, ReachLimits, rollouts_in_reach};
use crate::db::Index;
use crate::words::{Candidates, WordScope, WordTable, WordWriter, candidates};

const PLENTY: ReachLimits = ReachLimits {
    max_documents: 100,
    max_rollouts: 100,
};

/// What the index is to know of a rollout: id, base, and its plain, projected and indexed lengths.
type Known = (i64, &'static str, Option<&'static str>, (i64, i64, i64));

fn index(folder: &Path, rollouts: &[Known], documents: &[(i64, u64, &str)]) -> Index {
    let index = Index::open(&folder.join("index.db")).unwrap();
    let written = index.write(|transaction| {
        for (key, id, base, (plain_end, projected, indexed)) in rollouts {
            transaction.execute(
                "INSERT INTO rollouts VALUES (?1, ?2, ?2, ?2, 0, 0, 1, '0', '', ?3, ?4, 0, ?5, ?6, 0, 0, '', '', NULL, 0, 0, 0)",
                rusqlite::params![key, id, plain_end, projected, indexed, base],
            )?;
        }
        let mut writer = WordWriter::new(transaction);
        for (key, offset, text) in documents {
            writer.insert(WordTable::Said, *key, *offset, &[text])?;
        }
        Ok(())
    });
    written.unwrap();
    index
}

fn reached(index: &Index, term: &str, inheritance: Inheritance, limits: ReachLimits) -> Option<Vec<i64>> {
    let reader = index.reader().unwrap();
    let Candidates::Rows(rows) = candidates(reader.connection(), term, WordScope::Said).unwrap() else {
        panic!("{term:?} narrows nothing");
    };
    let reached: Option<BTreeSet<i64>> = rollouts_in_reach(reader.connection(), &rows, inheritance, limits).unwrap();
    reached.map(|reached| reached.into_iter().collect())
}

#[test]
fn heirs_of_any_generation_are_reached_with_what_they_inherit() {
    let folder = tempfile::tempdir().unwrap();
    let done = (10, 10, 10);
    let rollouts = [
        (1, "a", None, done),
        (2, "b", Some("a"), done),
        (3, "c", Some("b"), done),
        (4, "d", Some("missing"), done),
        (5, "e", Some("a"), done),
    ];
    let index = index(folder.path(), &rollouts, &[(1, 0, "needle"), (4, 0, "other")]);
    let followed = reached(&index, "needle", Inheritance::Followed, PLENTY);
    assert_eq!(followed, Some(vec![1, 2, 3, 5]));
    let own = reached(&index, "needle", Inheritance::Ignored, PLENTY);
    assert_eq!(own, Some(vec![1]));
}

#[test]
fn rollouts_that_continue_each_other_end_the_walk() {
    let folder = tempfile::tempdir().unwrap();
    let done = (10, 10, 10);
    let rollouts = [(1, "a", Some("b"), done), (2, "b", Some("a"), done)];
    let index = index(folder.path(), &rollouts, &[(1, 0, "needle")]);
    assert_eq!(
        reached(&index, "needle", Inheritance::Followed, PLENTY),
        Some(vec![1, 2])
    );
}

#[test]
fn rollouts_with_bytes_that_have_no_documents_are_reached_by_every_term() {
    let folder = tempfile::tempdir().unwrap();
    let rollouts = [
        (1, "whole", None, (10, 10, 10)),
        (2, "behind", None, (10, 10, 5)),
        (3, "tail", None, (12, 10, 10)),
        (4, "not folded to its end", None, (5, 10, 5)),
        (5, "heir", Some("tail"), (10, 10, 10)),
    ];
    let index = index(folder.path(), &rollouts, &[]);
    assert_eq!(
        reached(&index, "nowhere", Inheritance::Followed, PLENTY),
        Some(vec![2, 3, 4, 5])
    );
}

#[test]
fn too_many_documents_or_rollouts_are_not_named() {
    let folder = tempfile::tempdir().unwrap();
    let done = (10, 10, 10);
    let rollouts = [
        (1, "a", None, done),
        (2, "b", Some("a"), done),
        (3, "c", Some("b"), done),
    ];
    let index = index(folder.path(), &rollouts, &[(1, 0, "needle"), (1, 5, "needle")]);
    let limited = |max_documents, max_rollouts| {
        let limits = ReachLimits {
            max_documents,
            max_rollouts,
        };
        reached(&index, "needle", Inheritance::Followed, limits)
    };
    assert_eq!(limited(2, 3), Some(vec![1, 2, 3]));
    assert_eq!(limited(1, 3), None);
    assert_eq!(limited(2, 2), None);
}
