//! Tests of `deeds.rs`.

use super::{advance, behind, insert, offset, unindexed};
use crate::db::Index;
use crate::query::{Clause, Field, FieldKind, Filters, KindSet, Query, Term, TermText};
use crate::words::{self, KnownTokens, Plan, WordWriter};

fn index(folder: &std::path::Path) -> Index {
    let index = Index::open(&folder.join("index.db")).expect("an index");
    let rollout = |key: i64, plain_end: i64, projected: i64| {
        let id = key.to_string();
        index
            .write(|transaction| {
                transaction.execute(
                    "INSERT INTO rollouts VALUES (?1, ?2, ?2, ?2, 0, 0, 1, '0', '', ?3, ?4, 0, ?3, NULL, 0, 0, '', '', NULL, 0, 0, 0)",
                    rusqlite::params![key, id, plain_end, projected],
                )?;
                Ok(())
            })
            .expect("room");
    };
    rollout(1, 100, 100);
    rollout(2, 60, 50);
    index
}

#[test]
fn checkpoints_move_once_and_not_beyond_the_positions() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = index(folder.path());
    let moved = |key, expected, reached| {
        index
            .write(|transaction| advance(transaction, key, expected, reached))
            .expect("room")
    };
    assert!(!moved(1, 10, 50), "it is at 0");
    assert!(!moved(1, 0, 101), "positions are not that far");
    assert!(!moved(9, 0, 1), "no such rollout");
    assert!(moved(1, 0, 50));
    assert!(!moved(1, 0, 50), "somebody did that before");
    let reader = index.reader().expect("a reader");
    assert_eq!(offset(reader.connection(), 1).expect("an offset"), 50);
    assert_eq!(offset(reader.connection(), 9).expect("an offset"), 0);
    assert_eq!(behind(reader.connection()).expect("ids"), ["2", "1"]);
    drop(reader);
    assert!(moved(1, 50, 100) && moved(2, 0, 50));
    let reader = index.reader().expect("a reader");
    assert_eq!(behind(reader.connection()).expect("ids"), Vec::<String>::new());
    assert_eq!(
        unindexed(reader.connection()).expect("keys"),
        [2],
        "its last line has no newline"
    );
}

#[test]
fn a_removed_rollout_has_neither_documents_nor_a_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = index(folder.path());
    let clause = Clause::Term(Term {
        kinds: KindSet::ALL,
        text: TermText::Words("widget".to_owned()),
    });
    let query = Query {
        clause,
        filters: Filters::default(),
    };
    let add = |keys: &[i64]| {
        let added = index.write(|transaction| {
            let mut known = KnownTokens::default();
            let mut writer = WordWriter::new(transaction);
            for key in keys {
                assert!(advance(transaction, *key, 0, 50)?);
                let words = known.words_of_fields(&[Field::new(FieldKind::Output, "the widget")]);
                writer.learn(&words)?;
                insert(transaction, *key, 7, &words)?;
            }
            Ok(())
        });
        added.expect("room");
    };
    let found = || {
        let reader = index.reader().expect("a reader");
        let plan = Plan::new(reader.connection(), &query).expect("a plan");
        plan.documents(reader.connection(), 10).expect("documents").places
    };
    add(&[1, 2]);
    assert_eq!(found(), [(2, 7), (1, 7)]);
    index
        .write(|transaction| words::remove_rollout(transaction, 1))
        .expect("room");
    assert_eq!(found(), [(2, 7)]);
    add(&[1]);
    assert_eq!(found(), [(1, 7), (2, 7)]);
}
