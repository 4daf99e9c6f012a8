//! The program as people and scripts run it: outputs, exit codes, hints, pipes.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use codex_test_support::codex_db::{CodexDb, STATE_SCHEMA};
use codex_test_support::{RolloutBuilder, demo, fixture};
use serde_json::{Value, json};

/// Named thread of the sample home.
const PARSER: &str = "019cb354-3a10-7c42-8d12-6f2f3c9b4a02";

/// A command in a clean environment.
fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_codex-threads"));
    command
        .env_clear()
        .env("CODEX_HOME", home)
        .env("COLUMNS", "100")
        .stdin(Stdio::null());
    command
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    program(home).args(arguments).output().expect("the program starts")
}

/// Runs a command that must succeed, and returns what it printed.
#[track_caller]
fn ok(home: &Path, arguments: &[&str]) -> String {
    let output = run(home, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "", "{arguments:?}");
    text(&output.stdout)
}

#[track_caller]
fn ok_json(home: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(home, arguments)).expect("JSON")
}

/// Runs a command that must fail, and returns what it printed on both streams.
#[track_caller]
fn fails(home: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = run(home, arguments);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    (text(&output.stdout), text(&output.stderr))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

struct Home {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn sample_home() -> Home {
    let folder = tempfile::tempdir().expect("a temporary folder");
    demo::demo_home(folder.path()).expect("writable");
    Home {
        path: folder.path().to_owned(),
        _folder: folder,
    }
}

fn fixture_home() -> Home {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fixture::listing_home(folder.path()).expect("writable");
    Home {
        path: folder.path().to_owned(),
        _folder: folder,
    }
}

#[test]
fn names_come_from_codex_s_databases_wherever_they_are() {
    let home = sample_home();
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let row = format!(
        "{STATE_SCHEMA} INSERT INTO threads (id, rollout_path, created_at, updated_at, history_mode, name, title,
             first_user_message) VALUES ('{PARSER}', 'x', 1, 1, 'paginated', 'Named in SQLite', '', '')"
    );
    drop(CodexDb::create(&elsewhere.path().join("state_5.sqlite"), &row));
    let name = |listed: Value| {
        let rows = listed["data"].as_array().expect("rows").clone();
        let row = rows.into_iter().find(|row| row["id"] == PARSER).expect("listed");
        row["name"].clone()
    };
    assert_eq!(name(ok_json(&home.path, &["list", "--json"])), "Front matter parser");
    let folder = elsewhere.path().display().to_string();
    let listed = ok_json(&home.path, &["list", "--json", "--sqlite-home", &folder]);
    assert_eq!(name(listed), "Named in SQLite");
}

#[test]
fn a_list_has_one_aligned_row_per_thread() {
    let home = sample_home();
    let listed = ok(&home.path, &["list", "--sort", "created"]);
    let lines: Vec<&str> = listed.lines().collect();
    let column = lines[0].find("TITLE").expect("a heading");
    assert!(lines[0].starts_with("ID             CREATED"), "{listed}");
    assert!(
        lines
            .iter()
            .any(|line| line[column..].starts_with("Front matter parser, streaming")),
        "{listed}"
    );
    assert!(!listed.contains('\u{1b}'), "no colour in a pipe");
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{listed}");
}

#[test]
fn lists_are_cut_on_request_and_complete_on_request() {
    let home = fixture_home();
    let some = ok(&home.path, &["list", "-n", "3"]);
    assert_eq!(some.lines().count(), 5, "{some}");
    assert!(
        some.ends_with("3 threads shown; --all lists every one, -n N more of them.\n"),
        "{some}"
    );
    let everything = ok_json(&home.path, &["list", "--all", "--json"]);
    assert_eq!(everything["nextCursor"], Value::Null);
    let all = everything["data"].as_array().expect("a list").len();
    assert!(all > 10, "{all}");
    let archived = ok_json(&home.path, &["list", "--archived", "--json"]);
    assert_eq!(archived["data"][0]["id"], fixture::id(11));
    let exec = ok_json(&home.path, &["list", "--source", "exec", "--json"]);
    assert_eq!(exec["data"][0]["id"], fixture::id(3));
    let none = ok(&home.path, &["list", "--title", "no such title"]);
    assert!(none.starts_with("No threads fit."), "{none}");
}

#[test]
fn a_thread_is_shown_by_id_by_beginning_and_by_name() {
    let home = sample_home();
    let by_id = ok(&home.path, &["show", PARSER]);
    assert_eq!(ok(&home.path, &["show", &PARSER[..13]]), by_id);
    assert_eq!(ok(&home.path, &["show", "Front matter parser"]), by_id);
    assert!(by_id.starts_with("Front matter parser\n"), "{by_id}");
    assert!(by_id.contains("\n  you Good. Do steps 1 and 2.\n"), "{by_id}");
    assert!(
        by_id.ends_with(&format!("\nContinue in Codex: codex resume {PARSER}\n")),
        "{by_id}"
    );
}

#[test]
fn a_thread_is_shown_in_part_and_as_json() {
    let home = sample_home();
    let last = ok(&home.path, &["show", PARSER, "--last", "1"]);
    assert!(
        last.contains("you Now 3 and 4.") && !last.contains("Do steps 1 and 2"),
        "{last}"
    );
    let summary = ok(&home.path, &["show", PARSER, "--summary"]);
    assert!(
        summary.contains("you Now 3 and 4.") && !summary.contains("cargo test"),
        "{summary}"
    );
    let lines: Vec<Value> = ok(&home.path, &["show", PARSER, "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).expect("one value per line"))
        .collect();
    assert_eq!(lines[0]["thread"]["id"], PARSER);
    assert!(lines.len() > 2 && lines[1..].iter().all(|line| line["turn"]["id"].is_string()));
}

#[test]
fn what_fits_several_threads_or_none_is_refused() {
    let home = fixture_home();
    let (listed, complaint) = fails(&home.path, &["show", "01a0c400"], 3);
    assert!(
        listed.contains(&fixture::id(1)) && listed.contains(&fixture::id(2)),
        "{listed}"
    );
    assert!(complaint.contains("error: `01a0c400` fits") && complaint.contains("hint: give more of the id"));
    let (_, complaint) = fails(&home.path, &["show", "no such thread"], 3);
    assert!(complaint.contains("hint: `codex-threads list --all`"), "{complaint}");
}

#[test]
fn literal_texts_are_found_in_all_threads_and_in_one() {
    let home = sample_home();
    let found = ok(&home.path, &["search", "--literal", "FRONT MATTER"]);
    assert!(
        found.contains(PARSER) && found.contains("The front matter parser in src/note.rs"),
        "{found}"
    );
    let places = ok_json(&home.path, &["search", "front matter", "--in", &PARSER[..13], "--json"]);
    assert!(
        places["data"].as_array().is_some_and(|places| !places.is_empty()),
        "{places}"
    );
    let nothing = ok(&home.path, &["search", "--literal", "no such words anywhere"]);
    assert!(nothing.starts_with("Nothing found."), "{nothing}");
}

#[test]
fn anything_that_was_done_is_found_and_opened() {
    let home = sample_home();
    let found = ok(&home.path, &["search", "in:output", "windows_line_ends"]);
    let lines: Vec<&str> = found.lines().collect();
    let of_thread = |line: &str| line.starts_with(PARSER) && line.ends_with("  Front matter parser");
    assert!(lines.iter().any(|line| of_thread(line)), "{found}");
    assert!(
        lines[1].starts_with("     output  ") && lines[1].contains("note::tests::windows_line_ends"),
        "{found}"
    );
    let totals = "2 hits in 2 threads.";
    assert_eq!(lines.last(), Some(&totals), "its fork inherited the text: {found}");
    assert!(!found.contains('\u{1b}'), "no colour without a terminal");

    let answer = ok_json(
        &home.path,
        &["search", "windows_line_ends", "--json", "--facets", "--newest"],
    );
    let threads = answer["data"].as_array().expect("threads");
    assert!(threads.iter().any(|found| found["thread"]["id"] == PARSER), "{answer}");
    assert_eq!(answer["facets"]["months"][0]["value"], "2026-03");
    let facets = ok(&home.path, &["search", "cargo", "--facets", "-n", "1"]);
    assert!(
        facets.contains("\nkinds\n") && facets.contains("  command\n") && facets.contains("-n N shows"),
        "{facets}"
    );

    let opened = ok(&home.path, &["search", "in:output windows_line_ends", "--open"]);
    assert!(
        opened.contains("Good. Do steps 1 and 2.") && opened.contains("cargo test -q"),
        "{opened}"
    );
    assert!(
        opened.contains("Plan a refactoring"),
        "the turn before it too: {opened}"
    );
    let last = opened.lines().last().expect("a hint");
    assert!(
        last.starts_with("The whole thread: codex-threads show 019c"),
        "{opened}"
    );

    let nothing = ok(
        &home.path,
        &["search", "cargo", "--archived", "--cwd", "/no/such/folder"],
    );
    assert!(nothing.starts_with("Nothing found."), "{nothing}");
}

#[test]
fn a_query_that_cannot_be_read_is_shown_with_its_fault() {
    let home = sample_home();
    let (_, complaint) = fails(&home.path, &["search", "a \"open"], 2);
    let expected = "error: query, at character 3: this \" is never closed";
    assert!(complaint.starts_with(expected), "{complaint}");
    assert!(complaint.contains("\n  a \"open\n    ^\n hint: "), "{complaint}");
    let (_, complaint) = fails(&home.path, &["search", "-i"], 2);
    assert!(
        complaint.starts_with("error: search -i needs a terminal"),
        "{complaint}"
    );
}

#[test]
fn the_index_is_built_moved_and_verified() {
    let home = fixture_home();
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let index = elsewhere.path().join("index").display().to_string();
    let totals = ok_json(&home.path, &["index", "--json", "--index-dir", &index]);
    assert_eq!((&totals["threads"], &totals["unreadable"]), (&json!(21), &json!([])));
    assert!(
        !home.path.join("codex-threads/index").exists(),
        "nothing of the index is in the home"
    );
    let verified = ok_json(&home.path, &["verify", "--json", "--index-dir", &index]);
    assert_eq!(verified["differing"], json!([]));
    assert!(ok(&home.path, &["index"]).contains("  threads  21\n"));
    assert!(ok(&home.path, &["verify"]).contains("The index agrees with the rollouts."));
}

#[test]
fn verify_names_a_log_that_was_changed_behind_the_index_and_a_rebuild_mends_it() {
    let home = fixture_home();
    let thread = "019cb354-0000-7000-8000-00000000c11a";
    let mut rollout = RolloutBuilder::paginated(thread);
    for turn in 0..40 {
        let answer = format!("answer {turn} {}", "x".repeat(400));
        rollout.start_turn().user("ask").agent(&answer).complete_turn();
    }
    let path = rollout.file().write_to(&home.path).expect("writable");
    ok(&home.path, &["index"]);
    // Neither the first line nor the last 4 KiB, which every reader compares.
    let mut bytes = std::fs::read(&path).expect("readable");
    let at = bytes.windows(9).position(|it| it == b"answer 7 ").expect("there");
    bytes[at + 7] = b'X';
    std::fs::write(&path, bytes).expect("writable");
    let (told, _) = fails(&home.path, &["verify"], 4);
    assert!(
        told.contains(thread) && told.contains("codex-threads rebuild"),
        "{told}"
    );
    assert!(ok(&home.path, &["rebuild"]).contains("  threads  22\n"));
    assert!(ok(&home.path, &["verify"]).contains("The index agrees with the rollouts."));
}

#[test]
fn a_doctor_explains_what_is_listed() {
    let home = fixture_home();
    let report = ok_json(&home.path, &["doctor", &fixture::id(1), "--json"]);
    assert_eq!(
        (&report["listed"], &report["listedByCodex"]),
        (&json!(true), &json!(true))
    );
    assert!(ok(&home.path, &["doctor", &fixture::id(1)]).contains("listed by Codex: yes"));
}

#[test]
fn schemas_are_written_where_they_are_wanted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (schemas, modules) = (folder.path().join("a/json"), folder.path().join("ts"));
    let arguments = [
        "schema",
        "--json",
        &schemas.display().to_string(),
        "--ts",
        &modules.display().to_string(),
    ];
    ok(Path::new("/nonexistent"), &arguments);
    ok(Path::new("/nonexistent"), &arguments);
    let schema = std::fs::read_to_string(schemas.join("ThreadListParams.json")).expect("written");
    assert!(serde_json::from_str::<Value>(&schema).is_ok());
    assert!(modules.join("index.ts").exists());
    assert!(std::fs::read_dir(&modules).expect("a folder").all(|entry| {
        entry
            .expect("readable")
            .path()
            .extension()
            .is_some_and(|extension| extension == "ts")
    }));
}

#[test]
fn the_demo_makes_a_home_and_says_what_to_try() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path().join("demo");
    let walk = ok(
        Path::new("/nonexistent"),
        &["demo", "--dir", &home.display().to_string()],
    );
    for step in ["A sample home", "index", "list", "page", "search", "Try next"] {
        assert!(walk.lines().any(|line| line.starts_with(step)), "{step}: {walk}");
    }
    assert!(walk.contains("next page: {\"turnId\""), "{walk}");
    assert!(
        walk.contains("Set up a new Rust project"),
        "bare rollouts are listed: {walk}"
    );
    assert!(ok(&home, &["list"]).contains("Flaky export test"));
    let (_, complaint) = fails(
        Path::new("/nonexistent"),
        &["demo", "--dir", &home.display().to_string()],
        1,
    );
    assert!(
        complaint.contains("is not empty") && complaint.contains("hint:"),
        "{complaint}"
    );
}

#[test]
fn what_is_no_home_is_refused_with_a_hint() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("file"), "text").expect("writable");
    for home in [folder.path().join("missing"), folder.path().join("file")] {
        for arguments in [&["list"][..], &["index"], &["serve"]] {
            let (_, complaint) = fails(&home, arguments, 1);
            assert!(
                complaint.contains("hint:") && complaint.contains("--home DIR"),
                "{complaint}"
            );
        }
    }
}

