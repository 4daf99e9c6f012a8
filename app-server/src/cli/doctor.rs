//! `codex-threads doctor`.
//!
//! Explains how a thread or a file is seen.

use codex_thread_store::{DoctorReport, ThreadStore};
use serde_json::json;

use super::app::App;
use super::args::DoctorArgs;
use super::error::{CliError, CliResult};
use super::output::{Look, clean};

pub(super) async fn run(app: &mut App, args: DoctorArgs) -> CliResult {
    let store = app.store().await?;
    let maintenance = store.maintenance().ok_or(CliError::Unsupported)?;
    let report = maintenance.doctor(&args.subject).await?;
    if args.json.json {
        app.out.pretty_json(&as_json(&report))?;
    } else {
        print(app, &report)?;
    }
    if report.listed {
        return Ok(());
    }
    Err(CliError::Problems {
        what: format!("`{}` is not listed", args.subject),
    })
}

fn as_json(report: &DoctorReport) -> serde_json::Value {
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|finding| json!({"check": finding.check, "ok": finding.ok, "detail": finding.detail}))
        .collect();
    json!({
        "subject": report.subject,
        "listed": report.listed,
        "listedByCodex": report.listed_by_codex,
        "findings": findings,
    })
}

fn print(app: &mut App, report: &DoctorReport) -> CliResult {
    let subject = app.out.paint(Look::Title, &clean(&report.subject));
    app.out.line(&subject)?;
    let width = report
        .findings
        .iter()
        .map(|finding| finding.check.len())
        .max()
        .unwrap_or(0);
    for finding in &report.findings {
        let mark = if finding.ok {
            app.out.paint(Look::Good, "ok  ")
        } else {
            app.out.paint(Look::Bad, "FAIL")
        };
        let check = format!("{:width$}", finding.check);
        app.out
            .line(&format!("  {mark}  {check}  {}", clean(&finding.detail)))?;
    }
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" };
    app.out.line(&format!("  listed here: {}", yes_or_no(report.listed)))?;
    app.out
        .line(&format!("  listed by Codex: {}", yes_or_no(report.listed_by_codex)))
}
