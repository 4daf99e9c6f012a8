//! Recording into memory: what the local store does with files and locks, as plainly as can be.
//!
//! The only durability is that of the process: `synced` is acknowledged as soon as the bytes are in memory.

use std::collections::HashMap;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::{HistoryMode, RolloutItem, RolloutLine};
use codex_rollout::name::RolloutName;
use codex_state::rows::TurnState;

use super::history::History;
use super::home::{Home, MemoryRollout};
use crate::error::{StoreError, StoreResult};
use crate::live::{logged_git, session_meta};
use crate::organise::{OrganiseRefusal, daybreak_fact, member_fact};
use crate::token_use::usage_of_line;
use crate::types::View;
use crate::writes::{
    AppendAck, Durability, DurableLine, MetadataPatch, ModelContext, NewThread, OpenThread, OrdinalRange, StoredLines,
    TokenUse,
};

/// Threads that are open for writing.
#[derive(Debug, Clone, Default)]
pub(super) struct Writers(HashMap<ThreadId, Writer>);

#[derive(Debug, Clone)]
struct Writer {
    file_name: String,
    mode: HistoryMode,
    /// First line, until something is appended.
    unborn: Option<RolloutItem>,
    next_ordinal: u64,
}

impl Home {
    pub(super) fn create_thread(&mut self, new: &NewThread, now_ms: i64) -> StoreResult<OpenThread> {
        let thread_id = new.thread_id;
        self.refuse_second_writer(thread_id)?;
        let recorded = History::open(self, thread_id, View::Full);
        if recorded.is_ok_and(|history| history.require_header().is_ok()) {
            return Err(StoreError::ThreadExists { thread_id });
        }
        let name = RolloutName {
            timestamp: line_time(now_ms)[..19].replace(':', "-"),
            thread_id,
            rollout_id: thread_id.into(),
        };
        let meta = session_meta(new, now_ms).ok_or(StoreError::ReadOnly)?;
        let writer = Writer {
            file_name: name.render(),
            mode: new.history_mode,
            unborn: Some(RolloutItem::SessionMeta(Box::new(meta))),
            next_ordinal: 0,
        };
        Ok(self.adopt(thread_id, writer, Vec::new()))
    }

    pub(super) fn resume_thread(&mut self, thread_id: ThreadId) -> StoreResult<OpenThread> {
        self.refuse_second_writer(thread_id)?;
        let history = History::open(self, thread_id, View::Full)?;
        history.require_header()?;
        let file = history.current().file.clone();
        if file.archived {
            return Err(StoreError::Archived { thread_id });
        }
        let newest = history.newest_recorded_turn();
        let open = newest.filter(|turn| turn.state == TurnState::InProgress && turn.alias.is_none());
        let open_turns = open.map(|turn| turn.turn_id.clone()).into_iter().collect();
        let newest = history.turns().pop();
        let usage = file.bytes.rsplit(|byte| *byte == b'\n').find_map(usage_of_line);
        let token_use = newest.zip(usage).map(|(turn, usage)| TokenUse {
            turn_id: turn.row.turn_id,
            usage,
        });
        let ordinals = file.bytes.split(|byte| *byte == b'\n').filter_map(ordinal_of);
        let writer = Writer {
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
        match self.writers.0.contains_key(&thread_id) {
            true => Err(StoreError::WriterConflict { thread_id }),
            false => Ok(()),
        }
    }

    fn adopt(&mut self, thread_id: ThreadId, writer: Writer, open_turns: Vec<String>) -> OpenThread {
        let open = OpenThread {
            thread_id,
            rollout_id: RolloutName::parse(&writer.file_name).map_or(thread_id.into(), |name| name.rollout_id),
            history_mode: writer.mode,
            path: format!("/{}", writer.file_name).into(),
            materialized: writer.unborn.is_none(),
            open_turns,
            token_use: None,
        };
        self.writers.0.insert(thread_id, writer);
        open
    }

    pub(super) fn append_items(
        &mut self,
        thread_id: ThreadId,
        lines: &[DurableLine],
        durability: Durability,
        now_ms: i64,
    ) -> StoreResult<StoredLines> {
        self.persist_thread(thread_id, now_ms)?;
        let writer = self.writer(thread_id)?;
        let first = writer.next_ordinal;
        let numbered = writer.mode == HistoryMode::Paginated;
        let file_name = writer.file_name.clone();
        let mut bytes = Vec::new();
        let mut starts = Vec::new();
        for (line, ordinal) in lines.iter().zip(first..) {
            starts.push(bytes.len() as u64);
            bytes.extend(line.encode(&line_time(now_ms), numbered.then_some(ordinal)));
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
        let writer = self.writer(thread_id)?;
        let Some(meta) = writer.unborn.take() else {
            return Ok(());
        };
        let ordinal = (writer.mode == HistoryMode::Paginated).then_some(writer.next_ordinal);
        writer.next_ordinal += 1;
        let file_name = writer.file_name.clone();
        let mut bytes = RolloutLine::new(line_time(now_ms), ordinal, meta).encode();
        bytes.push(b'\n');
        self.insert(MemoryRollout {
            file_name,
            bytes,
            mtime_ms: now_ms,
            archived: false,
        });
        Ok(())
    }

    pub(super) fn close_thread(&mut self, thread_id: ThreadId) -> StoreResult<()> {
        let closed = self.writers.0.remove(&thread_id);
        closed.map(|_| ()).ok_or(StoreError::NotOpen { thread_id })
    }

    pub(super) fn check_open(&mut self, thread_id: ThreadId) -> StoreResult<()> {
        self.writer(thread_id).map(|_| ())
    }

    pub(super) fn update_metadata(
        &mut self,
        thread_id: ThreadId,
        patch: &MetadataPatch,
        now_ms: i64,
    ) -> StoreResult<()> {
        if self.check_open(thread_id).is_ok() {
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
                let RolloutItem::SessionMeta(mut meta) = line.item else {
                    return Err(StoreError::ThreadNotFound { thread_id });
                };
                let recorded = crate::types::GitInfo {
                    sha: header.git_sha,
                    branch: header.git_branch,
                    origin_url: header.git_origin_url,
                };
                meta.git = Some(logged_git(&patch.git.applied(Some(&recorded)).unwrap_or_default()));
                if let Some(memory) = patch.memory_mode {
                    meta.memory_mode = Some(memory.as_str().to_owned());
                }
                let mut bytes = RolloutLine::new(line_time(now_ms), None, RolloutItem::SessionMeta(meta)).encode();
                bytes.push(b'\n');
                self.append(&file.file_name, &bytes, now_ms);
            }
        }
        Ok(())
    }

    fn writer(&mut self, thread_id: ThreadId) -> StoreResult<&mut Writer> {
        self.writers
            .0
            .get_mut(&thread_id)
            .ok_or(StoreError::NotOpen { thread_id })
    }

    /// Returns whether a thread is open for writing.
    pub(super) fn has_writer(&self, thread_id: ThreadId) -> bool {
        self.writers.0.contains_key(&thread_id)
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

pub(super) fn line_time(unix_ms: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(unix_ms).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
