//! Cases that the random search once found, kept by name.

use codex_test_support::Mode;
use codex_test_support::arbitrary::Step;
use codex_thread_store::{Direction, View};

use crate::home::{Homes, Origin, Plan};
use crate::probe::{Probe, check};

#[test]
fn text_of_a_legacy_base_is_not_found_under_a_fork() {
    let first = [
        Step::TokenCount,
        Step::UserResponseOnly(0),
        Step::User(15),
        Step::User(0),
        Step::TokenCount,
    ];
    for cut in 0..8 {
        let homes = Homes::new(&[
            Plan::whole(Origin::Root(Mode::Legacy), first.to_vec()),
            Plan::whole(Origin::Fork(0, cut), Vec::new()),
        ]);
        for view in [View::Full, View::Codex] {
            check(&homes.pair(0), &Probe::Search(view, "WIDGET", Direction::Ascending, 1));
        }
    }
}