#[test]
fn wrong_command_lines_are_usage_errors() {
    let home = Path::new("/nonexistent");
    for arguments in [
        &["lost"][..],
        &[],
        &["show"],
        &["schema"],
        &["list", "--sort", "size"],
        &["list", "--all", "-n", "3"],
    ] {
        fails(home, arguments, 2);
    }
    assert!(ok(home, &["--help"]).contains("Exit codes:"));
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let home = sample_home();
    ok(&home.path, &["index"]);
    for arguments in [&["list", "--json"][..], &["show", PARSER, "--full"]] {
        let mut child = program(&home.path)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the program ends");
        assert_eq!(
            (output.status.code(), text(&output.stderr).as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_server_answers_until_its_input_ends() {
    let home = fixture_home();
    let mut child = program(&home.path)
        .args(["serve", "--exact"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("piped");
    let initialize = r#"{"id":1,"method":"initialize","params":{"clientInfo":{"name":"t","version":"1"}}}"#;
    let list = r#"{"id":2,"method":"thread/list","params":{"modelProviders":[],"limit":2}}"#;
    write!(input, "{initialize}\n{list}\n").expect("the server reads");
    drop(input);
    let output = child.wait_with_output().expect("the server ends");
    assert_eq!(output.status.code(), Some(0));
    let answers: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(answers[0]["result"]["codexHome"], home.path.display().to_string());
    let list = answers.iter().find(|answer| answer["id"] == 2).expect("answered");
    assert_eq!(list["result"]["data"][0]["id"], fixture::id(20));
}

#[test]
fn a_server_ends_when_it_is_asked_to() {
    let home = fixture_home();
    let mut child = program(&home.path)
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("piped");
    writeln!(
        input,
        r#"{{"id":1,"method":"initialize","params":{{"clientInfo":{{"name":"t","version":"1"}}}}}}"#
    )
    .expect("the server reads");
    // The first answer shows that the signal handlers are in place.
    let mut first = [0];
    child
        .stdout
        .as_mut()
        .expect("piped")
        .read_exact(&mut first)
        .expect("an answer");
    let killed = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .expect("kill exists");
    assert!(killed.success());
    assert_eq!(child.wait().expect("the server ends").code(), Some(0));
    drop(input);
}
