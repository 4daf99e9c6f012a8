//! The writer of one rollout: one write per batch, gap-free ordinals, no guess after a failure.
//!
//! Synchronous and single-threaded; time is handed in. The only code that truncates a log: a fragment that it may cut, and
//! what is left of a batch whose write failed. Applies no policy to what it is given.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::log::{HistoryMode, RolloutItem};

use super::durability::{AppendAck, Durability, OrdinalRange, SyncedThrough};
use super::encoded_item::EncodedItem;
use super::error::{WriteError, WriteResult, failed};
use super::kept_aside::keep_aside;
use super::materialize::materialize;
use super::new_rollout::NewRollout;
use super::rewrite::rewrite;
use super::tail_plan::{Repair, TailPlan, TailReport, TornTail, TornTailRule, is_unborn, plan};
use super::time::line_time;
use crate::discover::{Encoding, RolloutFile};
use crate::fs::{LogFileMut, LogFs, create_folders, sync_folders};
use crate::limits::MAX_LINE_BYTES;
use crate::locks::WriterLease;
use crate::source::RolloutSource;

/// Writes one rollout. Holds the thread's writer lease as long as it lives.
pub struct RolloutWriter {
    fs: Arc<dyn LogFs>,
    home: PathBuf,
    lease: Arc<WriterLease>,
    path: PathBuf,
    rollout_id: RolloutId,
    history_mode: HistoryMode,
    /// `None` if lines have no ordinals.
    next_ordinal: Option<u64>,
    /// Bytes that the file has as far as this writer wrote or found them.
    written_len: u64,
    synced_len: u64,
    folders_synced: bool,
    torn: Option<TornTail>,
    /// What the latest write left, if it failed.
    left: Left,
    state: State,
}

enum State {
    /// Nothing recorded, no file.
    Pending(Box<NewRollout>),
    Open {
        file: Box<dyn LogFileMut>,
        repair: Repair,
    },
    Poisoned {
        failed: &'static str,
        /// What the file was to be, if its first write failed.
        unborn: Option<Box<NewRollout>>,
    },
}

/// What a failed write may have left in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing.
    Nothing,
    /// Whole lines, perhaps.
    Lines,
}

/// What a writer can do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriterState {
    /// Append; the file does not exist yet.
    Pending,
    /// Append.
    Open,
    /// Nothing but [`RolloutWriter::reopen`].
    Poisoned,
}

/// A writer of an existing rollout.
#[derive(Debug)]
pub struct Resumed {
    /// The writer.
    pub writer: RolloutWriter,
    /// What the end of the rollout was.
    pub report: TailReport,
}

/// What reopening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopened {
    /// Whole lines of a batch whose append had failed that are in the file nevertheless. They stay.
    pub accepted_lines: u64,
    /// Bytes at the end that no sync vouches for, among them those that a failed sync was about.
    pub unsynced_bytes: u64,
}

impl RolloutWriter {
    /// Prepares a rollout. Touches nothing: the file is made by the first append.
    ///
    /// # Errors
    /// The lease is for another thread, or the time cannot be a file name.
    pub fn create(fs: Arc<dyn LogFs>, home: &Path, lease: Arc<WriterLease>, new: NewRollout) -> WriteResult<Self> {
        let path = new.path(home)?;
        check_thread(&path, &lease, new.meta.id)?;
        Ok(Self {
            fs,
            home: home.to_owned(),
            lease,
            path,
            rollout_id: new.rollout_id,
            history_mode: new.meta.history_mode,
            next_ordinal: new.start_ordinal(),
            written_len: 0,
            synced_len: 0,
            folders_synced: false,
            torn: None,
            left: Left::Nothing,
            state: State::Pending(Box::new(new)),
        })
    }

