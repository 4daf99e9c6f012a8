//! Recording into memory: what the local store does with files and locks, as plainly as can be.
//!
//! The only durability is that of the process: `synced` is acknowledged as soon as the bytes are in memory.

use std::collections::HashMap;

use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::log::{HistoryMode, RolloutItem, RolloutLine};
use codex_rollout::name::RolloutName;
use codex_rollout::recorder::{WriteError, line_time};
use codex_state::rows::TurnState;

use super::history::History;
use super::home::{Home, MemoryRollout, active_path};
use super::inherited::token_use_before;
use crate::error::{StoreError, StoreResult};
use crate::live::{LatestMeta, patched_meta, session_meta};
use crate::organise::{OrganiseRefusal, daybreak_fact, member_fact};
use crate::types::View;
use crate::writes::{
    AppendAck, Durability, DurableLine, MetadataPatch, ModelContext, NewThread, OpenThread, OrdinalRange, StoredLines,
    WriterKey,
};

/// Threads that are open for writing.
#[derive(Debug, Clone, Default)]
pub(super) struct Writers {
    open: HashMap<ThreadId, Writer>,
    /// Openings so far.
    count: u64,
}

#[derive(Debug, Clone)]
struct Writer {
    number: u64,
    file_name: String,
    mode: HistoryMode,
    /// First line, until something is appended.
    unborn: Option<RolloutItem>,
    next_ordinal: u64,
}

impl Writers {
    fn next_number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

impl Home {
    pub(super) fn create_thread(&mut self, new: &NewThread, now_ms: i64) -> StoreResult<OpenThread> {
        let thread_id = new.thread_id;
        self.refuse_second_writer(thread_id)?;
        let recorded = History::open(self, thread_id, View::Full);
        if recorded.is_ok_and(|history| history.require_header().is_ok()) {
            return Err(StoreError::ThreadExists { thread_id });
        }
        let meta = session_meta(new, now_ms).map_err(|error| record_error(thread_id, error))?;
        let writer = Writer {
            number: self.writers.next_number(),
            file_name: file_name(thread_id, thread_id.into(), now_ms)?,
            mode: new.history_mode,
            unborn: Some(RolloutItem::SessionMeta(Box::new(meta))),
            next_ordinal: 0,
        };
        Ok(self.adopt(thread_id, writer, Vec::new()))
    }

    pub(super) fn resume_thread(&mut self, thread_id: ThreadId) -> StoreResult<OpenThread> {
        self.refuse_second_writer(thread_id)?;
        let number = self.writers.next_number();
        self.continue_thread(thread_id, number)
    }

    /// Opens the newest revision of a thread that is open, under the same key.
    pub(super) fn reopen(&mut self, thread_id: ThreadId) -> StoreResult<()> {
        match self.writers.open.remove(&thread_id) {
            Some(writer) => self.continue_thread(thread_id, writer.number).map(|_| ()),
            None => Ok(()),
        }
    }

    fn continue_thread(&mut self, thread_id: ThreadId, number: u64) -> StoreResult<OpenThread> {
        let history = History::open(self, thread_id, View::Full)?;
        history.require_header()?;
        let file = history.current().file.clone();
        if file.archived {
            return Err(StoreError::Archived { thread_id });
        }
        let newest = history.newest_recorded_turn();
        let open = newest.filter(|turn| turn.state == TurnState::InProgress && turn.alias.is_none());
        let open_turns = open.map(|turn| turn.turn_id.clone()).into_iter().collect();
        let token_use = token_use_before(&history, (history.segments.len() - 1, file.bytes.len() as u64));
        let ordinals = file.bytes.split(|byte| *byte == b'\n').filter_map(ordinal_of);
        let writer = Writer {
            number,
            mode: history.mode(),
            unborn: None,
            next_ordinal: ordinals.max().map_or(0, |ordinal| ordinal + 1),
            file_name: file.file_name.clone(),
        };
        if !file.bytes.ends_with(b"\n") {
            self.append(&file.file_name, b"\n", file.mtime_ms);
        }
        let open = self.adopt(thread_id, writer, open_turns);
        Ok(OpenThread { token_use, ..open })
    }

