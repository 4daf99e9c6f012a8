//! What shipped code must not contain, and where the exceptions live.

use crate::tree::{SourceFile, check, shipped_files};

/// Every place where a shipped line satisfies `wrong`, outside the folders that may.
fn offenders(allowed: &[&str], wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let allowed = |file: &SourceFile| allowed.iter().any(|place| file.is_below(place) || file.path == *place);
    shipped_files()
        .iter()
        .filter(|file| !allowed(file))
        .flat_map(|file| {
            let wrong = &wrong;
            file.code_lines()
                .into_iter()
                .filter(move |(_, line)| wrong(line))
                .map(|(number, line)| format!("{}:{number}: {line}", file.path))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// True if `word` stands in `line` with no identifier character on either side.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(part_of_name) && !line[at + word.len()..].starts_with(part_of_name))
}

/// True if the line takes `module` out of `root`: by path, or in a `use root::{...}`.
fn uses_module(line: &str, root: &str, module: &str) -> bool {
    let group = line.strip_prefix(&format!("use {root}::{{"));
    has_word(line, &format!("{root}::{module}")) || group.is_some_and(|names| has_word(names, module))
}

#[test]
fn a_module_is_found_by_path_and_in_a_group() {
    assert!(uses_module("let x = std::fs::read(p);", "std", "fs"));
    assert!(uses_module("use std::{fs, io};", "std", "fs"));
    assert!(uses_module("use std::{io, fs::File};", "std", "fs"));
    assert!(!uses_module("use crate::fs::LogFs;", "std", "fs"));
    assert!(!uses_module("use std::{io, path::Path};", "std", "fs"));
}

#[test]
fn files_are_touched_only_behind_the_seam() {
    let wrong = |line: &str| uses_module(line, "std", "fs") || uses_module(line, "tokio", "fs");
    check(
        "file access outside rollout/src/fs",
        offenders(&["rollout/src/fs", "rollout/src/fs.rs"], wrong),
    );
}

#[test]
fn sql_is_spoken_only_in_state() {
    let starts = [
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "DELETE FROM ",
        "CREATE TABLE ",
        "PRAGMA ",
        "select ",
        "pragma ",
    ];
    let wrong = |line: &str| has_word(line, "rusqlite") || starts.iter().any(|sql| line.contains(&format!("\"{sql}")));
    check("SQL outside state", offenders(&["state"], wrong));
}

#[test]
fn only_the_command_line_prints() {
    let printers = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
    let wrong = |line: &str| printers.iter().any(|printer| has_word(line, printer));
    check(
        "printing outside app-server/src/cli",
        offenders(&["app-server/src/cli"], wrong),
    );
}

#[test]
fn nothing_unwraps() {
    check(
        "unwrap outside tests",
        offenders(&[], |line| line.contains(".unwrap()")),
    );
}

#[test]
fn nothing_is_left_undone() {
    let wrong = |line: &str| ["todo!", "unimplemented!"].iter().any(|mark| has_word(line, mark));
    check("unfinished code", offenders(&[], wrong));
}

#[test]
fn the_log_and_the_index_know_no_json_rpc() {
    let elsewhere = ["protocol", "thread-store", "app-server"];
    let wrong = |line: &str| {
        uses_module(line, "codex_protocol", "rpc") || ["jsonrpc", "JsonRpc"].iter().any(|name| line.contains(name))
    };
    check("JSON-RPC in rollout or state", offenders(&elsewhere, wrong));
    let wrong = |line: &str| uses_module(line, "codex_protocol", "rpc");
    check(
        "JSON-RPC in thread-store",
        offenders(&["protocol", "rollout", "state", "app-server"], wrong),
    );
}

#[test]
fn the_clock_and_new_ids_are_injected() {
    let wrong = |line: &str| {
        ["Timestamp::now()", "Zoned::now()", "Uuid::now_v7()", "Uuid::new_v4()"]
            .iter()
            .any(|call| line.contains(call))
    };
    let sources = ["app-server/src/cli", "thread-store/src/clock.rs"];
    check("a clock or id source where none may be", offenders(&sources, wrong));
}

#[test]
fn protocol_is_pure() {
    let others = ["rollout", "state", "thread-store", "app-server"];
    let wrong = |line: &str| {
        has_word(line, "SystemTime") || has_word(line, "Instant") || has_word(line, "async") || has_word(line, "tokio")
    };
    check("clock or async in protocol", offenders(&others, wrong));
}
