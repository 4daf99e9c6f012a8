//! Every page of a small index is spoilt once, and no answer changes: SQLite notices, and the index is made anew.
#![allow(clippy::disallowed_methods, reason = "tests damage files")]

use std::fs;

use codex_test_support::Mode;
use codex_test_support::arbitrary::Step;
use codex_thread_store::{ItemsView, View};

use crate::home::{Homes, Origin, Plan};
use crate::probe::{Probe, check};
use crate::scenarios::PAGE_BYTES;

#[test]
fn no_spoilt_page_changes_an_answer() {
    let plans = [
        Plan::whole(Origin::Root(Mode::Paginated), vec![Step::StartTurn, Step::User(0)]),
        Plan::whole(Origin::Revert(0, 3), vec![Step::Agent(0), Step::StartTurn]),
    ];
    let read = Probe::Read(View::Full, Some(ItemsView::Full));
    for page in 0.. {
        let mut homes = Homes::new(&plans);
        check(&homes.pair(0), &read);
        let mut pages = 0;
        homes.local.with_closed_store(|index| {
            let mut bytes = fs::read(index).expect("read");
            pages = bytes.len() / PAGE_BYTES;
            if page < pages {
                bytes[page * PAGE_BYTES..(page + 1) * PAGE_BYTES].fill(0);
            }
            fs::write(index, bytes).expect("write");
        });
        // The newest revision was touched, so that its row is written and not only read.
        homes.append(1, 1);
        check(&homes.pair(0), &read);
        check(&homes.pair(0), &Probe::Resolve);
        if page >= pages {
            assert!(pages > 10, "the index was spoilt page by page");
            return;
        }
    }
}