    /// Opens an existing rollout, which is made plain first if it is compressed. A plain one is not changed before the
    /// first append.
    pub fn resume(
        fs: Arc<dyn LogFs>,
        home: &Path,
        lease: Arc<WriterLease>,
        file: &RolloutFile,
        rule: TornTailRule,
    ) -> WriteResult<Resumed> {
        let path = materialize(&fs, &file.logical_path())?;
        let source = open_source(&*fs, &path)?;
        let plan = plan(&source, rule)?;
        if let Some(meta) = &plan.meta {
            check_thread(&path, &lease, meta.id)?;
        }
        let named = file.name.as_ref().map(|name| name.rollout_id).or(file.weak_id);
        let mut writer = Self {
            rollout_id: named.unwrap_or_else(|| lease.thread_id().into()),
            history_mode: plan.meta.as_ref().map(|meta| meta.history_mode).unwrap_or_default(),
            fs,
            home: home.to_owned(),
            lease,
            path,
            next_ordinal: None,
            written_len: 0,
            synced_len: 0,
            folders_synced: false,
            torn: None,
            left: Left::Nothing,
            state: State::Poisoned {
                failed: "open",
                unborn: None,
            },
        };
        let report = plan.report.clone();
        writer.adopt(&plan)?;
        Ok(Resumed { writer, report })
    }

    /// The thread.
    pub fn thread_id(&self) -> ThreadId {
        self.lease.thread_id()
    }

    /// The right to write the thread.
    pub fn lease(&self) -> &Arc<WriterLease> {
        &self.lease
    }

    /// The rollout.
    pub fn rollout_id(&self) -> RolloutId {
        self.rollout_id
    }

    /// Where the file is, or will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How the rollout stores its history.
    pub fn history_mode(&self) -> HistoryMode {
        self.history_mode
    }

    /// Ordinal of the next line that is written, the session metadata included; `None` if lines have none.
    pub fn next_ordinal(&self) -> Option<u64> {
        self.next_ordinal
    }

    /// Length of the file as far as it was handed to the operating system.
    pub fn written_len(&self) -> u64 {
        self.written_len
    }

    /// What is known to be on stable storage.
    pub fn synced_through(&self) -> SyncedThrough {
        SyncedThrough {
            end_offset: self.synced_len,
        }
    }

    /// What this writer can do now.
    pub fn state(&self) -> WriterState {
        match self.state {
            State::Pending(_) => WriterState::Pending,
            State::Open { .. } => WriterState::Open,
            State::Poisoned { .. } => WriterState::Poisoned,
        }
    }

    /// What the latest append left in the file, if it failed.
    pub(super) fn left_by_failure(&self) -> Left {
        self.left
    }

    /// The fragment that was at the end of the log, if there was one. Its bytes are kept aside at the first append.
    pub fn torn_tail(&self) -> Option<&TornTail> {
        self.torn.as_ref()
    }

    /// Hands a batch to the operating system in one write and returns once that is done.
    ///
    /// If the write fails, what arrived of it is cut off again, the ordinals are kept for the retry, and the writer is
    /// poisoned. If that cut fails too, whole lines of the batch may stay: [`reopen`](Self::reopen) counts them. A crash
    /// during the call leaves a prefix of the batch's bytes. An empty batch writes nothing, not even the session metadata.
    pub fn append(&mut self, items: &[EncodedItem], now_ms: i64) -> WriteResult<AppendAck> {
        if items.is_empty() {
            self.refuse_poisoned()?;
            return Ok(self.ack(self.next_ordinal, 0, self.written_len));
        }
        self.write_batch(items, now_ms)
    }

    /// Makes the file with its session metadata if nothing was appended yet: a fork needs a file to point into.
    pub fn persist(&mut self, now_ms: i64) -> WriteResult<()> {
        match self.state {
            State::Pending(_) => self.write_batch(&[], now_ms).map(|_| ()),
            State::Open { .. } | State::Poisoned { .. } => self.refuse_poisoned(),
        }
    }

