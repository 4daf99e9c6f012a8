//! Sessions are cut without loss, and what is in them can be told apart.

use proptest::prelude::*;

use super::{Form, session};

proptest! {
    #[test]
    fn batches_are_the_facts_cut_into_pieces(session in session()) {
        for form in [Form::Canonical, Form::Legacy, Form::Both] {
            let whole: Vec<_> = session.facts("thread").iter().flat_map(|fact| fact.emitted(form)).collect();
            let batches = session.batches("thread", form);
            prop_assert!(batches.iter().all(|(records, _)| (1..7).contains(&records.len())));
            let pieces: Vec<_> = batches.into_iter().flat_map(|(records, _)| records).collect();
            prop_assert_eq!(pieces, whole);
        }
    }

    #[test]
    fn every_item_of_a_session_has_texts_or_an_id_of_its_own(session in session()) {
        let mut items: Vec<String> = session
            .facts("thread")
            .iter()
            .flat_map(|fact| fact.canonical.iter().map(|record| record.payload["item"].to_string()))
            .filter(|item| !item.contains("ContextCompaction"))
            .collect();
        let count = items.len();
        items.sort();
        items.dedup();
        prop_assert_eq!(items.len(), count);
    }
}
