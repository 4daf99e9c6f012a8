//! Forks: by reference for paginated threads, by copy for legacy ones (`rollout-format.md` 8.5).
//!
//! A fork appears whole or not at all. Its source is only read, made plain where it is pointed into, and synced, so that
//! no fork outlives what it continues.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::{HistoryBase, HistoryMode, LineHead, SessionMeta};
use codex_rollout::discover::RolloutFile;
use codex_rollout::forget_names::forget_names;
use codex_rollout::head::{Head, read_head};
use codex_rollout::lines::LineEvent;
use codex_rollout::locks::WriterLease;
use codex_rollout::recorder::{LocalTime, NewRollout, RolloutDraft, WriteError, materialize};
use codex_rollout::relocate::sync_file;
use codex_rollout::source::RolloutSource;
use codex_state::projector::RowReader;
use codex_state::rows::{RowKey, RowSet, RowSets, TurnState};

use super::catalog::Freshness;
use super::fork_place::{cut_turn, place_of};
use super::freshness::named_thread;
use super::open_rollout::{OpenRollout, head_error, index_error, read_error};
use super::segments::History;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::lifecycle::{ForkAttachment, ForkCut, ForkRequest};
use crate::organise::daybreak_fact;
use crate::successor::{CutTurn, LatestSettings, TurnWatch, fork_meta, interruption};
use crate::types::View;

/// Bytes of an overlong line that are copied at once.
const COPY_BYTES: u64 = 1024 * 1024;

/// What a fork is made of, as read from its source.
struct ForkPlan {
    meta: SessionMeta,
    settings: LatestSettings,
    inherited: Inherited,
}

enum Inherited {
    /// Continued where it is: the place, and the files that lead there, the one that is cut last.
    Referenced {
        base: Option<HistoryBase>,
        files: Vec<Referred>,
        cut_turn: Option<CutTurn>,
    },
    /// Copied up to an offset.
    Copied { source: RolloutSource, end: u64 },
}

/// A rollout that is pointed into.
pub(super) struct Referred {
    file: RolloutFile,
    /// The thread that its name tells, and the one that its header tells: nearly always the same.
    threads: BTreeSet<ThreadId>,
}

impl Referred {
    pub(super) fn new(rollout: &OpenRollout<'_>) -> Self {
        let told = [named_thread(&rollout.file), Some(rollout.thread_id.clone())];
        Self {
            file: rollout.file.clone(),
            threads: told.iter().flatten().filter_map(|id| id.parse().ok()).collect(),
        }
    }
}

impl Inner {
    /// Makes a fork; it is on stable storage when this returns.
    pub(super) fn fork(&self, request: &ForkRequest) -> StoreResult<()> {
        let _turn = self.lifecycle_turn();
        let failed = Self::lifecycle_error("fork", request.source);
        let lease = self.acquire_lease(request.new_thread_id)?;
        self.look_everywhere()?;
        if !self.sweep(Freshness::Recent).named(request.new_thread_id.0).is_empty() {
            return Err(StoreError::ThreadExists {
                thread_id: request.new_thread_id,
            });
        }
        self.refuse_cut_of_nothing(request)?;
        self.settle_open(request.source)?;
        let plan =
            self.repairing(|| self.with_history(request.source, View::Full, |history| plan_fork(history, request)))?;
        self.saw_everything()?;
        let mut sources = Vec::new();
        let base = match &plan.inherited {
            Inherited::Referenced { base, files, .. } => {
                sources = self.make_referable(request.source, files, &lease)?;
                *base
            }
            Inherited::Copied { .. } => None,
        };
        let now_ms = self.clock.now_ms();
        let meta = fork_meta(&plan.meta, plan.settings, request, base, now_ms);
        let meta = meta.map_err(|error| failed(Box::new(error)))?;
        let rollout = NewRollout {
            rollout_id: request.new_thread_id.into(),
            meta,
            prepared: self.local_time(now_ms),
        };
        let draft = RolloutDraft::begin(&self.fs, &self.home, &lease, rollout, now_ms);
        let mut draft = draft.map_err(|error| failed(Box::new(error)))?;
        let (cut_turn, mode) = match plan.inherited {
            Inherited::Referenced { cut_turn, .. } => (cut_turn, HistoryMode::Paginated),
            Inherited::Copied { source, end } => (copy_lines(&source, end, &mut draft)?, HistoryMode::Legacy),
        };
        if let Some(turn) = cut_turn {
            let id = self.ids.uuid_v7().to_string();
            for line in interruption(&turn, mode, &id) {
                draft.append(&line.encoded()).map_err(|error| failed(Box::new(error)))?;
            }
        }
        // What it inherits first: publishing is the one step that makes the fork.
        let is_named = self.inherit_facts(request)?;
        let published = draft.publish().map_err(|error| failed(Box::new(error)));
        let made = published.and_then(|path| self.check_sources(request, &path, &sources));
        if made.is_err() && is_named {
            self.forget_name(request.new_thread_id);
        }
        self.catalog.expire();
        made
    }

