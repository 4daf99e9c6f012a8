//! What is kept of what was seen, and what a deletion forgets of it.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_rollout::journal::{FactKind, JournalFact};
use uuid::Uuid;

use super::{Seen, Subject};
use crate::local::codex_db::files::Database;

fn thread(number: u128) -> ThreadId {
    ThreadId(Uuid::from_u128(number))
}

fn deleted(number: u128) -> JournalFact {
    JournalFact::of_thread(FactKind::ThreadDeleted, thread(number), 2, RawJson::string("op"))
}

fn goal(number: u128) -> Subject {
    Subject::of_thread(FactKind::Goal, thread(number))
}

#[test]
fn a_deletion_forgets_all_of_its_thread_and_nothing_else() {
    let mut seen = Seen::default();
    let attachment = |number, key| Subject::of_thread_key(FactKind::Attachment, thread(number), key);
    let section = Subject::of_key(FactKind::Section, "s1");
    let all = [
        goal(1),
        attachment(1, "a"),
        attachment(1, "b:c"),
        goal(2),
        attachment(2, "a"),
        section,
    ];
    for (hash, subject) in (7..).zip(&all) {
        seen.learn(&subject.seen_fact(1, Some(hash)));
    }
    assert_eq!(
        all.each_ref().map(|subject| seen.get(subject)),
        [7, 8, 9, 10, 11, 12].map(Some)
    );
    seen.learn(&deleted(1));
    let left = [None, None, None, Some(10), Some(11), Some(12)];
    assert_eq!(all.each_ref().map(|subject| seen.get(subject)), left);
    seen.learn(&all[4].seen_fact(3, None));
    let mut known: Vec<&Subject> = seen.subjects_of(Database::State).collect();
    known.extend(seen.subjects_of(Database::Goals));
    assert_eq!(known, [&all[5], &all[3]]);
}

/// A look at all subjects for each deletion would take minutes here.
#[test]
fn many_deletions_among_many_subjects_are_folded_at_once() {
    const THREADS: u128 = 50_000;
    let mut seen = Seen::default();
    for number in 0..THREADS {
        seen.learn(&goal(number).seen_fact(1, Some(7)));
    }
    for number in THREADS..2 * THREADS {
        seen.learn(&deleted(number));
    }
    assert_eq!(seen.subjects_of(Database::Goals).count() as u128, THREADS);
}
