//! Faults of size: lines of 43 MB, and gigabytes without a newline. Checked once: the second and third look take as long.

use std::fs;

use codex_test_support::RolloutBuilder;
use codex_thread_store::DamageKind::Oversized;

use crate::ONE;
use crate::check::{Shown, once};
use crate::support::LocalHome;

#[tokio::test]
async fn a_line_of_43_megabytes() {
    let home = LocalHome::new();
    let mut rollout = RolloutBuilder::paginated(ONE);
    rollout.start_turn().user("before").oversized_line(43 * 1024 * 1024);
    rollout.agent("behind").complete_turn();
    rollout.file().write_to(home.path()).expect("writable");
    once(&home, &[Shown::sound(ONE, &["before", "behind"])]).await;
}

#[tokio::test]
async fn a_gigabyte_without_a_newline_hides_nothing() {
    let home = LocalHome::new();
    let mut rollout = RolloutBuilder::paginated(ONE);
    rollout.start_turn().user("before");
    let mut end = rollout.clone();
    let head = rollout.file();
    let path = head.write_to(home.path()).expect("writable");
    // A hole in the file: the system gives zeros for it and stores nothing.
    let hole = 1024 * 1024 * 1024;
    let file = fs::OpenOptions::new().append(true).open(&path).expect("there");
    file.set_len(head.bytes.len() as u64 + hole).expect("sparse");
    end.agent("behind").complete_turn();
    let rest = end.file().bytes.split_off(head.bytes.len());
    let mut out = fs::OpenOptions::new().append(true).open(&path).expect("there");
    std::io::Write::write_all(&mut out, &[b"\n", &rest[..]].concat()).expect("written");
    let shown = Shown {
        thread: ONE,
        texts: &["before", "behind"],
        damage: &[Oversized],
    };
    once(&home, &[shown]).await;
}
