//! Answers a list while most of a home is not indexed yet: it catches up only the files that can be on the page.
//!
//! For plain lists by creation or change: the head and the status of a file tell where its thread comes. A page is answered when
//! nothing that is not indexed can come before its last thread; every field is that of the whole index.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use codex_rollout::discover::RolloutFile;
use codex_rollout::head::{Head, read_head};
use codex_state::projector::session_timestamp_ms;
use uuid::Uuid;

use super::catalog::{Freshness, thread_of};
use super::catch_up::rollout_uuid;
use super::freshness::{Share, Situation};
use super::parallel::in_parallel;
use super::store::Inner;
use crate::error::StoreResult;
use crate::thread_row::creation_ms;
use crate::types::{Direction, GroupFilter, ListPage, ListQuery, ListSort};

/// With fewer files that the index does not know, all of them are caught up.
const MIN_UNKNOWN_FILES: usize = 128;
/// With more files that the index knows in another state, all of them are caught up.
const MAX_CHANGED_FILES: usize = 256;
/// Fewest and most files that are caught up before the index is asked first; each further time twice as many.
const FIRST_BATCH_FILES: (usize, usize) = (64, 4096);

/// What the beginning of a rollout tells about the thread's place in lists.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HeadKey {
    /// The thread, if the header names it.
    thread_id: Option<Uuid>,
    /// Creation, Unix milliseconds; `None` where only the whole fold can tell.
    created_at_ms: Option<i64>,
    /// Rollout that the history continues.
    base: Option<Uuid>,
}

/// Files that the index does not know, in the order in which their threads are listed.
struct Queue {
    files: Vec<Queued>,
    by_rollout: HashMap<Uuid, usize>,
    by_thread: HashMap<Uuid, Vec<usize>>,
    /// Place of the next file that has to be taken.
    next: usize,
}

struct Queued {
    file: Arc<RolloutFile>,
    head: HeadKey,
    /// Key in the order of the list; `None`, which is not known or does not matter, comes before all others.
    key: Option<i64>,
    taken: bool,
    /// Whether it can be passed over: the page begins behind it.
    is_before: bool,
}

impl Inner {
    /// Answers a list before the whole home is indexed, if that is worth it and the page can be told for sure.
    pub(super) fn first_page(&self, query: &ListQuery) -> StoreResult<Option<ListPage>> {
        if !is_plain(query) || query.limit == 0 {
            return Ok(None);
        }
        self.index_own_appends();
        if self.is_synced(&self.sweep(Freshness::Recent)) {
            return Ok(None);
        }
        let _urgent = self.priority.urgent();
        let _only = self.catching_up_turn();
        let situation = self.situation()?;
        let known: HashSet<Uuid> = situation.stored.iter().map(|(rollout_id, _)| *rollout_id).collect();
        let dirty = self.dirty_files(&situation.sweep);
        let (changed, unknown): (Vec<_>, Vec<_>) =
            dirty.into_iter().partition(|file| known.contains(&rollout_uuid(file)));
        if unknown.len() < MIN_UNKNOWN_FILES || changed.len() > MAX_CHANGED_FILES {
            // Here, because looking at files, facts and index again would double what the first list of a large home costs.
            self.bring_situation_nearer(&situation, Share::ALL, &mut |_, _| {})?;
            return Ok(None);
        }
        // What the index says of a thread in another state could be on the page, or keep others from it.
        self.remove_vanished(&situation)?;
        let facts = self.changed_facts(&situation.digests);
        let is_known = |thread_id: &&String| {
            let files = thread_id
                .parse()
                .map(|id| situation.sweep.named(id))
                .unwrap_or_default();
            files.iter().any(|file| known.contains(&rollout_uuid(file)))
        };
        let facts: Vec<String> = facts.iter().filter(is_known).cloned().collect();
        self.bring_files(&situation, &changed, &facts, &|| false, &mut |_, _| {})?;
        let in_use = self.files_in_use(&situation, &known)?;
        let mut queue = self.queue(unknown, &in_use, query)?;
        // Whoever has asked for many threads will ask for more: the pages of a walk must not each begin with a look at all files.
        let mut batch_files = (known.len() / 2).clamp(FIRST_BATCH_FILES.0, FIRST_BATCH_FILES.1);
        while queue.next < queue.files.len() {
            let batch = queue.take(batch_files, &situation);
            self.bring_files(&situation, &batch, &[], &|| false, &mut |_, _| {})?;
            let Some(bound) = queue.files.get(queue.next).map(|queued| queued.key) else {
                break;
            };
            let is_certain = |key: i64| match (bound, query.direction) {
                (None, _) => false,
                (Some(bound), Direction::Descending) => key > bound,
                (Some(bound), Direction::Ascending) => key < bound,
            };
            if let Some(page) = self.certain_page(query, &is_certain)? {
                return Ok(Some(page));
            }
            batch_files *= 2;
        }
        Ok(None)
    }