    /// Refuses what cannot be forked from a thread without records before it gets a file for the fork.
    fn refuse_cut_of_nothing(&self, request: &ForkRequest) -> StoreResult<()> {
        let thread_id = request.source;
        let Some(writer) = self.writers.of_thread(thread_id).filter(|writer| !writer.is_born()) else {
            return Ok(());
        };
        let is_legacy = writer.recorder.history_mode() == HistoryMode::Legacy;
        if is_legacy && request.attachment == ForkAttachment::Attached {
            return Err(unsupported_attachment(thread_id));
        }
        match &request.cut {
            ForkCut::Whole => Ok(()),
            ForkCut::LastTurn(turn_id) | ForkCut::BeforeTurn(turn_id) => Err(StoreError::TurnNotFound {
                thread_id,
                turn_id: turn_id.clone(),
            }),
        }
    }

    pub(super) fn local_time(&self, unix_ms: i64) -> LocalTime {
        LocalTime {
            unix_ms,
            utc_offset_seconds: self.clock.utc_offset_seconds(unix_ms),
        }
    }

    /// Makes rollouts plain, because cuts are offsets in plain files, and waits until they are on stable storage. `own` is
    /// the lock that the caller holds.
    pub(super) fn make_referable(
        &self,
        thread_id: ThreadId,
        sources: &[Referred],
        own: &WriterLease,
    ) -> StoreResult<Vec<PathBuf>> {
        let failed = Self::lifecycle_error("fork", thread_id);
        let mut paths = Vec::new();
        for source in sources {
            let path = source.file.logical_path();
            if self.fs.stat(&path).is_err() {
                let _leases = self.hold_all(source, own)?;
                materialize(&self.fs, &path).map_err(|error| failed(Box::new(error)))?;
                self.catalog.expire();
            }
            sync_file(self.fs.as_ref(), &self.home, &path).map_err(|error| failed(Box::new(error)))?;
            paths.push(path);
        }
        Ok(paths)
    }

    /// Takes the locks under which a rollout changes form: whoever moves, removes or compresses it holds them as well, and
    /// would otherwise leave one form behind, or neither.
    fn hold_all(&self, source: &Referred, own: &WriterLease) -> StoreResult<Vec<Arc<WriterLease>>> {
        let others = source.threads.iter().filter(|id| **id != own.thread_id());
        others.map(|id| self.writers.hold(*id)).collect()
    }

    /// A source that somebody deleted or moved meanwhile takes the fork with it, if nothing leads to it any more.
    fn check_sources(&self, request: &ForkRequest, path: &std::path::Path, sources: &[PathBuf]) -> StoreResult<()> {
        if sources.iter().all(|source| self.fs.stat(source).is_ok()) {
            return Ok(());
        }
        self.catalog.expire();
        match self.repairing(|| self.with_history(request.new_thread_id, View::Full, |_| Ok(()))) {
            Err(StoreError::Lineage { .. }) => {
                codex_rollout::relocate::remove_file(self.fs.as_ref(), &self.home, path)
                    .map_err(|error| Self::lifecycle_error("fork", request.source)(Box::new(error)))?;
                Err(StoreError::ThreadNotFound {
                    thread_id: request.source,
                })
            }
            // Moved, not deleted.
            _ => Ok(()),
        }
    }

    /// Gives the fork the name and the daybreak choice of its source (`app-server-api.md` 3.3), and tells whether there is a
    /// name.
    fn inherit_facts(&self, request: &ForkRequest) -> StoreResult<bool> {
        let known = self.facts()?;
        let (name, choice) = (known.name(request.source), known.belonging(request.source).daybreak);
        let at_ms = self.clock.now_ms();
        let chosen = choice.map(|choice| daybreak_fact(request.new_thread_id, choice, at_ms));
        self.record_facts(request.new_thread_id, at_ms, name.as_deref(), chosen)?;
        if name.is_none() {
            return Ok(false);
        }
        Ok(true)
    }

    fn forget_name(&self, thread_id: ThreadId) {
        if let Err(error) = forget_names(self.fs.as_ref(), &self.home, &BTreeSet::from([thread_id])) {
            let error: &dyn std::error::Error = &error;
            // A name without a rollout is no thread to anybody.
            tracing::warn!(error, %thread_id, "the name of a fork that was not made stays behind");
        }
    }
}

fn unsupported_attachment(thread_id: ThreadId) -> StoreError {
    StoreError::Unsupported {
        operation: "attached fork",
        thread_id,
    }
}