    pub(super) fn refuse_second_writer(&self, thread_id: ThreadId) -> StoreResult<()> {
        match self.writers.open.contains_key(&thread_id) {
            true => Err(StoreError::WriterConflict { thread_id }),
            false => Ok(()),
        }
    }

    fn adopt(&mut self, thread_id: ThreadId, writer: Writer, open_turns: Vec<String>) -> OpenThread {
        let number = writer.number;
        let open = OpenThread {
            key: WriterKey { thread_id, number },
            rollout_id: RolloutName::parse(&writer.file_name).map_or(thread_id.into(), |name| name.rollout_id),
            history_mode: writer.mode,
            path: format!("/{}", active_path(&writer.file_name)).into(),
            materialized: writer.unborn.is_none(),
            open_turns,
            token_use: None,
        };
        self.writers.open.insert(thread_id, writer);
        open
    }

    pub(super) fn append_items(
        &mut self,
        key: WriterKey,
        lines: &[DurableLine],
        durability: Durability,
        now_ms: i64,
    ) -> StoreResult<StoredLines> {
        self.check_open(key)?;
        self.persist_thread(key.thread_id, now_ms)?;
        let writer = self.writer(key.thread_id)?;
        let first = writer.next_ordinal;
        let numbered = writer.mode == HistoryMode::Paginated;
        let file_name = writer.file_name.clone();
        let time = time_of(key.thread_id, now_ms)?;
        let mut bytes = Vec::new();
        let mut starts = Vec::new();
        for (line, ordinal) in lines.iter().zip(first..) {
            starts.push(bytes.len() as u64);
            bytes.extend(line.encode(&time, numbered.then_some(ordinal)));
            bytes.push(b'\n');
        }
        writer.next_ordinal += lines.len() as u64;
        let next = writer.next_ordinal;
        let start = self.len_of(&file_name);
        self.append(&file_name, &bytes, now_ms);
        Ok(StoredLines {
            ack: AppendAck {
                durability,
                line_count: lines.len() as u64,
                ordinals: numbered.then_some(OrdinalRange { first, next }),
                bytes: Some(start..start + bytes.len() as u64),
            },
            offsets: starts.into_iter().map(|offset| start + offset).collect(),
        })
    }

    pub(super) fn persist_thread(&mut self, thread_id: ThreadId, now_ms: i64) -> StoreResult<()> {
        let time = time_of(thread_id, now_ms)?;
        let writer = self.writer(thread_id)?;
        let Some(meta) = writer.unborn.take() else {
            return Ok(());
        };
        let ordinal = (writer.mode == HistoryMode::Paginated).then_some(writer.next_ordinal);
        writer.next_ordinal += 1;
        let file_name = writer.file_name.clone();
        let mut bytes = RolloutLine::new(time, ordinal, meta).encode();
        bytes.push(b'\n');
        self.insert(MemoryRollout {
            file_name,
            bytes,
            mtime_ms: now_ms,
            archived: false,
        });
        Ok(())
    }

    /// Closes the writer that a key names.
    pub(super) fn close_thread(&mut self, key: WriterKey) -> StoreResult<()> {
        self.check_open(key)?;
        self.close_any(key.thread_id);
        Ok(())
    }

    /// Closes a thread if it is open.
    pub(super) fn close_any(&mut self, thread_id: ThreadId) {
        self.writers.open.remove(&thread_id);
    }

    /// Refuses a key whose writer was closed.
    pub(super) fn check_open(&self, key: WriterKey) -> StoreResult<()> {
        let thread_id = key.thread_id;
        let writer = self.writers.open.get(&thread_id);
        let named = writer.filter(|writer| writer.number == key.number);
        named.map(|_| ()).ok_or(StoreError::NotOpen { thread_id })
    }

