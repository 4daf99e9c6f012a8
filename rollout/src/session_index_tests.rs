//! The name index against the rules of format section 1.2.

use codex_protocol::ids::ThreadId;

use std::path::Path;

use super::{MAX_LISTED_BAD_LINES, MAX_NAME_LINE_BYTES, NameIndex, SESSION_INDEX_FILE, append_name, read_names};
use crate::fs::{Crash, SimFs, StdFs, SurvivingBytes, SurvivingNames};

fn id(n: u128) -> ThreadId {
    ThreadId(uuid::Uuid::from_u128(n))
}

fn entry(n: u128, name: &str) -> String {
    format!(
        r#"{{"id":"{}","thread_name":"{name}","updated_at":"2026-11-22T07:43:16.123456789Z"}}"#,
        id(n)
    )
}

fn read(text: &str) -> NameIndex {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(SESSION_INDEX_FILE), text).unwrap();
    read_names(&StdFs, home.path()).unwrap()
}

/// Edge case 56, as far as it is about the index alone.
#[test]
fn edge_056_an_older_name_of_a_renamed_thread_does_not_match() {
    let index = read(&format!("{}\n{}\n", entry(1, "A"), entry(1, "B")));
    assert_eq!(index.threads_named("A"), []);
    assert_eq!(index.threads_named("B"), [id(1)]);
    assert_eq!(index.name(id(1)), Some("B"));
}

#[test]
fn edge_056_threads_of_one_name_come_newest_entry_first() {
    let index = read(&[entry(1, "A"), entry(2, "A"), entry(3, "A"), entry(1, "A")].join("\n"));
    assert_eq!(index.threads_named("A"), [id(1), id(3), id(2)]);
}

/// Edge case 57.
#[test]
fn edge_057_an_invalid_last_line_and_a_missing_newline_are_tolerated() {
    let index = read(&format!("{}\n{{\"id\":\"tor", entry(1, "A")));
    assert_eq!((index.name(id(1)), index.bad_line_count()), (Some("A"), 1));
    let index = read(&entry(1, "A"));
    assert_eq!((index.name(id(1)), index.bad_line_count()), (Some("A"), 0));
}

#[test]
fn a_cleared_name_is_newest_but_the_batch_lookup_keeps_the_last_filled_one() {
    let index = read(&[entry(1, " A "), entry(1, ""), entry(1, "  ")].join("\n"));
    assert_eq!(index.newest(id(1)).map(|entry| entry.name.as_str()), Some("  "));
    assert_eq!((index.name(id(1)), index.last_name(id(1))), (None, Some("A")));
    assert_eq!(index.name(id(2)), None);
}

#[test]
fn bad_lines_are_counted_with_their_offsets_and_blank_ones_are_not() {
    let long = "x".repeat(MAX_NAME_LINE_BYTES as usize + 1);
    let text = format!("\n  \nnot json\n{}\n{long}\n{{}}\n\u{0}\n", entry(7, "kept"));
    let index = read(&text);
    assert_eq!(index.bad_line_count(), 4);
    let offsets: Vec<u64> = index.bad_lines().iter().map(|bad| bad.offset).collect();
    assert_eq!(offsets[0], 4);
    assert_eq!(index.name(id(7)), Some("kept"));
    let index = read(&"bad\n".repeat(MAX_LISTED_BAD_LINES + 1));
    assert_eq!((index.bad_line_count(), index.bad_lines().len()), (101, 100));
}

#[test]
fn an_entry_at_the_length_limit_is_read() {
    let empty_len = entry(1, "").len();
    let name = "n".repeat(MAX_NAME_LINE_BYTES as usize - empty_len);
    assert_eq!(read(&entry(1, &name)).name(id(1)), Some(name.as_str()));
    let index = read(&entry(1, &format!("{name}n")));
    assert_eq!((index.name(id(1)), index.bad_line_count()), (None, 1));
}

#[test]
fn a_home_without_an_index_has_no_names() {
    let home = tempfile::tempdir().unwrap();
    let index = read_names(&StdFs, home.path()).unwrap();
    assert_eq!((index.iter().count(), index.stat()), (0, None));
    assert!(read_names(&StdFs, &home.path().join("missing")).is_ok());
}

const NAMED: &str = "01a20235-994b-7d00-be10-0c5c1ecfe4fb";

fn check_append(before: Option<&str>, expected: &str) {
    let fs = SimFs::new();
    let home = Path::new("/home");
    let path = home.join(SESSION_INDEX_FILE);
    if let Some(before) = before {
        fs.put(&path, before.as_bytes()).unwrap();
    }
    let (thread_id, name) = (NAMED.parse().unwrap(), "café \"x\"");
    append_name(&fs, home, thread_id, name, "2026-03-02T09:00:00Z").unwrap();
    // Acknowledged, so a power loss takes none of it.
    let fs = fs.crash(Crash::Power {
        names: SurvivingNames::Synced,
        bytes: SurvivingBytes::Synced,
    });
    assert_eq!(String::from_utf8(fs.bytes(&path).unwrap()).unwrap(), expected);
    assert_eq!(read_names(&fs, home).unwrap().name(thread_id), Some(name));
}

#[test]
fn a_name_is_appended_as_codex_writes_it() {
    let line = format!(r#"{{"id":"{NAMED}","thread_name":"café \"x\"","updated_at":"2026-03-02T09:00:00Z"}}"#) + "\n";
    check_append(None, &line);
    check_append(Some("{}\n"), &format!("{{}}\n{line}"));
    check_append(Some("{\"id\":\"torn"), &format!("{{\"id\":\"torn\n{line}"));
}

#[test]
fn a_name_that_a_thread_once_had_is_remembered() {
    let index = read(
        &[
            entry(1, "A"),
            entry(2, "B"),
            entry(1, " C "),
            entry(1, ""),
            entry(1, "D"),
        ]
        .join("\n"),
    );
    for name in ["A", "C", "D"] {
        assert!(index.was_named(id(1), name), "{name}");
    }
    assert!(!index.was_named(id(1), "B"));
    assert!(!index.was_named(id(3), "A"));
}
