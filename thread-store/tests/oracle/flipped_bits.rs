//! Single bits of a small index are flipped, and no answer changes.
//!
//! The seals of the rows check values when they are read, the check of the whole index what is not read.
#![allow(clippy::disallowed_methods, reason = "tests damage files")]

use std::fs;

use codex_test_support::Mode;
use codex_test_support::arbitrary::Step;
use codex_thread_store::{ArchivedFilter, Direction, ItemsView, ListSort, ThreadStore, View};

use crate::home::{Homes, Origin, Plan};
use crate::probe::{Marks, Probe, check};
use crate::support::block_on;

/// Every how many bytes a bit is flipped; no divisor of a page. `FLIP_STRIDE_BYTES` asks for another distance.
const STRIDE_BYTES: usize = 1_531;

#[test]
fn no_flipped_bit_changes_an_answer() {
    let turn = || {
        vec![
            Step::StartTurn,
            Step::User(0),
            Step::Agent(0),
            Step::StartTurn,
            Step::User(1),
        ]
    };
    let plans = [
        Plan::whole(Origin::Root(Mode::Paginated), turn()),
        Plan::whole(Origin::Root(Mode::Legacy), turn()),
        Plan::whole(Origin::Fork(0, 200), vec![Step::StartTurn, Step::User(0)]),
    ];
    let probes = [
        Probe::List(
            View::Full,
            ListSort::UpdatedAt,
            Direction::Descending,
            10,
            ArchivedFilter::Any,
            None,
        ),
        Probe::Read(View::Full, Some(ItemsView::Full)),
        Probe::Turns(View::Codex, Direction::Descending, 2, ItemsView::Summary, Marks::Ids),
        Probe::Items(View::Full, Direction::Ascending, 2, Some(0), Marks::Positions),
    ];
    let homes = Homes::new(&plans);
    let mut pristine = Vec::new();
    let ask = |homes: &Homes| {
        for at in 0..plans.len() {
            for probe in &probes {
                check(&homes.pair(at), probe);
            }
        }
    };
    ask(&homes);
    homes
        .local
        .with_closed_store(|index| pristine = fs::read(index).expect("read"));
    let asked = std::env::var("FLIP_STRIDE_BYTES")
        .ok()
        .and_then(|bytes| bytes.parse().ok());
    let stride = asked.unwrap_or(STRIDE_BYTES);
    for at in (0..pristine.len()).step_by(stride) {
        homes.local.with_closed_store(|index| {
            let mut bytes = pristine.clone();
            bytes[at] ^= 1 << (at / stride % 8);
            fs::write(index, bytes).expect("write");
        });
        let store = homes.local.store();
        let maintenance = store.maintenance().expect("the local store keeps an index");
        block_on(maintenance.check_index()).expect("rebuilt if need be");
        ask(&homes);
    }
}