    /// Waits until everything written, and the file's name, is on stable storage.
    ///
    /// After an error nothing may be assumed about what was written since the last success; the writer is poisoned.
    pub fn sync(&mut self) -> WriteResult<SyncedThrough> {
        self.refuse_poisoned()?;
        let State::Open { file, .. } = &mut self.state else {
            return Ok(self.synced_through());
        };
        let is_behind = self.synced_len < self.written_len || !self.folders_synced;
        if is_behind && let Err(source) = file.sync() {
            let error = failed("sync", &self.path)(source);
            return Err(self.poison("sync", None, error));
        }
        if !self.folders_synced {
            let folder = self.path.parent().unwrap_or(&self.home);
            if let Err(error) = sync_folders(&*self.fs, &self.home, folder) {
                return Err(self.poison("sync", None, error.into()));
            }
            self.folders_synced = true;
        }
        self.synced_len = self.written_len;
        Ok(self.synced_through())
    }

    /// Looks at the log again after a failure and, if it still holds everything acknowledged, accepts appends again.
    ///
    /// Whole lines of a failed batch that could not be cut off again stay, because a reader may have seen them; a
    /// fragment goes as it does at [`resume`](Self::resume). On error the writer stays poisoned.
    pub fn reopen(&mut self) -> WriteResult<Reopened> {
        let State::Poisoned { unborn, .. } = &self.state else {
            return Ok(self.reopened(0));
        };
        let unborn = unborn.clone();
        let acknowledged_len = self.written_len;
        if let Some(new) = unborn {
            // Nothing of this file was ever acknowledged, and its name is ours alone.
            if self.is_missing()? {
                self.state = State::Pending(new);
                return Ok(self.reopened(0));
            }
            match open_source(&*self.fs, &self.path).and_then(|source| plan(&source, TornTailRule::CutAside)) {
                Ok(found) if found.meta.is_some() => {}
                Err(error) if !is_unborn(&error) => return Err(error),
                Ok(_) | Err(_) => {
                    self.fs.remove(&self.path).map_err(failed("remove", &self.path))?;
                    self.state = State::Pending(new);
                    return Ok(self.reopened(0));
                }
            }
        }
        let source = open_source(&*self.fs, &self.path)?;
        let mut plan = plan(&source, TornTailRule::CutAside)?;
        if plan.len < acknowledged_len {
            return Err(self.foreign_write(plan.len));
        }
        let lines_end = match plan.repair {
            // What was acknowledged is never cut, whatever has become of it.
            Repair::CutAside { offset, .. } if offset < acknowledged_len => {
                plan.repair = Repair::AddNewline;
                plan.len
            }
            Repair::CutAside { offset, .. } => offset,
            Repair::Nothing | Repair::AddNewline => plan.len,
        };
        rewrite(&*self.fs, &self.path, &source, self.synced_len, plan.len)?;
        let accepted_lines = count_lines(&source, acknowledged_len, lines_end)?;
        plan.next_ordinal = plan.next_ordinal.max(self.next_ordinal);
        self.folders_synced = false;
        self.adopt(&plan)?;
        Ok(self.reopened(accepted_lines))
    }

    fn reopened(&self, accepted_lines: u64) -> Reopened {
        Reopened {
            accepted_lines,
            unsynced_bytes: self.written_len.saturating_sub(self.synced_len),
        }
    }

    /// Goes on where a plan says.
    fn adopt(&mut self, plan: &TailPlan) -> WriteResult<()> {
        let file = self.fs.open_append(&self.path).map_err(failed("open", &self.path))?;
        let found_len = file.stat().map_err(failed("stat", &self.path))?.len;
        self.written_len = plan.len;
        if found_len != plan.len {
            return Err(self.foreign_write(found_len));
        }
        if let Repair::CutAside { offset, len } = plan.repair {
            self.torn = Some(TornTail {
                offset,
                len,
                kept_aside: None,
            });
        }
        self.next_ordinal = plan.next_ordinal;
        self.synced_len = self.synced_len.min(self.written_len);
        self.state = State::Open {
            file,
            repair: plan.repair,
        };
        Ok(())
    }

