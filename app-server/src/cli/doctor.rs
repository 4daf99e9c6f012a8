//! `codex-threads doctor`.
//!
//! Explains how a thread, a file or the home as a whole is seen.

use codex_thread_store::{DoctorFinding, DoctorReport, HomeReport, ThreadStore};
use serde_json::json;

use super::app::App;
use super::args::DoctorArgs;
use super::error::{CliError, CliResult};
use super::output::{Look, clean};

pub(super) async fn run(app: &mut App, args: DoctorArgs) -> CliResult {
    let store = app.store().await?;
    let maintenance = store.maintenance().ok_or(CliError::Unsupported)?;
    let Some(subject) = &args.subject else {
        let report = maintenance.doctor_home().await?;
        return show_home(app, &report, args.json.json);
    };
    let report = maintenance.doctor(subject).await?;
    if args.json.json {
        app.out.pretty_json(&as_json(&report))?;
    } else {
        print(app, &report)?;
    }
    if report.listed {
        return Ok(());
    }
    Err(CliError::Problems {
        what: format!("`{subject}` is not listed"),
    })
}

/// Shows what was found of the home; something that is wrong is an exit code of its own.
fn show_home(app: &mut App, report: &HomeReport, json: bool) -> CliResult {
    let home = report.home.display().to_string();
    if json {
        app.out
            .pretty_json(&json!({"home": home, "findings": findings_json(&report.findings)}))?;
    } else {
        let title = app.out.paint(Look::Title, &clean(&home));
        app.out.line(&title)?;
        print_findings(app, &report.findings)?;
    }
    match report.findings.iter().filter(|finding| !finding.ok).count() {
        0 => Ok(()),
        count => Err(CliError::problems(count, "problem was found", "problems were found")),
    }
}

fn findings_json(findings: &[DoctorFinding]) -> Vec<serde_json::Value> {
    findings
        .iter()
        .map(|finding| json!({"check": finding.check, "ok": finding.ok, "detail": finding.detail}))
        .collect()
}

fn as_json(report: &DoctorReport) -> serde_json::Value {
    json!({
        "subject": report.subject,
        "listed": report.listed,
        "listedByCodex": report.listed_by_codex,
        "findings": findings_json(&report.findings),
    })
}

fn print(app: &mut App, report: &DoctorReport) -> CliResult {
    let subject = app.out.paint(Look::Title, &clean(&report.subject));
    app.out.line(&subject)?;
    print_findings(app, &report.findings)?;
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" };
    app.out.line(&format!("  listed here: {}", yes_or_no(report.listed)))?;
    app.out
        .line(&format!("  listed by Codex: {}", yes_or_no(report.listed_by_codex)))
}

fn print_findings(app: &mut App, findings: &[DoctorFinding]) -> CliResult {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
    for finding in findings {
        let mark = if finding.ok {
            app.out.paint(Look::Good, "ok  ")
        } else {
            app.out.paint(Look::Bad, "FAIL")
        };
        let check = format!("{:width$}", finding.check);
        app.out
            .line(&format!("  {mark}  {check}  {}", clean(&finding.detail)))?;
    }
    Ok(())
}
