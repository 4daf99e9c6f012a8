//! `codex-threads index` and `codex-threads rebuild`.
//!
//! Bring everything up to date, or make it anew, and tell what there is.

use std::sync::Arc;

use codex_thread_store::{IndexProgress, IndexReport, ThreadStore};
use serde_json::json;

use super::app::App;
use super::args::JsonArgs;
use super::error::{CliError, CliResult};
use super::output::{Look, Output};
use super::progress::Bar;
use super::when;

/// Rollouts must be at least this large for a meaningful size of the index.
const MIN_LOG_BYTES_FOR_SHARE: u64 = 1_000_000;

/// Where indexing begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// With what the index does not have.
    Here,
    /// With an empty index.
    Anew,
}

pub(super) async fn run(app: &mut App, args: JsonArgs, begin: Begin) -> CliResult {
    let store = app.store().await?;
    let (report, elapsed_ms) = build(app, &*store, begin).await?;
    if args.json {
        app.out.pretty_json(&as_json(&report, elapsed_ms))?;
    } else {
        print(&mut app.out, &report, elapsed_ms)?;
    }
    match report.unreadable.len() {
        0 => Ok(()),
        count => Err(CliError::problems(
            count,
            "file could not be read",
            "files could not be read",
        )),
    }
}

/// Indexes everything behind a progress bar.
pub(super) async fn build(app: &App, store: &dyn ThreadStore, begin: Begin) -> CliResult<(IndexReport, i64)> {
    let maintenance = store.maintenance().ok_or(CliError::Unsupported)?;
    let bar = Bar::new("Indexing");
    let started_ms = app.clock.now_ms();
    let progress = Arc::clone(&bar) as Arc<dyn IndexProgress>;
    let report = match begin {
        Begin::Here => maintenance.index_all(progress).await,
        Begin::Anew => maintenance.rebuild(progress).await,
    };
    bar.finish();
    Ok((report?, app.clock.now_ms() - started_ms))
}

fn as_json(report: &IndexReport, elapsed_ms: i64) -> serde_json::Value {
    json!({
        "threads": report.threads,
        "rollouts": report.rollouts,
        "turns": report.turns,
        "items": report.items,
        "damagedLines": report.damaged_lines,
        "unreadable": unreadable_json(&report.unreadable),
        "logBytes": report.log_bytes,
        "indexBytes": report.index_bytes,
        "elapsedMs": elapsed_ms,
    })
}

/// Files with reasons, for programs.
pub(super) fn unreadable_json(files: &[(std::path::PathBuf, String)]) -> Vec<serde_json::Value> {
    files
        .iter()
        .map(|(path, reason)| json!({"path": path.display().to_string(), "reason": reason}))
        .collect()
}

/// Prints totals.
pub(super) fn print(out: &mut Output, report: &IndexReport, elapsed_ms: i64) -> CliResult {
    // Of a few small rollouts the share says nothing: an empty index has a size too.
    let share = match report.log_bytes {
        log if log < MIN_LOG_BYTES_FOR_SHARE => String::new(),
        log => format!(" ({}% of the rollouts)", (report.index_bytes * 100).div_ceil(log)),
    };
    let rows = [
        ("threads", when::count(report.threads)),
        ("turns", when::count(report.turns)),
        ("items", when::count(report.items)),
        (
            "rollouts",
            format!(
                "{} files, {}",
                when::count(report.rollouts),
                when::bytes(report.log_bytes)
            ),
        ),
        ("index", format!("{}{share}", when::bytes(report.index_bytes))),
        ("damage", format!("{} lines", when::count(report.damaged_lines))),
        ("time", when::duration(elapsed_ms)),
    ];
    for (name, value) in rows {
        let name = out.paint(Look::Dim, &format!("{name:>9}"));
        out.line(&format!("{name}  {value}"))?;
    }
    for (path, reason) in &report.unreadable {
        let mark = out.paint(Look::Bad, "unreadable");
        out.line(&format!("{mark}  {}: {reason}", path.display()))?;
    }
    Ok(())
}
