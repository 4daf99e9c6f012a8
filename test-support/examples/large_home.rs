//! Writes a large synthetic home for benchmarks:
//! `cargo run --release -p codex-test-support --example large_home -- DIR THREADS TURNS ITEMS legacy|paginated|mixed`.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a tool for developers")]

use std::{env, io, path::PathBuf};

use codex_test_support::{Command, FileEdit, Header, IdSequence, Mode, Phase, RolloutBuilder, Usage, clock};

/// Words of the texts; the last one is rare.
const WORDS: [&str; 16] = [
    "parser",
    "token",
    "index",
    "thread",
    "rollout",
    "cursor",
    "page",
    "offset",
    "projection",
    "writer",
    "reader",
    "test",
    "failure",
    "refactor",
    "cache",
    "walrus",
];
const RARE_ONE_IN: u64 = 997;

struct Shape {
    threads: u64,
    turns: u64,
    items: u64,
    mode: Option<Mode>,
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let usage = || io::Error::other("usage: large_home DIR THREADS TURNS ITEMS legacy|paginated|mixed");
    let [dir, threads, turns, items, mode] = arguments.as_slice() else {
        return Err(usage());
    };
    let number = |text: &String| text.parse::<u64>().map_err(|_| usage());
    let mode = match mode.as_str() {
        "legacy" => Some(Mode::Legacy),
        "paginated" => Some(Mode::Paginated),
        "mixed" => None,
        _ => return Err(usage()),
    };
    let shape = Shape {
        threads: number(threads)?,
        turns: number(turns)?,
        items: number(items)?,
        mode,
    };
    let dir = PathBuf::from(dir);
    let mut ids = IdSequence::new("large home");
    let mut bytes = 0;
    for thread in 0..shape.threads {
        let created_ms = clock::DEFAULT_START_MS + i64::try_from(thread).expect("few threads") * 61_000;
        let mode = shape
            .mode
            .unwrap_or(if thread % 2 == 0 { Mode::Legacy } else { Mode::Paginated });
        let header = Header::new(mode, &ids.uuid_v7(created_ms)).created_at(created_ms);
        let file = rollout(header, &shape, &mut ids).file();
        bytes += file.bytes.len();
        file.write_to(&dir)?;
    }
    println!(
        "{} threads, {} MB below {}",
        shape.threads,
        bytes / 1_000_000,
        dir.display()
    );
    Ok(())
}

fn rollout(header: Header, shape: &Shape, ids: &mut IdSequence) -> RolloutBuilder {
    let mut rollout = RolloutBuilder::new(header);
    for turn in 0..shape.turns {
        rollout.start_turn().user(&text(ids, 30));
        for item in 2..shape.items {
            match item % 4 {
                0 => rollout.reasoning(&[&text(ids, 12)], &[]),
                1 => rollout.exec(&Command::ok("cargo test -q", &text(ids, 60))),
                2 => rollout.agent_in_phase(&text(ids, 20), Phase::Commentary),
                _ => rollout.patch(&[(
                    "src/lib.rs",
                    FileEdit::Update(format!("@@\n-{}\n+{}\n", text(ids, 8), text(ids, 8))),
                )]),
            };
        }
        let total = (turn + 1) * 5_000;
        rollout
            .agent_in_phase(&text(ids, 30), Phase::FinalAnswer)
            .token_count(Usage { last: 5_000, total })
            .complete_turn();
    }
    rollout
}

fn text(ids: &mut IdSequence, words: usize) -> String {
    let word = |number: u64| {
        if number.is_multiple_of(RARE_ONE_IN) {
            WORDS[15]
        } else {
            WORDS[(number % 15) as usize]
        }
    };
    (0..words).map(|_| word(ids.word())).collect::<Vec<_>>().join(" ")
}
