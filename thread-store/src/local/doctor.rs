//! Explains how a thread or a file is seen: is it listed, and if not, why not?
//!
//! Looks, and changes nothing but the index.

use std::path::Path;

use codex_protocol::ids::ThreadId;
use codex_rollout::discover::{Encoding, Location, Placement, RolloutFile, rollout_at};
use codex_rollout::head::{Head, read_head};
use codex_rollout::name::looks_like_rollout;
use codex_rollout::tail::{TailState, tail_state};
use codex_state::db::RolloutRow;
use codex_state::threads::{self, DefaultSources, RowClass, ThreadRow};

use super::catalog::Freshness;
use super::catch_up::rollout_uuid;
use super::list::error_chain;
use super::store::Inner;
use crate::damage::damage_meaning;
use crate::error::StoreResult;
use crate::report::{DamageKind, DoctorFinding, DoctorReport};
use crate::thread_row::current_revision;
use crate::types::View;

impl Inner {
    /// Explains a thread id (or a unique beginning of one) or a file.
    pub(super) fn doctor(&self, subject: &str) -> StoreResult<DoctorReport> {
        let mut report = DoctorReport {
            subject: subject.to_owned(),
            listed: false,
            listed_by_codex: false,
            findings: Vec::new(),
        };
        self.bring_up_to_date_if_there_is_room()?;
        let files = self.files_meant_by(subject, &mut report);
        for file in &files {
            self.examine_file(file, &mut report);
        }
        self.examine_databases(&mut report.findings);
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let row = match files.first() {
            None => None,
            Some(file) => {
                let rollout = reader.rollout(&rollout_uuid(file).to_string());
                match rollout.map_err(|error| self.index_error(error))? {
                    Some(rollout) => threads::get(reader.connection(), &rollout.thread_id)
                        .map_err(|error| self.index_error(error))?,
                    None => None,
                }
            }
        };
        match row {
            Some(row) => self.examine_row(&row, &mut report)?,
            None => report.find(
                "index",
                false,
                "no thread row: nothing readable was found under this name",
            ),
        }
        Ok(report)
    }

