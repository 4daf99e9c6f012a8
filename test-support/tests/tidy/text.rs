//! The form of files: length, opening words, module roots, and no trace of the machine that they were written on.

use crate::tree::{check, rust_files, shipped_files, text_files};

/// The hard stop of the style guide.
const MAX_FILE_LINES: usize = 600;

#[test]
fn every_file_says_what_it_does() {
    let silent = rust_files()
        .into_iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| file.path);
    check("files that do not open with a `//!` paragraph", silent);
}

#[test]
fn files_stay_short() {
    let long = shipped_files().into_iter().filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > MAX_FILE_LINES).then(|| format!("{}: {lines} lines", file.path))
    });
    check("files of more than 600 lines (one subject each?)", long);
}

#[test]
fn module_roots_only_declare_and_re_export() {
    let items = [
        "fn ",
        "async fn ",
        "const fn ",
        "struct ",
        "enum ",
        "trait ",
        "impl ",
        "impl<",
        "static ",
        "macro_rules!",
    ];
    let roots = shipped_files()
        .into_iter()
        .filter(|file| file.path.ends_with("/lib.rs") || file.path.ends_with("/mod.rs"));
    let offenders = roots.flat_map(|file| {
        file.code_lines()
            .into_iter()
            .filter(|(_, line)| {
                let item = line.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
                let item = item.trim_start_matches("pub ");
                let globs = item.starts_with("use ") && line.starts_with("pub") && line.contains("*");
                globs || items.iter().any(|start| item.starts_with(start))
            })
            .map(|(number, line)| format!("{}:{number}: {line}", file.path))
            .collect::<Vec<_>>()
    });
    check(
        "lib.rs and mod.rs hold only declarations and named re-exports",
        offenders,
    );
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    // Put together here, so that this file does not name them either.
    let traces = [
        ["/wo", "rk/"],
        ["/fa", "rm/"],
        ["../sha", "red"],
        ["codex-har", "ness"],
        ["/ro", "ot/."],
    ]
    .map(|parts| parts.concat());
    let offenders = text_files()
        .into_iter()
        .filter(|file| file.path != ".gitignore")
        .flat_map(|file| {
            let found = file
                .text
                .lines()
                .enumerate()
                .filter(|(_, line)| traces.iter().any(|trace| line.contains(trace)));
            found
                .map(|(index, _)| format!("{}:{}", file.path, index + 1))
                .collect::<Vec<_>>()
        });
    check("paths that exist on one machine only", offenders);
}

#[test]
fn ignored_tests_do_not_exist() {
    let mark = ["#[", "ignore"].concat();
    let offenders = rust_files()
        .into_iter()
        .filter(|file| file.text.contains(&mark))
        .map(|file| file.path);
    check("tests that nothing runs", offenders);
}
