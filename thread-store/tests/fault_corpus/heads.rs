//! Faults at the beginning: headers that are missing, late or unknown, first messages that say nothing.

use std::fs;

use codex_test_support::{Header, Mode, RolloutBuilder};
use codex_thread_store::DamageKind;
use codex_thread_store::{StoreErrorKind, ThreadStore};
use serde_json::json;

use crate::check::{Shown, read, shows};
use crate::support::LocalHome;
use crate::{ONE, TWO};

fn sound() -> RolloutBuilder {
    let mut rollout = RolloutBuilder::legacy(TWO);
    rollout.start_turn().user("another").agent("thread").complete_turn();
    rollout
}

const SOUND: [&str; 2] = ["another", "thread"];

#[tokio::test]
async fn no_header() {
    let home = LocalHome::new();
    let mut rollout = RolloutBuilder::headless(Header::new(Mode::Legacy, ONE));
    rollout.start_turn().user("ask").agent("answer").complete_turn();
    rollout.file().write_to(home.path()).expect("writable");
    sound().file().write_to(home.path()).expect("writable");
    shows(
        &home,
        &[Shown::sound(ONE, &["ask", "answer"]), Shown::sound(TWO, &SOUND)],
    )
    .await;
}

#[tokio::test]
async fn a_header_behind_blank_lines_and_garbage() {
    let home = LocalHome::new();
    let whole = {
        let mut rollout = RolloutBuilder::paginated(ONE);
        rollout.start_turn().user("ask").agent("answer").complete_turn();
        rollout
    };
    let mut file = whole.file();
    file.bytes = [b"\n  \ngarbage {\n".as_slice(), &file.bytes].concat();
    file.write_to(home.path()).expect("writable");
    let shown = Shown {
        thread: ONE,
        texts: &["ask", "answer"],
        damage: &[DamageKind::MalformedJson],
    };
    shows(&home, &[shown]).await;
}

#[tokio::test]
async fn a_byte_order_mark_before_the_header() {
    let home = LocalHome::new();
    let mut rollout = RolloutBuilder::paginated(ONE);
    rollout.start_turn().user("ask").agent("answer").complete_turn();
    let mut file = rollout.file();
    file.bytes = [b"\xef\xbb\xbf".as_slice(), &file.bytes].concat();
    file.write_to(home.path()).expect("writable");
    sound().file().write_to(home.path()).expect("writable");
    let store = home.store();
    // Whatever the header counts as, what follows it is shown.
    let turns = read(&*store, ONE).await.expect("readable");
    assert_eq!(crate::check::texts(&turns), ["ask", "answer"]);
    shows(&home, &[Shown::sound(TWO, &SOUND)]).await;
}

#[tokio::test]
async fn a_history_mode_that_nobody_knows_is_an_error_of_its_thread_alone() {
    let home = LocalHome::new();
    let mut rollout = RolloutBuilder::paginated(ONE);
    rollout.start_turn().user("ask").agent("answer").complete_turn();
    let mut file = rollout.file();
    let text = String::from_utf8(file.bytes)
        .expect("text")
        .replace("\"paginated\"", "\"of_the_future\"");
    file.bytes = text.into_bytes();
    file.write_to(home.path()).expect("writable");
    sound().file().write_to(home.path()).expect("writable");
    let error = read(&*home.store(), ONE)
        .await
        .expect_err("nobody knows how to read it");
    assert!(
        error.to_string().contains(ONE) || format!("{error:?}").contains("of_the_future"),
        "{error:?}"
    );
    assert_ne!(error.kind(), StoreErrorKind::NotFound, "it is there");
    shows(&home, &[Shown::sound(TWO, &SOUND)]).await;
    let report = home
        .store()
        .maintenance()
        .expect("kept")
        .doctor_home()
        .await
        .expect("examined");
    let told = report
        .findings
        .iter()
        .find(|finding| finding.check == "unreadable")
        .expect("told");
    assert!(told.detail.contains(ONE), "{}", told.detail);
}

#[tokio::test]
async fn an_empty_file_named_like_a_rollout() {
    let home = LocalHome::new();
    let file = RolloutBuilder::paginated(ONE).file();
    let path = file.write_to(home.path()).expect("writable");
    fs::write(&path, b"").expect("writable");
    sound().file().write_to(home.path()).expect("writable");
    shows(&home, &[Shown::sound(TWO, &SOUND)]).await;
    let report = home
        .store()
        .maintenance()
        .expect("kept")
        .doctor_home()
        .await
        .expect("examined");
    assert!(
        report.findings.iter().all(|finding| finding.ok),
        "{:?}",
        report.findings
    );
    assert!(report.findings.iter().any(|finding| finding.check == "empty"));
    // The header may still come.
    let mut rollout = RolloutBuilder::paginated(ONE);
    rollout.start_turn().user("ask").agent("answer").complete_turn();
    rollout.file().write_to(home.path()).expect("writable");
    shows(
        &home,
        &[Shown::sound(ONE, &["ask", "answer"]), Shown::sound(TWO, &SOUND)],
    )
    .await;
}

#[tokio::test]
async fn first_messages_that_are_empty_or_attachments_only() {
    let home = LocalHome::new();
    let mut empty = RolloutBuilder::paginated(ONE);
    empty.start_turn().user_event("").agent("to nothing").complete_turn();
    empty.file().write_to(home.path()).expect("writable");
    let mut image = RolloutBuilder::paginated(TWO);
    image.start_turn();
    let id = image.new_id();
    image
        .user_item(&id, json!([{"type": "local_image", "path": "/tmp/screen.png"}]))
        .agent("to an image")
        .complete_turn();
    image.file().write_to(home.path()).expect("writable");
    let shown = [
        Shown::sound(ONE, &["", "to nothing"]),
        Shown::sound(TWO, &["", "to an image"]),
    ];
    shows(&home, &shown).await;
}

#[tokio::test]
async fn times_before_1970_and_far_ahead() {
    let home = LocalHome::new();
    for (thread, from, to) in [
        (ONE, "\"timestamp\":\"2026-", "\"timestamp\":\"1926-"),
        (TWO, "\"timestamp\":\"2026-", "\"timestamp\":\"9926-"),
    ] {
        let mut rollout = RolloutBuilder::paginated(thread);
        rollout.start_turn().user("ask").agent(thread).complete_turn();
        let mut file = rollout.file();
        let text = String::from_utf8(file.bytes).expect("text").replace(from, to);
        file.bytes = text.into_bytes();
        file.write_to(home.path()).expect("writable");
    }
    shows(
        &home,
        &[Shown::sound(ONE, &["ask", ONE]), Shown::sound(TWO, &["ask", TWO])],
    )
    .await;
}
