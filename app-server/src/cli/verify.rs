//! `codex-threads verify`.
//!
//! Compares the index with the rollouts and names what differs.

use std::sync::Arc;

use codex_thread_store::{IndexProgress, ThreadStore, VerifyReport};
use serde_json::json;

use super::app::App;
use super::args::JsonArgs;
use super::error::{CliError, CliResult};
use super::index::unreadable_json;
use super::output::Look;
use super::progress::Bar;
use super::when;

pub(super) async fn run(app: &mut App, args: JsonArgs) -> CliResult {
    let store = app.store().await?;
    let maintenance = store.maintenance().ok_or(CliError::Unsupported)?;
    let bar = Bar::new("Verifying");
    let report = maintenance.verify(Arc::clone(&bar) as Arc<dyn IndexProgress>).await;
    bar.finish();
    let report = report?;
    if args.json {
        app.out.pretty_json(&as_json(&report))?;
    } else {
        print(app, &report)?;
    }
    match (report.differing.len(), report.unreadable.len()) {
        (0, 0) => Ok(()),
        (0, count) => Err(CliError::problems(
            count,
            "file could not be read",
            "files could not be read",
        )),
        (count, _) => Err(CliError::problems(
            count,
            "rollout differs from its index",
            "rollouts differ from their index",
        )),
    }
}

fn as_json(report: &VerifyReport) -> serde_json::Value {
    json!({
        "rollouts": report.rollouts,
        "rows": report.rows,
        "differing": unreadable_json(&report.differing),
        "unreadable": unreadable_json(&report.unreadable),
        "damagedLines": report.damaged_lines,
    })
}

fn print(app: &mut App, report: &VerifyReport) -> CliResult {
    let compared = format!(
        "{} rollouts, {} rows compared",
        when::count(report.rollouts),
        when::count(report.rows)
    );
    app.out.line(&compared)?;
    if report.damaged_lines > 0 {
        let mark = app.out.paint(Look::Warn, "damage");
        app.out.line(&format!(
            "{mark}  {} lines of rollouts cannot be read; `thread/indexState` names them",
            when::count(report.damaged_lines)
        ))?;
    }
    let marked = [("differs", &report.differing), ("unreadable", &report.unreadable)];
    for (mark, files) in marked {
        for (path, reason) in files {
            let mark = app.out.paint(Look::Bad, mark);
            app.out.line(&format!("{mark}  {}: {reason}", path.display()))?;
        }
    }
    if !report.differing.is_empty() {
        app.out
            .line("`codex-threads rebuild` makes the index anew from the rollouts; nothing is lost by that.")?;
    }
    if report.differing.is_empty() && report.unreadable.is_empty() {
        let fine = app.out.paint(Look::Good, "The index agrees with the rollouts.");
        app.out.line(&fine)?;
    }
    Ok(())
}