    fn files_meant_by(&self, subject: &str, report: &mut DoctorReport) -> Vec<RolloutFile> {
        if let Ok(id) = subject.parse::<ThreadId>() {
            return match self.files_of(id, View::Full) {
                Ok(files) => {
                    report.find("file", true, &format!("{} rollout file(s) of this thread", files.len()));
                    files
                }
                Err(error) => {
                    report.find(
                        "file",
                        false,
                        &format!("{}; is this the right --home?", error_chain(&error)),
                    );
                    Vec::new()
                }
            };
        }
        let path = Path::new(subject);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".json") {
            let detail = "a single JSON document of spring 2025, from before rollouts; Codex and this program read JSON \
                          lines only";
            report.find("format", false, detail);
            return Vec::new();
        }
        let absolute = if path.is_absolute() {
            path.to_owned()
        } else {
            self.home.join(path)
        };
        match rollout_at(self.fs.as_ref(), &self.home, &absolute) {
            Ok(file) => {
                if !looks_like_rollout(name) {
                    let detail = "the name is not `rollout-*.jsonl`: no walker of any program looks at it";
                    report.find("name", false, detail);
                }
                vec![file]
            }
            Err(error) => self.files_with_prefix(subject, &error, report),
        }
    }

    fn files_with_prefix(&self, subject: &str, error: &std::io::Error, report: &mut DoctorReport) -> Vec<RolloutFile> {
        let sweep = self.sweep(Freshness::Recent);
        let prefix = subject.to_lowercase();
        let matches = |file: &&RolloutFile| {
            file.name
                .as_ref()
                .is_some_and(|name| name.thread_id.to_string().starts_with(&prefix))
        };
        let all = sweep.files.iter().map(AsRef::as_ref);
        let files: Vec<RolloutFile> = all.filter(matches).cloned().collect();
        if files.is_empty() || prefix.is_empty() {
            report.find(
                "file",
                false,
                &format!("neither a thread id nor a readable file: {error}"),
            );
            return Vec::new();
        }
        files
    }

    fn examine_file(&self, file: &RolloutFile, report: &mut DoctorReport) {
        let place = match (file.location, file.encoding) {
            (Location::Active, Encoding::Plain) => "active",
            (Location::Active, Encoding::Zstd) => "active, compressed",
            (Location::Archived, Encoding::Plain) => "archived",
            (Location::Archived, Encoding::Zstd) => "archived, compressed",
        };
        report.find(
            "place",
            true,
            &format!("{} ({place}, {} bytes)", file.path.display(), file.stat.len),
        );
        if file.placement == Placement::Unusual {
            report.find(
                "name",
                false,
                "unusual name or folder: Codex lists it nowhere, this program does",
            );
        }
        let source = match self.source(file) {
            Ok(source) => source,
            Err(error) => return report.find("read", false, &error_chain(&error)),
        };
        match read_head(&source) {
            Ok(head) => {
                let kind = match &head {
                    Head::Bare(_) => "a bare rollout of 2025".to_owned(),
                    Head::Envelope { meta, .. } => format!("{} history", meta.history_mode.as_str()),
                };
                report.find("header", true, &kind);
                self.examine_tail(&source, &head, report);
            }
            Err(error) => report.find("header", false, &error_chain(&error)),
        }
    }

    fn examine_tail(&self, source: &codex_rollout::source::RolloutSource, head: &Head, report: &mut DoctorReport) {
        match tail_state(source, head) {
            Ok(TailState::Clean) => {}
            Ok(TailState::CompleteWithoutNewline { .. }) => {
                report.find(
                    "tail",
                    true,
                    "the last line has no newline yet; it is complete and shown",
                );
            }
            Ok(TailState::Torn { offset, len }) => {
                report.find(
                    "tail",
                    false,
                    &format!(
                        "the last line is torn: {len} bytes at byte {offset}; {}",
                        damage_meaning(DamageKind::TornTail)
                    ),
                );
            }
            Ok(TailState::UnknownRecord { .. }) => {
                report.find(
                    "tail",
                    true,
                    "the last line is JSON of a kind that is not known; it is kept",
                );
            }
            Ok(TailState::Oversized { .. }) => {
                report.find(
                    "tail",
                    false,
                    "the last line is longer than the line limit and not read",
                );
            }
            Err(error) => report.find("tail", false, &error_chain(&error)),
        }
    }

    /// Says which of Codex's databases are known, and what of them is not.
    pub(super) fn examine_databases(&self, findings: &mut Vec<DoctorFinding>) {
        for database in self.codex.reports() {
            let name = database.path.file_name().unwrap_or(database.path.as_os_str());
            let detail = match database.current {
                true => format!("{}: imported", name.display()),
                false => format!("{}: not imported; what was known of it counts", name.display()),
            };
            findings.push(DoctorFinding::new("codex database", database.current, detail));
            for problem in &database.problems {
                findings.push(DoctorFinding::new("codex database", false, problem.clone()));
            }
        }
        for problem in self.import_problems() {
            findings.push(DoctorFinding::new("codex database", false, problem));
        }
    }

    /// Says which revision is current, and which were begun and never used.
    fn examine_revisions(
        &self,
        thread_id: ThreadId,
        revisions: &[RolloutRow],
        report: &mut DoctorReport,
    ) -> StoreResult<()> {
        let named = self.named_revisions(thread_id)?;
        let current = current_revision(revisions, &named).map(|row| row.rollout_id.clone());
        let shown = revisions.iter().find(|row| Some(&row.rollout_id) == current.as_ref());
        let path = shown.map(|row| row.file.path.as_str()).unwrap_or_default();
        let by_codex = match named.codex == current {
            true => ", as Codex's database says",
            false => "",
        };
        let detail = format!("{} revisions; current is {path}{by_codex}", revisions.len());
        report.find("revisions", true, &detail);
        for row in revisions.iter().filter(|row| Some(&row.rollout_id) != current.as_ref()) {
            if self.has_header_alone(row) {
                let detail = format!("{} has only its header and is not current", row.file.path);
                report.find("orphan revision", false, &detail);
            }
        }
        Ok(())
    }

    /// Tells damaged lines of a rollout by kind: how many, where the first one is, and what that means.
    fn examine_damage(&self, rollout: &RolloutRow, report: &mut DoctorReport) -> StoreResult<()> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let mut listed = self.damage_of(&reader, rollout)?;
        let unlisted = rollout.checkpoint.damage_count.saturating_sub(listed.len() as u64);
        let file = Path::new(&rollout.file.path)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        while let Some(first) = listed.first().cloned() {
            let before = listed.len();
            listed.retain(|damage| damage.kind != first.kind);
            let detail = format!(
                "{} of {file}, first at byte {} ({} bytes): {}",
                lines(before - listed.len()),
                first.offset,
                first.length,
                damage_meaning(first.kind)
            );
            report.find("damage", false, &detail);
        }
        if unlisted > 0 {
            let detail = format!("{unlisted} more damaged lines of {file}; what follows them is shown");
            report.find("damage", false, &detail);
        }
        Ok(())
    }

    fn has_header_alone(&self, row: &RolloutRow) -> bool {
        let sweep = self.sweep(Freshness::Recent);
        let Some(file) = row.rollout_id.parse().ok().and_then(|id| sweep.rollout(id)) else {
            return false;
        };
        // A file that cannot be read is told elsewhere.
        let Ok(source) = self.source(file) else { return false };
        match (read_head(&source), source.plain_len()) {
            (Ok(Head::Envelope { end, .. }), Ok(len)) => end == len,
            _ => false,
        }
    }

    fn examine_row(&self, row: &ThreadRow, report: &mut DoctorReport) -> StoreResult<()> {
        let class = RowClass::of(row);
        let thread_id: Option<ThreadId> = row.thread_id.parse().ok();
        let revisions = thread_id
            .map(|id| self.stored_rollouts(id))
            .transpose()?
            .unwrap_or_default();
        if let (Some(thread_id), true) = (thread_id, revisions.len() > 1) {
            self.examine_revisions(thread_id, &revisions, report)?;
        }
        for rollout in &revisions {
            self.examine_damage(rollout, report)?;
        }
        let everyday = !class.archived && !class.attached;
        report.listed = everyday && DefaultSources::Reachable.accepts(class.source);
        report.listed_by_codex = everyday && class.source.is_interactive() && !class.unpreviewed && !class.codex_hidden;
        if class.archived {
            report.find("list", true, "archived: listed with --archived only");
        }
        if class.attached {
            report.find("list", true, "attached fork: listed under the thread it is attached to");
        }
        if !DefaultSources::Reachable.accepts(class.source) {
            let detail = format!(
                "source {}: listed only when that source is asked for (--source)",
                row.source
            );
            report.find("list", true, &detail);
        }
        if class.unpreviewed {
            report.find("list", true, "no user message yet: Codex does not list it");
        } else if class.codex_hidden {
            report.find(
                "list",
                true,
                "no user event or no header: Codex never lists it, this program does",
            );
        }
        if report.listed {
            report.find("list", true, "listed");
        }
        Ok(())
    }
}

fn lines(count: usize) -> String {
    match count {
        1 => "1 line".to_owned(),
        count => format!("{count} lines"),
    }
}

impl DoctorReport {
    fn find(&mut self, check: &'static str, ok: bool, detail: &str) {
        self.findings.push(DoctorFinding::new(check, ok, detail.to_owned()));
    }
}