    fn write_batch(&mut self, items: &[EncodedItem], now_ms: i64) -> WriteResult<AppendAck> {
        self.left = Left::Nothing;
        self.refuse_poisoned()?;
        check_lines(items)?;
        let time = line_time(now_ms)?;
        let meta = match &self.state {
            State::Pending(new) => Some(EncodedItem::new(RolloutItem::SessionMeta(Box::new(new.meta.clone())))),
            State::Open { .. } | State::Poisoned { .. } => None,
        };
        let first = self.ordinal_after(self.next_ordinal, u64::from(meta.is_some()))?;
        let next = self.ordinal_after(first, items.len() as u64)?;
        self.make_ready()?;
        let mut buffer = Vec::with_capacity(items.iter().map(|item| item.max_line_bytes() as usize + 1).sum());
        if let State::Open {
            repair: Repair::AddNewline,
            ..
        } = &self.state
        {
            buffer.push(b'\n');
        }
        if let Some(meta) = &meta {
            meta.write_line(&mut buffer, &time, self.next_ordinal);
        }
        let before_len = buffer.len() as u64;
        for (number, item) in items.iter().enumerate() {
            item.write_line(&mut buffer, &time, first.map(|first| first + number as u64));
        }
        let start = self.written_len + before_len;
        self.write(&buffer)?;
        self.next_ordinal = next;
        Ok(self.ack(first, items.len() as u64, start))
    }

    /// Makes the file, or brings its end in order, so that a write can follow.
    fn make_ready(&mut self) -> WriteResult<()> {
        match &mut self.state {
            State::Pending(_) => {
                let folder = self.path.parent().unwrap_or(&self.home);
                Ok(create_folders(&*self.fs, &self.home, folder)?)
            }
            State::Open { file, repair } => {
                let found_len = file.stat().map_err(failed("stat", &self.path))?.len;
                if found_len != self.written_len {
                    let error = self.foreign_write(found_len);
                    return Err(self.poison("write", None, error));
                }
                match *repair {
                    Repair::Nothing | Repair::AddNewline => Ok(()),
                    Repair::CutAside { offset, len } => self.cut_aside(offset, len),
                }
            }
            State::Poisoned { .. } => self.refuse_poisoned(),
        }
    }

    fn cut_aside(&mut self, offset: u64, len: u64) -> WriteResult<()> {
        let fragment = open_source(&*self.fs, &self.path)?.read_at(offset, len)?;
        let kept = keep_aside(&*self.fs, &self.home, self.rollout_id, offset, &fragment)?;
        let State::Open { file, repair } = &mut self.state else {
            return self.refuse_poisoned();
        };
        // The fragment was never acknowledged: if cutting fails half-way, the log may be shorter by it when reopened.
        self.written_len = offset;
        self.synced_len = self.synced_len.min(offset);
        if let Err(source) = file.set_len(offset) {
            let error = failed("cut the torn end of", &self.path)(source);
            return Err(self.poison("cut", None, error));
        }
        *repair = Repair::Nothing;
        self.torn = Some(TornTail {
            offset,
            len,
            kept_aside: Some(kept),
        });
        Ok(())
    }

    /// Writes the buffer at the end; makes the file for it if there is none yet.
    fn write(&mut self, buffer: &[u8]) -> WriteResult<()> {
        if let State::Pending(new) = &self.state {
            let new = new.clone();
            return self.write_first(new, buffer);
        }
        let State::Open { file, repair } = &mut self.state else {
            return self.refuse_poisoned();
        };
        if let Err(source) = file.write_all(buffer) {
            // Within the write itself, under the lock, and never acknowledged: all or nothing. If this fails too, what
            // arrived is looked at when the writer is reopened.
            if let Err(error) = file.set_len(self.written_len) {
                self.left = Left::Lines;
                tracing::warn!(path = %self.path.display(), %error, "cannot cut off what a failed write left");
            }
            let error = failed("append to", &self.path)(source);
            return Err(self.poison("write", None, error));
        }
        *repair = Repair::Nothing;
        self.written_len += buffer.len() as u64;
        Ok(())
    }

