//! Files that change behind the index: rewritten, exchanged, cut, moved, or exchanged while they are open.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use codex_test_support::RolloutBuilder;
use codex_thread_store::{Anchor, Direction, ItemsView, Position, ThreadStore, TurnAnchor, TurnPageQuery, View};

use crate::ONE;
use crate::check::{Shown, id, shows};
use crate::support::LocalHome;

fn thread(answers: &[&str]) -> RolloutBuilder {
    let mut rollout = RolloutBuilder::paginated(ONE);
    for answer in answers {
        rollout.start_turn().user("ask").agent(answer).complete_turn();
    }
    rollout
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|meta| meta.modified()).expect("a time")
}

fn set_modified(path: &Path, time: SystemTime) {
    let file = fs::OpenOptions::new().write(true).open(path).expect("there");
    file.set_modified(time).expect("writable");
}

#[tokio::test]
async fn a_longer_file_is_renamed_over_the_path_and_keeps_its_time() {
    let home = LocalHome::new();
    let path = thread(&["old"]).file().write_to(home.path()).expect("writable");
    shows(&home, &[Shown::sound(ONE, &["ask", "old"])]).await;
    let time = modified(&path);
    // As a migration does: other lines, other offsets, one name.
    let other = home.path().join("migrated");
    fs::write(&other, thread(&["migrated", "and", "longer"]).file().bytes).expect("writable");
    set_modified(&other, time);
    fs::rename(&other, &path).expect("renamed");
    let expected = ["ask", "migrated", "ask", "and", "ask", "longer"];
    shows(&home, &[Shown::sound(ONE, &expected)]).await;
}

#[tokio::test]
async fn the_tail_is_lost_with_the_power_and_overwritten_past_the_old_end() {
    let home = LocalHome::new();
    let path = thread(&["kept", "lost in the power cut"])
        .file()
        .write_to(home.path())
        .expect("writable");
    shows(
        &home,
        &[Shown::sound(ONE, &["ask", "kept", "ask", "lost in the power cut"])],
    )
    .await;
    // The index survived with its offset; the log did not, and others have written more than was there.
    fs::write(&path, thread(&["kept", "other", "lines", "behind"]).file().bytes).expect("writable");
    let expected = ["ask", "kept", "ask", "other", "ask", "lines", "ask", "behind"];
    shows(&home, &[Shown::sound(ONE, &expected)]).await;
    fs::write(&path, thread(&["kept"]).file().bytes).expect("writable");
    shows(&home, &[Shown::sound(ONE, &["ask", "kept"])]).await;
}

#[tokio::test]
async fn cursors_inside_a_record_and_past_the_end_of_a_rewritten_file() {
    let home = LocalHome::new();
    let path = thread(&["one", "two", "three"])
        .file()
        .write_to(home.path())
        .expect("writable");
    shows(
        &home,
        &[Shown::sound(ONE, &["ask", "one", "ask", "two", "ask", "three"])],
    )
    .await;
    fs::write(&path, thread(&["short"]).file().bytes).expect("writable");
    let store = home.store();
    for (ordinal, offset) in [(5, 777), (1_000, u64::MAX / 4)] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let position = Position {
                ordinal,
                offset: Some(offset),
                unambiguous: false,
            };
            let query = TurnPageQuery {
                thread_id: id(ONE),
                view: View::Full,
                anchor: Some(Anchor::Excluding(TurnAnchor::Position(position))),
                limit: 10,
                direction,
                items_view: ItemsView::Full,
            };
            // Nothing is repeated and nothing fails: the place says where to go on, whatever is there now.
            let page = store.list_turns(query).await.expect("a page");
            assert!(
                page.turns.len() <= 1 && !page.has_more,
                "{ordinal} {offset} {direction:?}"
            );
        }
    }
    shows(&home, &[Shown::sound(ONE, &["ask", "short"])]).await;
}

#[tokio::test]
async fn a_file_exchanged_by_its_compressed_form_and_back() {
    let home = LocalHome::new();
    let file = thread(&["answer"]).file();
    let path = file.write_to(home.path()).expect("writable");
    let shown = ["ask", "answer"];
    shows(&home, &[Shown::sound(ONE, &shown)]).await;
    let compressed = file.compressed().write_to(home.path()).expect("writable");
    fs::remove_file(&path).expect("removable");
    shows(&home, &[Shown::sound(ONE, &shown)]).await;
    file.write_to(home.path()).expect("writable");
    fs::remove_file(compressed).expect("removable");
    shows(&home, &[Shown::sound(ONE, &shown)]).await;
}
