//! What the doctor finds in a home as a whole, planted one by one.

use std::fs;

use codex_test_support::fixture;
use codex_thread_store::{DoctorFinding, ThreadStore};

use crate::support::LocalHome;

async fn findings(home: &LocalHome) -> Vec<DoctorFinding> {
    let store = home.store();
    // What the index knows is told as it knows it.
    crate::listed(&store).await;
    let report = store
        .maintenance()
        .expect("kept")
        .doctor_home()
        .await
        .expect("examined");
    assert_eq!(report.home, home.path());
    report.findings
}

fn wrong(findings: &[DoctorFinding], check: &str) -> Vec<String> {
    let wrong = findings.iter().filter(|finding| !finding.ok && finding.check == check);
    wrong.map(|finding| finding.detail.clone()).collect()
}

#[tokio::test]
async fn a_sound_home_has_nothing_wrong_but_what_is_planted_in_it() {
    let home = LocalHome::new();
    assert!(findings(&home).await.iter().all(|finding| finding.ok));

    // F21 of the fixture has no header.
    let paths = fixture::listing_home(home.path()).expect("writable");
    let unreadable = wrong(&findings(&home).await, "unreadable");
    assert!(
        unreadable.iter().all(|detail| detail.contains(&fixture::id(21))),
        "{unreadable:?}"
    );

    let first = &paths[0];
    let copy = first.with_file_name(format!("copy-{}", first.file_name().expect("a name").display()));
    fs::copy(first, first.with_extension("jsonl.zst")).expect("writable");
    fs::copy(first, &copy).expect("writable");
    let duplicates = wrong(&findings(&home).await, "duplicate");
    assert!(
        duplicates
            .iter()
            .any(|detail| detail.contains(".jsonl.zst is not read")),
        "{duplicates:?}"
    );

    let mut bytes = fs::read(&paths[1]).expect("readable");
    bytes.extend_from_slice(b"not json\n");
    fs::write(&paths[1], bytes).expect("writable");
    let damage = wrong(&findings(&home).await, "damage");
    assert_eq!(damage.len(), 1, "{damage:?}");
    assert!(damage[0].contains("1 damaged lines"), "{damage:?}");

    let journal = home.path().join("codex-threads/journal");
    fs::create_dir_all(&journal).expect("writable");
    let index = home.index_path();
    fs::write(index.with_extension("sqlite.damaged"), b"old").expect("writable");
    let aside = findings(&home).await;
    assert!(aside.iter().any(|finding| finding.check == "index aside" && finding.ok));
}

#[tokio::test]
async fn damaged_facts_of_the_journal_are_told_with_their_place() {
    let home = LocalHome::new();
    fixture::listing_home(home.path()).expect("writable");
    let store = home.store();
    let name = codex_thread_store::MetadataPatch {
        name: Some("a name".to_owned()),
        ..codex_thread_store::MetadataPatch::default()
    };
    let writes = store.writes().expect("recorded");
    writes
        .update_metadata(fixture::id(1).parse().expect("an id"), name)
        .await
        .expect("named");
    let folder = home.path().join("codex-threads/journal");
    let journal = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .expect("a journal");
    let mut bytes = fs::read(&journal).expect("readable");
    let damage_at = bytes.len();
    bytes.extend_from_slice(b"{\"torn\":\n");
    fs::write(&journal, bytes).expect("writable");
    let told = wrong(&findings(&home).await, "journal");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(&format!("at byte {damage_at}")), "{told:?}");
}
