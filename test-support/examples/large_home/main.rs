//! Writes large synthetic homes for benchmarks, each file from front to back: memory does not follow the size of a home.
//!
//! `cargo run --release -p codex-test-support --example large_home -- DIR OPTIONS`; more in `USAGE`. The same options give
//! the same bytes. Does not read anything, and writes only below DIR, which must not exist yet.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for developers"
)]

mod arguments;
mod oddities;
mod source;
mod thread;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use arguments::Arguments;
use source::Source;
use thread::{ThreadFile, Written};

const USAGE: &str = "usage: large_home DIR [OPTION VALUE]...
  --threads N     threads (1)
  --turns N       turns of each thread (6)
  --items N       items of each turn besides the user's message (8)
  --words N       words of each text (40)
  --opaque N      characters of the encrypted content of each reasoning (600)
  --base N        words of the base instructions of each thread (300)
  --mode M        paginated, legacy or mixed (mixed)
  --line-mb N     the middle turn has one more item: a message of so many megabytes in one line (0)
  --sparse-gb N   between two turns lies one line of zeros of so many gigabytes, a hole in the file (0)
  --compress B    `yes`: each file as .zst instead (no)";

/// 2026-01-01, and how far the threads are spread from there.
const FIRST_MS: u64 = 1_767_225_600_000;
const SPREAD_MS: u64 = 300 * 86_400_000;
/// Every so many threads one says a word that no other thread says.
const NEEDLE_EVERY: u64 = 97;
const BUFFER_BYTES: usize = 1 << 20;

fn main() -> ExitCode {
    let Some(arguments) = Arguments::parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match write_home(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("large_home: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_home(arguments: &Arguments) -> io::Result<()> {
    fs::create_dir_all(arguments.dir.parent().unwrap_or(&arguments.dir))?;
    fs::create_dir(&arguments.dir)?;
    let mut source = Source::new();
    let mut threads = Vec::new();
    let mut total = Written::default();
    let step_ms = (SPREAD_MS / arguments.threads.max(1)).clamp(1_000, 86_400_000);
    for number in 0..arguments.threads {
        let (entry, written) = write_thread(arguments, number, FIRST_MS + number * step_ms, &mut source)?;
        threads.push(entry);
        total.add(&written);
    }
    let manifest = json!({
        "bytes": total.bytes, "lines": total.lines, "items": total.items, "turns": total.turns, "threads": threads,
    });
    serde_json::to_writer(
        BufWriter::new(File::create(arguments.dir.join("manifest.json"))?),
        &manifest,
    )?;
    println!(
        "{} threads, {} turns, {} items, {} lines, {} MB below {}",
        arguments.threads,
        total.turns,
        total.items,
        total.lines,
        total.bytes / 1_000_000,
        arguments.dir.display()
    );
    Ok(())
}

fn write_thread(arguments: &Arguments, number: u64, at_ms: u64, source: &mut Source) -> io::Result<(Value, Written)> {
    let mode = arguments.mode.of_thread(number);
    let id = source.uuid_v7(at_ms);
    let cwd = format!("/home/user/project{}", number % 50);
    let needle = number
        .is_multiple_of(NEEDLE_EVERY)
        .then(|| format!("needle{number:06}x"));
    let path = thread::path_below_home(at_ms, &id);
    let full = arguments.dir.join(&path);
    fs::create_dir_all(full.parent().expect("a path below a home has a parent"))?;
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, File::create(&full)?);
    let mut file = ThreadFile::new(&mut out, mode, id.clone(), cwd, at_ms);
    file.header(&source.words(arguments.base), source)?;
    for turn in 0..arguments.turns {
        let middle = turn == arguments.turns / 2;
        let said = needle.as_deref().filter(|_| middle);
        let giant = if middle { arguments.line_mb } else { 0 };
        file.turn(arguments, said, giant, source)?;
    }
    let written = file.written();
    let last_ms = file.now_ms();
    out.flush()?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    if arguments.sparse_gb > 0 {
        oddities::append_hole(&file, arguments.sparse_gb)?;
        let mut more = BufWriter::new(&file);
        let mut rest = ThreadFile::resumed(&mut more, mode, id.clone(), written, last_ms);
        rest.turn(arguments, None, 0, source)?;
        more.flush()?;
    }
    file.set_modified(UNIX_EPOCH + Duration::from_millis(last_ms))?;
    drop(file);
    let path = if arguments.compress {
        oddities::compress(&full, &path)?
    } else {
        path
    };
    let entry = json!({"id": id, "mode": mode.name(), "path": path, "needle": needle});
    Ok((entry, written))
}
