//! Explains how a home as a whole is seen: its folders, the index, our journal, Codex's databases, and what was left behind.
//!
//! Looks, and changes nothing. A number that the index knows is told as the index knows it, with how far behind it is.

use codex_rollout::journal::JournalPosition;

use super::catalog::{Freshness, Sweep};
use super::catch_up::{fingerprint_text, rollout_uuid};
use super::index_file::path_aside;
use super::list::error_chain;
use super::store::Inner;
use crate::error::StoreResult;
use crate::report::{DoctorFinding, HomeReport};

/// Files that are named of each sort; more are only counted.
const MAX_NAMED_FILES: usize = 20;

impl Inner {
    /// Examines the home.
    pub(super) fn doctor_home(&self) -> StoreResult<HomeReport> {
        let mut report = HomeReport {
            home: self.home.clone(),
            findings: Vec::new(),
        };
        let sweep = self.sweep(Freshness::Now);
        self.examine_folders(&sweep, &mut report.findings);
        self.examine_index(&sweep, &mut report.findings);
        self.examine_journal(&mut report.findings);
        // Codex's databases are looked at when facts are asked for.
        if let Err(error) = self.facts() {
            report
                .findings
                .push(DoctorFinding::new("codex database", false, error_chain(&error)));
        }
        self.examine_databases(&mut report.findings);
        Ok(report)
    }

    fn examine_folders(&self, sweep: &Sweep, findings: &mut Vec<DoctorFinding>) {
        let bytes: u64 = sweep.files.iter().map(|file| file.stat.len).sum();
        let detail = format!("{} rollouts, {bytes} bytes", sweep.files.len());
        findings.push(DoctorFinding::new("rollouts", true, detail));
        let empty = sweep.files.iter().filter(|file| file.stat.len == 0).count();
        if empty > 0 {
            let detail =
                format!("{empty} rollouts without a byte: their writers ended before they wrote; nothing is lost");
            findings.push(DoctorFinding::new("empty", true, detail));
        }
        let problems = sweep.problems.iter();
        let problems = problems.map(|(path, reason)| format!("{} cannot be looked into: {reason}", path.display()));
        add_named(findings, "folder", problems.collect());
        let hidden = sweep.shadowed.iter();
        let hidden = hidden.map(|(path, by)| {
            format!(
                "{} is not read: {} is the same rollout; remove the one that is not wanted",
                path.display(),
                by.display()
            )
        });
        add_named(findings, "duplicate", hidden.collect());
    }

    fn examine_index(&self, sweep: &Sweep, findings: &mut Vec<DoctorFinding>) {
        let index = self.index();
        let place = self.index_path.display();
        match index.size_bytes() {
            Ok(bytes) => {
                let detail = format!("{place}, {bytes} bytes, kept {}", self.place.why.words());
                findings.push(DoctorFinding::new("index", true, detail));
            }
            Err(error) => findings.push(DoctorFinding::new("index", false, error_chain(&error))),
        }
        match index.check() {
            Ok(()) => findings.push(DoctorFinding::new("index check", true, "no contradictions".to_owned())),
            Err(error) => {
                let detail = format!(
                    "{}; the next answer that meets it makes the index anew",
                    error_chain(&error)
                );
                findings.push(DoctorFinding::new("index check", false, detail));
            }
        }
        let aside = path_aside(&self.index_path);
        if self.fs.stat(&aside).is_ok() {
            let detail = format!(
                "{} was spoilt and is kept to be looked at; delete it at will",
                aside.display()
            );
            findings.push(DoctorFinding::new("index aside", true, detail));
        }
        match self.index_lag(sweep) {
            Ok(lag) => {
                let detail = match lag.behind {
                    0 => "every rollout is indexed".to_owned(),
                    behind => {
                        format!("{behind} rollouts changed since they were indexed; reads catch up by themselves")
                    }
                };
                findings.push(DoctorFinding::new("index lag", true, detail));
                add_named(findings, "damage", lag.damaged);
            }
            Err(error) => findings.push(DoctorFinding::new("index lag", false, error_chain(&error))),
        }
        add_named(
            findings,
            "unreadable",
            self.unreadable(sweep)
                .into_iter()
                .filter(|(path, _)| !sweep.problems.iter().any(|(problem, _)| problem == path))
                .map(|(path, reason)| format!("{}: {reason}", path.display()))
                .collect(),
        );
    }

    fn index_lag(&self, sweep: &Sweep) -> StoreResult<Lag> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let mut lag = Lag::default();
        for file in &sweep.files {
            let row = reader.rollout(&rollout_uuid(file).to_string());
            match row.map_err(|error| self.index_error(error))? {
                Some(row) if row.file.fingerprint == fingerprint_text(file) => {
                    let count = row.checkpoint.damage_count;
                    if count > 0 {
                        let path = file.path.display();
                        lag.damaged
                            .push(format!("{path}: {count} damaged lines; what follows them is shown"));
                    }
                }
                _ => lag.behind += 1,
            }
        }
        Ok(lag)
    }

    fn examine_journal(&self, findings: &mut Vec<DoctorFinding>) {
        let journal = self.journal.journal();
        match journal.read_from(JournalPosition::default()) {
            Ok(read) => {
                let detail = format!("{}: {} facts", journal.path().display(), read.facts.len());
                findings.push(DoctorFinding::new("journal", true, detail));
                let damage = read.damage.iter().map(|line| {
                    let (offset, len) = (line.offset, line.len);
                    format!("{len} bytes at byte {offset} are no fact; they are passed over")
                });
                let damage = damage.collect();
                add_named(findings, "journal", damage);
            }
            Err(error) => findings.push(DoctorFinding::new("journal", false, error_chain(&error))),
        }
    }
}

/// How far the index is behind the files.
#[derive(Default)]
struct Lag {
    behind: u64,
    damaged: Vec<String>,
}

/// Adds a finding for each of the first, and one that counts the others.
fn add_named(findings: &mut Vec<DoctorFinding>, check: &'static str, mut details: Vec<String>) {
    let more = details.len().saturating_sub(MAX_NAMED_FILES);
    details.truncate(MAX_NAMED_FILES);
    findings.extend(
        details
            .into_iter()
            .map(|detail| DoctorFinding::new(check, false, detail)),
    );
    if more > 0 {
        findings.push(DoctorFinding::new(check, false, format!("and {more} more")));
    }
}

#[cfg(test)]
#[path = "doctor_home_tests.rs"]
mod doctor_home_tests;
