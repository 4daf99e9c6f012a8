//! The threads of the sample home and the project that they are about.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{bug_hunt, early_days, parser, review};
use crate::{
    home::HomeBuilder,
    rollout::{Header, Mode, RolloutFile},
};

/// Where the imaginary project lives.
pub(super) const PROJECT: &str = "/home/ada/inkwell";

pub(super) const BUG_HUNT: &str = "019cae30-52f0-7a31-9c55-1f0b6a7d2e01";
pub(super) const PARSER: &str = "019cb354-3a10-7c42-8d12-6f2f3c9b4a02";
pub(super) const PARSER_FORK: &str = "019cb8a1-9bc0-7d53-a1e4-0b5d7e8f9c03";
pub(super) const REVIEW: &str = "019cbd95-1f40-7e64-b2f5-3c6e8f901d04";
pub(super) const BARE: &str = "0198cc11-7e80-7f75-83a6-5d7f90a12e05";
pub(super) const ARCHIVED: &str = "019c96e2-0480-7086-94b7-7e80a1b23f06";

/// Writes the sample home below `dir` and returns the paths of its files.
pub fn demo_home(dir: &Path) -> io::Result<Vec<PathBuf>> {
    home().write_to(dir)
}

/// The files of the sample home.
pub fn demo_files() -> Vec<RolloutFile> {
    home().files()
}

fn home() -> HomeBuilder {
    let refactor = parser::refactor();
    let mut home = HomeBuilder::new();
    home.session(&bug_hunt::rollout())
        .session(&refactor.whole)
        .session(&parser::fork(refactor.before_last_turn))
        .session(&review::rollout())
        .session(&early_days::bare_rollout())
        .archived(&early_days::archived_rollout());
    home.name(BUG_HUNT, "Flaky export test", at(2026, 3, 2, 10, 2))
        .name(PARSER, "Front matter parser", at(2026, 3, 3, 9, 40))
        .name(PARSER_FORK, "Front matter parser, streaming", at(2026, 3, 4, 9, 41));
    home
}

/// The header that all threads of the project share.
pub(super) fn header(mode: Mode, thread_id: &str, created_ms: i64) -> Header {
    let mut header = Header::new(mode, thread_id)
        .created_at(created_ms)
        .in_dir(PROJECT)
        .from_source(json!("cli"));
    header.originator = "codex_cli_rs".to_owned();
    header.model_provider = Some("openai".to_owned());
    header.model = "gpt-5-codex".to_owned();
    header.git = Some(json!({
        "commit_hash": "4f1d2c7e9a0b3c5d6e7f8091a2b3c4d5e6f70812",
        "branch": "main",
        "repository_url": "https://example.com/ada/inkwell.git",
    }));
    header
}

/// A moment in UTC, in milliseconds.
pub(super) fn at(year: i16, month: i8, day: i8, hour: i8, minute: i8) -> i64 {
    let moment = jiff::civil::date(year, month, day).at(hour, minute, 0, 0);
    moment
        .to_zoned(jiff::tz::TimeZone::UTC)
        .expect("a time that exists")
        .timestamp()
        .as_millisecond()
}