    /// Returns the rollouts that can change the rows of threads that the index knows already: other revisions of them, and what
    /// they continue. Indexing behind the answers may have stopped in the middle of a thread.
    fn files_in_use(&self, situation: &Situation, known: &HashSet<Uuid>) -> StoreResult<HashSet<Uuid>> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let bases = reader.continued().map_err(|error| self.index_error(error))?;
        let mut in_use: HashSet<Uuid> = bases.iter().filter_map(|id| id.parse().ok()).collect();
        for file in known
            .iter()
            .filter_map(|rollout_id| situation.sweep.rollout(*rollout_id))
        {
            let revisions = thread_of(file).map(|id| situation.sweep.named(id)).unwrap_or_default();
            in_use.extend(revisions.into_iter().map(rollout_uuid));
        }
        Ok(in_use)
    }

    fn queue(&self, unknown: Vec<Arc<RolloutFile>>, in_use: &HashSet<Uuid>, query: &ListQuery) -> StoreResult<Queue> {
        let heads = self.heads_of(&unknown)?;
        let queued = unknown.into_iter().zip(heads).map(|(file, head)| Queued {
            key: match query.sort {
                _ if in_use.contains(&rollout_uuid(&file)) => None,
                ListSort::UpdatedAt => i64::try_from(file.stat.mtime_ns / 1_000_000).ok(),
                _ => head.created_at_ms,
            },
            file,
            head,
            taken: false,
            is_before: false,
        });
        let mut files: Vec<Queued> = queued.collect();
        match query.direction {
            Direction::Ascending => files.sort_by_key(|queued| queued.key),
            Direction::Descending => files.sort_by_key(|queued| (queued.key.is_some(), queued.key.map(Reverse))),
        }
        let mut queue = Queue {
            by_rollout: HashMap::new(),
            by_thread: HashMap::new(),
            next: 0,
            files,
        };
        for (at, queued) in queue.files.iter().enumerate() {
            queue.by_rollout.insert(rollout_uuid(&queued.file), at);
            for thread_id in queued.threads() {
                queue.by_thread.entry(thread_id).or_default().push(at);
            }
        }
        if let Some(anchor) = query.anchor {
            // Their threads come before the page, unless they have other files behind, which bring them along.
            for queued in &mut queue.files {
                queued.is_before = queued.key.is_some_and(|key| match query.direction {
                    Direction::Ascending => key < anchor.time_ms,
                    Direction::Descending => key > anchor.time_ms,
                });
            }
        }
        queue.pass_over();
        Ok(queue)
    }

    /// Reads the beginnings of files, as far as they are not known.
    fn heads_of(&self, files: &[Arc<RolloutFile>]) -> StoreResult<Vec<HeadKey>> {
        let known = self.known_heads(files);
        let missing: Vec<usize> = (0..files.len()).filter(|at| known[*at].is_none()).collect();
        let mut heads: Vec<HeadKey> = known.into_iter().map(Option::unwrap_or_default).collect();
        let read = |at: usize| Some((missing[at], self.head_of(&files[missing[at]])));
        in_parallel(missing.len(), read, &mut |(at, head)| {
            heads[at] = head;
            Ok(())
        })?;
        self.remember_heads(files, &heads);
        Ok(heads)
    }

    /// Returns what the beginning of a file tells; nothing where the fold has to say what is wrong with it.
    fn head_of(&self, file: &RolloutFile) -> HeadKey {
        let head = self.source(file).ok().and_then(|source| read_head(&source).ok());
        let created_at_ms = |timestamp: &str| Some(creation_ms(session_timestamp_ms(timestamp), || file.name.clone()));
        match head {
            Some(Head::Envelope { meta, .. }) => HeadKey {
                thread_id: Some(meta.id.0),
                created_at_ms: created_at_ms(&meta.timestamp),
                base: meta.history_base.as_ref().map(|base| base.thread_id.0),
            },
            Some(Head::Bare(header)) => HeadKey {
                thread_id: Some(header.id.0),
                created_at_ms: created_at_ms(&header.timestamp),
                base: None,
            },
            None => HeadKey::default(),
        }
    }
}

impl Queued {
    /// The threads that it may belong to: its header and its name can say different things.
    fn threads(&self) -> impl Iterator<Item = Uuid> + use<> {
        let (told, named) = (self.head.thread_id, thread_of(&self.file));
        told.into_iter().chain(named.filter(move |named| Some(*named) != told))
    }
}

impl Queue {
    /// Goes on to the next file that has to be taken.
    fn pass_over(&mut self) {
        let done = |queued: &Queued| queued.taken || queued.is_before;
        while self.files.get(self.next).is_some_and(done) {
            self.next += 1;
        }
    }

    /// Takes about so many files, with all others of their threads and what these continue.
    fn take(&mut self, count: usize, situation: &Situation) -> Vec<Arc<RolloutFile>> {
        let mut open = Vec::new();
        let mut taken = Vec::new();
        while taken.len() < count && self.next < self.files.len() {
            open.push(self.next);
            while let Some(at) = open.pop() {
                let queued = &mut self.files[at];
                if std::mem::replace(&mut queued.taken, true) {
                    continue;
                }
                taken.push(Arc::clone(&queued.file));
                let relatives = queued.threads().filter_map(|id| self.by_thread.get(&id)).flatten();
                open.extend(relatives.copied());
                let base = queued.head.base.and_then(|base| situation.sweep.rollout(base));
                open.extend(base.and_then(|file| self.by_rollout.get(&rollout_uuid(file))));
            }
            self.pass_over();
        }
        taken
    }
}

/// Whether the threads of a list are mostly those that come next in its order.
fn is_plain(query: &ListQuery) -> bool {
    matches!(query.sort, ListSort::CreatedAt | ListSort::UpdatedAt)
        && query.search_term.is_none()
        && query.relation.is_none()
        && query.cwds.is_none()
        && matches!((&query.section, &query.project), (GroupFilter::Any, GroupFilter::Any))
}