    pub(super) fn update_metadata(
        &mut self,
        thread_id: ThreadId,
        patch: &MetadataPatch,
        now_ms: i64,
    ) -> StoreResult<()> {
        if self.has_writer(thread_id) {
            self.persist_thread(thread_id, now_ms)?;
        }
        let history = History::open(self, thread_id, View::Full)?;
        let mode = history.mode();
        let file = history.current().file.clone();
        let header = history.current().meta.header.clone();
        if file.archived {
            return Err(StoreError::ThreadNotFound { thread_id });
        }
        if let Some(Some(project_id)) = &patch.project
            && !self.organised.has_project(project_id)
        {
            let project_id = project_id.clone();
            return Err(OrganiseRefusal::ProjectNotFound { project_id }.into());
        }
        if let Some(name) = &patch.name {
            self.set_name(thread_id, name);
        }
        if let Some(project) = &patch.project {
            self.organised
                .learn(&member_fact(thread_id, project.as_deref(), now_ms));
        }
        if let Some(choice) = patch.daybreak_enabled {
            self.organised.learn(&daybreak_fact(thread_id, choice, now_ms));
        }
        match mode {
            HistoryMode::Paginated => self.patch_git(thread_id, &patch.git),
            HistoryMode::Legacy if patch.git.is_empty() && patch.memory_mode.is_none() => {}
            HistoryMode::Legacy => {
                let first = file.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
                let line = RolloutLine::decode(first).map_err(|error| StoreError::Header {
                    path: file.file_name.clone().into(),
                    source: Box::new(error),
                })?;
                let RolloutItem::SessionMeta(head) = line.item else {
                    return Err(StoreError::ThreadNotFound { thread_id });
                };
                let known = LatestMeta::of(&header);
                let meta = RolloutItem::SessionMeta(Box::new(patched_meta(*head, &known, patch)));
                let mut bytes = RolloutLine::new(time_of(thread_id, now_ms)?, None, meta).encode();
                bytes.push(b'\n');
                self.append(&file.file_name, &bytes, now_ms);
            }
        }
        Ok(())
    }

    fn writer(&mut self, thread_id: ThreadId) -> StoreResult<&mut Writer> {
        self.writers
            .open
            .get_mut(&thread_id)
            .ok_or(StoreError::NotOpen { thread_id })
    }

    /// Returns whether a thread is open for writing.
    pub(super) fn has_writer(&self, thread_id: ThreadId) -> bool {
        self.writers.open.contains_key(&thread_id)
    }
}

/// Loads the whole history: the strict model needs no shortcut.
pub(super) fn model_context(home: &Home, thread_id: ThreadId) -> StoreResult<ModelContext> {
    let history = History::open(home, thread_id, View::Full)?;
    history.require_header()?;
    let mut records = Vec::new();
    let mut own_meta = None;
    for segment in &history.segments {
        let end = usize::try_from(segment.rollout.complete_offset).unwrap_or(usize::MAX);
        let bytes = segment.rollout.file.bytes.get(..end).unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n');
        for line in lines.filter_map(|line| RolloutLine::decode(line).ok()) {
            let own = matches!(&line.item, RolloutItem::SessionMeta(meta) if meta.id == thread_id);
            match line.item {
                RolloutItem::SessionMeta(_) if own && own_meta.is_none() => own_meta = Some(line),
                RolloutItem::SessionMeta(_) if history.mode() == HistoryMode::Paginated => {}
                _ => records.push(line),
            }
        }
    }
    records.splice(..0, own_meta);
    Ok(ModelContext {
        records,
        is_whole: true,
    })
}

fn ordinal_of(line: &[u8]) -> Option<u64> {
    RolloutLine::decode(line).ok()?.ordinal
}

/// Returns the name of a rollout that is made now; local time is UTC here.
pub(super) fn file_name(thread_id: ThreadId, rollout_id: RolloutId, now_ms: i64) -> StoreResult<String> {
    let name = RolloutName {
        timestamp: time_of(thread_id, now_ms)?[..19].replace(':', "-"),
        thread_id,
        rollout_id,
    };
    Ok(name.render())
}

/// Returns the time of a line, as the local store writes it.
pub(super) fn time_of(thread_id: ThreadId, now_ms: i64) -> StoreResult<String> {
    line_time(now_ms).map_err(|error| record_error(thread_id, error))
}

/// Wraps what a writer says.
pub(super) fn record_error(thread_id: ThreadId, error: WriteError) -> StoreError {
    StoreError::Record {
        thread_id,
        source: Box::new(error),
    }
}
