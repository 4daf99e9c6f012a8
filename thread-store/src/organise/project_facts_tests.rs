//! How many threads the fact of a new project names.

use std::collections::BTreeMap;

use codex_protocol::ids::ThreadId;
use codex_rollout::journal::MAX_FACT_BYTES;
use uuid::Uuid;

use super::{MAX_FOUNDERS, created};
use crate::organise::{NewProject, Organised};

#[test]
fn threads_up_to_the_limit_come_in_the_fact_of_the_project_and_each_further_one_has_its_own() {
    for further in [0, 1, 3] {
        let new = NewProject {
            id: "p".to_owned(),
            name: "n".to_owned(),
            roots: Vec::new(),
            metadata: BTreeMap::new(),
            idempotency_key: "k".to_owned(),
            threads: (0..MAX_FOUNDERS + further)
                .map(|number| ThreadId(Uuid::from_u128(number as u128)))
                .collect(),
        };
        let (facts, _) = created(&Organised::default(), &new, ("n".to_owned(), Vec::new()), 1);
        assert_eq!(facts.len(), 1 + further);
        let longest = facts.iter().map(|fact| fact.value.get().len()).max().expect("facts");
        assert!((longest as u64) < MAX_FACT_BYTES / 2, "{longest} bytes");
    }
}