fn plan_fork(history: &History<'_>, request: &ForkRequest) -> StoreResult<ForkPlan> {
    let current = history.current();
    let meta = head_meta(current, "fork", request.source)?;
    let settings = LatestSettings {
        cwd: current.meta.cwd.clone(),
        model_provider: current.meta.model_provider.clone(),
    };
    let inherited = match history.mode() {
        HistoryMode::Paginated => {
            let place = place_of(history, &request.cut)?;
            let files = place.map_or(0, |place| place.at + 1);
            let files = history.segments[..files].iter();
            Inherited::Referenced {
                base: place.map(|place| place.base(history)),
                files: files.map(|segment| Referred::new(&segment.rollout)).collect(),
                cut_turn: place.map(|place| cut_turn(history, place)).transpose()?.flatten(),
            }
        }
        HistoryMode::Legacy if request.attachment == ForkAttachment::Attached => {
            return Err(unsupported_attachment(request.source));
        }
        HistoryMode::Legacy => Inherited::Copied {
            source: current.source.clone(),
            end: copy_end(history, &request.cut)?,
        },
    };
    Ok(ForkPlan {
        meta,
        settings,
        inherited,
    })
}

/// Returns the session metadata that a rollout begins with.
pub(super) fn head_meta(
    rollout: &OpenRollout<'_>,
    operation: &'static str,
    thread_id: ThreadId,
) -> StoreResult<SessionMeta> {
    match read_head(&rollout.source) {
        Ok(Head::Envelope { meta, .. }) => Ok(*meta),
        Ok(Head::Bare(_)) => Err(StoreError::Unsupported { operation, thread_id }),
        Err(error) => Err(head_error(&rollout.source, error)),
    }
}

/// Returns where copying a legacy history stops.
pub(super) fn copy_end(history: &History<'_>, cut: &ForkCut) -> StoreResult<u64> {
    let current = history.current();
    let turn = |turn_id: &String| {
        let row = history.turn_row(0, turn_id)?;
        row.ok_or_else(|| StoreError::TurnNotFound {
            thread_id: history.thread_id,
            turn_id: turn_id.clone(),
        })
    };
    match cut {
        ForkCut::Whole => Ok(current.complete_offset),
        ForkCut::BeforeTurn(turn_id) => Ok(turn(turn_id)?.key.offset()),
        ForkCut::LastTurn(turn_id) => {
            let row = turn(turn_id)?;
            if row.state == TurnState::InProgress {
                return Err(StoreError::TurnInProgress {
                    thread_id: history.thread_id,
                    turn_id: turn_id.clone(),
                });
            }
            next_turn(current, row.key.offset())
        }
    }
}

/// Finds the line that begins the next turn, also one that was rolled back: what follows belongs to it.
fn next_turn(rollout: &OpenRollout<'_>, after: u64) -> StoreResult<u64> {
    let end = rollout.complete_offset;
    let mut lines = rollout.source.lines(after).until(end);
    let failed = |error| read_error(&rollout.source, after, error);
    while let Some(event) = lines.next().map_err(failed)? {
        let offset = event.offset();
        if offset == after {
            continue;
        }
        let row = rollout.rows.turn(RowKey::new(offset, RowSets::BOTH));
        let row = row.map_err(|error| index_error(&rollout.file.path, error))?;
        if row.is_some_and(|row| row.sets.contains(RowSet::Full) || row.sets.contains(RowSet::Raw)) {
            return Ok(offset);
        }
    }
    Ok(end)
}

/// Copies the lines of a legacy history as they are, and returns the turn that they end inside. What is not a record is
/// left behind.
fn copy_lines(source: &RolloutSource, end: u64, draft: &mut RolloutDraft) -> StoreResult<Option<CutTurn>> {
    let mut watch = TurnWatch::default();
    let mut lines = source.lines(0).until(end);
    let failed = |error| read_error(source, 0, error);
    let write_failed = |error: WriteError| StoreError::Read {
        path: source.path().to_owned(),
        offset: 0,
        source: Box::new(error),
    };
    while let Some(event) = lines.next().map_err(failed)? {
        match event {
            LineEvent::Line { bytes, .. } => {
                let Ok(head) = LineHead::parse(bytes) else { continue };
                if head.kind == "event_msg" {
                    watch.event(head.payload);
                }
                draft.copy(bytes).map_err(write_failed)?;
            }
            LineEvent::Oversized { offset, len, .. } => {
                let mut copied = 0;
                while copied < len {
                    let chunk = source
                        .read_at(offset + copied, (len - copied).min(COPY_BYTES))
                        .map_err(failed)?;
                    copied += chunk.len() as u64;
                    draft.copy(&chunk).map_err(write_failed)?;
                }
            }
        }
        draft.copy(b"\n").map_err(write_failed)?;
    }
    Ok(watch.open())
}
