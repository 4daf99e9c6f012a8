//! Faults of names: two files of one thread, both forms of a file, links, and things that are no files.

use std::fs;
use std::os::unix::fs::symlink;

use codex_test_support::RolloutBuilder;
use codex_thread_store::ThreadStore;

use crate::check::{Shown, read, shows};
use crate::support::LocalHome;
use crate::{ONE, TWO};

fn thread(id: &str, answers: &[&str]) -> RolloutBuilder {
    let mut rollout = RolloutBuilder::paginated(id);
    for answer in answers {
        rollout.start_turn().user("ask").agent(answer).complete_turn();
    }
    rollout
}

const SHOWN: [&str; 2] = ["ask", "answer"];

#[tokio::test]
async fn one_thread_id_in_two_files_is_one_thread() {
    let home = LocalHome::new();
    let rollout = thread(ONE, &["answer"]);
    rollout.file().write_to(home.path()).expect("writable");
    rollout.archived_file().write_to(home.path()).expect("writable");
    shows(&home, &[Shown::sound(ONE, &SHOWN)]).await;
    let report = home
        .store()
        .maintenance()
        .expect("kept")
        .doctor_home()
        .await
        .expect("examined");
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.check == "duplicate" && !finding.ok)
    );
}

#[tokio::test]
async fn both_forms_of_a_file_are_one_thread_even_if_the_compressed_one_is_cut() {
    let home = LocalHome::new();
    let file = thread(ONE, &["answer"]).file();
    file.write_to(home.path()).expect("writable");
    let mut compressed = file.compressed();
    compressed.bytes.truncate(compressed.bytes.len() / 2);
    compressed.write_to(home.path()).expect("writable");
    shows(&home, &[Shown::sound(ONE, &SHOWN)]).await;
}

#[tokio::test]
async fn several_frames_are_read_as_one_file() {
    let home = LocalHome::new();
    let file = thread(ONE, &["one", "two"]).file();
    let half = file.bytes.len() / 2;
    let mut compressed = file.compressed();
    let frames = [&file.bytes[..half], &file.bytes[half..]].map(|part| {
        let mut piece = file.clone();
        piece.bytes = part.to_vec();
        piece.compressed().bytes
    });
    compressed.bytes = frames.concat();
    compressed.write_to(home.path()).expect("writable");
    shows(&home, &[Shown::sound(ONE, &["ask", "one", "ask", "two"])]).await;
}

#[tokio::test]
async fn a_cut_compressed_file_is_an_error_with_its_place_and_hides_no_other_thread() {
    let home = LocalHome::new();
    let mut compressed = thread(ONE, &["answer"]).file().compressed();
    compressed.bytes.truncate(compressed.bytes.len() - 8);
    compressed.write_to(home.path()).expect("writable");
    thread(TWO, &["answer"]).file().write_to(home.path()).expect("writable");
    shows(&home, &[Shown::sound(TWO, &SHOWN)]).await;
    if let Err(error) = read(&*home.store(), ONE).await {
        assert!(error.to_string().contains(".zst"), "{error}");
    }
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
        .any(|finding| !finding.ok && finding.detail.contains(ONE));
    assert!(told, "{:?}", report.findings);
}

#[tokio::test]
async fn folders_pipes_and_dead_links_named_like_rollouts_hide_nothing() {
    let home = LocalHome::new();
    let path = thread(ONE, &["answer"]).file().write_to(home.path()).expect("writable");
    let folder = path.parent().expect("in a folder");
    let name = |number: u8| format!("rollout-2026-03-02T10-00-00-019cb354-0000-7000-8000-0000000000{number:02x}.jsonl");
    fs::create_dir(folder.join(name(0xa0))).expect("writable");
    symlink(folder.join("nowhere"), folder.join(name(0xa1))).expect("writable");
    symlink(folder, folder.join("loop")).expect("writable");
    let made = std::process::Command::new("mkfifo")
        .arg(folder.join(name(0xa2)))
        .status();
    assert!(made.expect("started").success());
    shows(&home, &[Shown::sound(ONE, &SHOWN)]).await;
}

#[tokio::test]
async fn a_link_out_of_the_home_never_leads_a_path_of_a_request_out_of_it() {
    let home = LocalHome::new();
    let outside = LocalHome::new();
    let secret = thread(TWO, &["secret"])
        .file()
        .write_to(outside.path())
        .expect("writable");
    let path = thread(ONE, &["answer"]).file().write_to(home.path()).expect("writable");
    let link = path.with_file_name(secret.file_name().expect("a name"));
    symlink(&secret, &link).expect("writable");
    // A link inside the folders is the user's own doing, and read; it is never written through.
    shows(
        &home,
        &[Shown::sound(ONE, &SHOWN), Shown::sound(TWO, &["ask", "secret"])],
    )
    .await;
    let before = fs::read(&secret).expect("readable");
    let store = home.store();
    let lifecycle = store.lifecycle().expect("changed");
    if lifecycle.delete_thread(crate::check::id(TWO)).await.is_ok() {
        assert!(!link.exists());
    }
    assert_eq!(fs::read(&secret).expect("still there"), before);
}
