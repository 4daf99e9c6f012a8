//! What happens: reads in any order, appends between them, files replaced, indexes lost.
#![allow(clippy::disallowed_methods, reason = "tests damage files")]

use std::fs;
use std::sync::Arc;

use codex_test_support::arbitrary::{Step, steps};
use codex_thread_store::{IndexProgress, ThreadStore};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use proptest::test_runner::RngSeed;

use crate::home::{Homes, Plan, plans};
use crate::probe::{Probe, check};
use crate::probes::probe;
use crate::support::block_on;

/// Page of a database: what is spoilt as a whole, SQLite notices when it looks there. It checks no values.
pub(crate) const PAGE_BYTES: usize = 4096;

/// One thing that happens to a home.
#[derive(Debug, Clone)]
enum Event {
    Ask(u8, Probe),
    Append(u8, u16),
    AppendLines(u8, u8),
    Name(u8, &'static str),
    Replace(u8, Vec<Step>, Option<u8>),
    Reopen,
    DeleteIndex,
    CutIndex(u8),
    SpoilIndex(u8, u8),
}

fn calm() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (any::<u8>(), probe()).prop_map(|(at, probe)| Event::Ask(at, probe)),
        3 => (any::<u8>(), 1..3_000_u16).prop_map(|(at, bytes)| Event::Append(at, bytes)),
        2 => (any::<u8>(), 0..4_u8).prop_map(|(at, lines)| Event::AppendLines(at, lines)),
        1 => (any::<u8>(), prop::sample::select(&["the needle thread", "", "a name"][..]))
            .prop_map(|(at, name)| Event::Name(at, name)),
        1 => Just(Event::Reopen),
    ]
}

fn violent() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (any::<u8>(), probe()).prop_map(|(at, probe)| Event::Ask(at, probe)),
        2 => (any::<u8>(), 1..3_000_u16).prop_map(|(at, bytes)| Event::Append(at, bytes)),
        1 => (any::<u8>(), steps(15), any::<Option<u8>>()).prop_map(|(at, steps, keep)| Event::Replace(at, steps, keep)),
        1 => Just(Event::DeleteIndex),
        1 => any::<u8>().prop_map(Event::CutIndex),
        1 => (any::<u8>(), prop::sample::select(&[0, 0x41, 0xff][..])).prop_map(|(at, byte)| Event::SpoilIndex(at, byte)),
    ]
}

fn play(plans: &[Plan], events: &[Event]) {
    let mut homes = Homes::new(plans);
    for event in events {
        match event {
            Event::Ask(at, probe) => check(&homes.pair(homes.pick(*at)), probe),
            Event::Append(at, bytes) => homes.append(homes.pick(*at), usize::from(*bytes)),
            Event::AppendLines(at, lines) => homes.append_lines(homes.pick(*at), usize::from(*lines)),
            Event::Name(at, name) => homes.set_name(homes.pick(*at), name),
            Event::Replace(at, steps, keep) => homes.replace(homes.pick(*at), steps, *keep),
            Event::Reopen => homes.local.reopen(),
            Event::DeleteIndex => homes.local.with_closed_store(|index| {
                let folder = index.parent().expect("a folder");
                fs::remove_dir_all(folder).expect("remove");
            }),
            Event::CutIndex(keep) => homes.local.with_closed_store(|index| {
                let bytes = fs::read(index).expect("read");
                fs::write(index, &bytes[..bytes.len() * usize::from(*keep) / 256]).expect("write");
            }),
            Event::SpoilIndex(at, byte) => homes.local.with_closed_store(|index| {
                let mut bytes = fs::read(index).expect("read");
                let pages = bytes.len() / PAGE_BYTES;
                if let Some(page) = usize::from(*at).checked_rem(pages) {
                    bytes[page * PAGE_BYTES..(page + 1) * PAGE_BYTES].fill(*byte);
                }
                fs::write(index, bytes).expect("write");
            }),
        }
    }
    assert_verified(&homes);
}

/// Counts nothing: the comparison is what matters.
struct Quiet;

impl IndexProgress for Quiet {
    fn advance(&self, _: u64, _: u64, _: u64, _: u64) {}
}

/// However the index came to be, it equals a fresh fold of the log, row for row.
fn assert_verified(homes: &Homes) {
    let store = homes.local.store();
    let maintenance = store.maintenance().expect("the local store keeps an index");
    let report = block_on(maintenance.verify(Arc::new(Quiet))).expect("a report");
    assert_eq!(report.differing, Vec::new());
}

pub(crate) fn config(cases: u32, file: &'static str) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        // The same cases every time, so that a change is judged by what it changes; `PROPTEST_RNG_SEED` asks for others.
        rng_seed: match std::env::var("PROPTEST_RNG_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
        {
            Some(seed) => RngSeed::Fixed(seed),
            None => RngSeed::Fixed(20_261_122),
        },
        max_shrink_iters: 2_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(48, concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/oracle_calm.txt")))]

    #[test]
    fn prop_the_local_store_answers_like_the_memory_store(
        plans in plans(),
        events in prop::collection::vec(calm(), 1..16),
    ) {
        play(&plans, &events);
    }
}

proptest! {
    #![proptest_config(config(32, concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/oracle_violent.txt")))]

    #[test]
    fn prop_lost_indexes_and_replaced_files_change_no_answer(
        plans in plans(),
        events in prop::collection::vec(violent(), 1..14),
    ) {
        play(&plans, &events);
    }
}