    fn write_first(&mut self, new: Box<NewRollout>, buffer: &[u8]) -> WriteResult<()> {
        let mut file = self.fs.create(&self.path).map_err(failed("create", &self.path))?;
        let folder = self.path.parent().unwrap_or(&self.home);
        let written = self
            .fs
            .sync_dir(folder)
            .map_err(failed("sync folder", folder))
            .and_then(|()| file.write_all(buffer).map_err(failed("append to", &self.path)));
        if let Err(error) = written {
            if let Err(error) = self.fs.remove(&self.path) {
                self.left = Left::Lines;
                tracing::warn!(path = %self.path.display(), %error, "cannot remove what a failed write left");
            }
            return Err(self.poison("write", Some(new), error));
        }
        self.written_len = buffer.len() as u64;
        self.state = State::Open {
            file,
            repair: Repair::Nothing,
        };
        Ok(())
    }

    fn ack(&self, first: Option<u64>, line_count: u64, start: u64) -> AppendAck {
        let ordinals = first.map(|first| OrdinalRange {
            first,
            next: first + line_count,
        });
        AppendAck {
            durability: Durability::Written,
            line_count,
            ordinals,
            bytes: Some(start..self.written_len),
        }
    }

    fn ordinal_after(&self, ordinal: Option<u64>, line_count: u64) -> WriteResult<Option<u64>> {
        let Some(ordinal) = ordinal else { return Ok(None) };
        match ordinal.checked_add(line_count) {
            Some(next) => Ok(Some(next)),
            None => Err(WriteError::OrdinalsExhausted {
                path: self.path.clone(),
                line_count,
            }),
        }
    }

    fn refuse_poisoned(&self) -> WriteResult<()> {
        match &self.state {
            State::Pending(_) | State::Open { .. } => Ok(()),
            State::Poisoned { failed, .. } => Err(WriteError::Poisoned {
                path: self.path.clone(),
                failed,
            }),
        }
    }

    fn poison(&mut self, failed: &'static str, unborn: Option<Box<NewRollout>>, error: WriteError) -> WriteError {
        self.state = State::Poisoned { failed, unborn };
        error
    }

    fn foreign_write(&self, found_len: u64) -> WriteError {
        WriteError::ForeignWrite {
            path: self.path.clone(),
            expected_len: self.written_len,
            found_len,
        }
    }

    fn is_missing(&self) -> WriteResult<bool> {
        match self.fs.stat(&self.path) {
            Ok(_) => Ok(false),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(failed("stat", &self.path)(error)),
        }
    }
}

impl fmt::Debug for RolloutWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RolloutWriter")
            .field("path", &self.path)
            .field("state", &self.state())
            .field("next_ordinal", &self.next_ordinal)
            .field("written_len", &self.written_len)
            .field("synced_len", &self.synced_len)
            .finish_non_exhaustive()
    }
}

fn check_thread(path: &Path, lease: &WriterLease, found: ThreadId) -> WriteResult<()> {
    let expected = lease.thread_id();
    if expected == found {
        return Ok(());
    }
    Err(WriteError::OtherThread {
        path: path.to_owned(),
        expected,
        found,
    })
}

/// Refuses items whose lines readers would not accept.
pub(super) fn check_lines(items: &[EncodedItem]) -> WriteResult<()> {
    for (index, item) in items.iter().enumerate() {
        let len = item.max_line_bytes();
        if len > MAX_LINE_BYTES {
            return Err(WriteError::LineTooLong {
                index,
                len,
                max_line_bytes: MAX_LINE_BYTES,
            });
        }
    }
    Ok(())
}

fn open_source(fs: &dyn LogFs, path: &Path) -> WriteResult<RolloutSource> {
    let file = fs.open(path).map_err(failed("open", path))?;
    Ok(RolloutSource::from_file(path, Encoding::Plain, Arc::from(file), None)?)
}

fn count_lines(source: &RolloutSource, from: u64, until: u64) -> WriteResult<u64> {
    let mut count = 0;
    let mut lines = source.lines(from).until(until);
    while lines.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}
