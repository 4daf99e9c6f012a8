//! Does the same with both stores, and compares what they say of it and what they show afterwards.

use std::fmt::Debug;
use std::path::Path;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::SessionSource;
use codex_test_support::agent::{Fact, Form, Turn};
use codex_thread_store::live::{Appended, LiveThread, RawItem};
use codex_thread_store::{
    ArchivedFilter, Direction, Durability, ForkAttachment, ForkCut, ForkRequest, GitPatch, HistoryMode, HistoryOrder,
    ItemsView, ListSort, MemoryMode, MetadataPatch, NewThread, StoreResult, ThreadLifecycle, ThreadReadQuery,
    ThreadStore, ThreadTrash, ThreadWrites, TrashPage, TrashQuery, TrashSelection, View,
};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed};
use serde_json::json;

use crate::agent::{new_thread, raw};
use crate::home::{HOME, Handles, Home, Known};
use crate::probe::{Marks, Probe, check};
use crate::steps::{Act, Cut, Piece, Step, steps};
use crate::support::block_on;

/// Threads that are begun at most: every comparison reads all of them.
const MAX_THREADS: usize = 6;
const VIEWS: [View; 2] = [View::Full, View::Codex];

/// Plays a sequence, and compares after every step, after a restart and without an index.
pub(crate) fn play(steps: &[Step]) {
    let mut home = Home::new();
    for (number, step) in steps.iter().enumerate() {
        home.wait(step.after_ms);
        let target = home.act(&step.act, number);
        home.compare(number, target);
    }
    for lost in [false, true] {
        home.wait(1);
        if lost {
            home.lose_index()
        } else {
            home.restart()
        }
        for at in 0..home.threads.len() {
            home.compare_thread(at, at);
        }
        home.compare(steps.len(), None);
    }
}

fn lifecycle(store: &dyn ThreadStore) -> &dyn ThreadLifecycle {
    store.lifecycle().expect("both have it")
}

fn trash(store: &dyn ThreadStore) -> &dyn ThreadTrash {
    store.trash().expect("both keep")
}

/// Lists what is kept; files are compared without their order.
async fn in_trash(store: &dyn ThreadStore) -> StoreResult<TrashPage> {
    let query = TrashQuery {
        after: None,
        limit: 100,
    };
    let mut page = trash(store).list_trash(query).await?;
    for entry in &mut page.entries {
        entry.files.sort();
    }
    Ok(page)
}

fn writes(store: &dyn ThreadStore) -> &dyn ThreadWrites {
    store.writes().expect("both record")
}

/// What is compared of an append; how far lines have come differs, because nothing of a memory store is only queued.
fn said(appended: Appended) -> impl Debug {
    let Appended {
        first_ordinal,
        next_ordinal,
        persisted,
        durability: _,
        dropped,
        ids,
        updates,
    } = appended;
    (first_ordinal, next_ordinal, persisted, dropped, ids, updates)
}

impl Home {
    /// Does something with both stores; returns the thread that it was about.
    fn act(&mut self, act: &Act, number: usize) -> Option<usize> {
        match act {
            Act::Begin(mode, form, parent) => return self.begin(*mode, *form, *parent),
            Act::Restart => {
                self.restart();
                return None;
            }
            Act::LoseIndex => {
                self.lose_index();
                return None;
            }
            Act::Fork { source, cut, attached } => return self.fork(*source, *cut, *attached),
            Act::Restore(n) | Act::Empty(n) => return self.undo(*n, matches!(act, Act::Restore(_))),
            _ => {}
        }
        let at = self.target(act)?;
        let thread_id = self.threads[at].thread_id;
        match act {
            Act::Append(_, piece, durability) => self.append(at, *piece, *durability, number),
            Act::Resume(_) => self.resume(at),
            Act::Persist(_) => self.with_handles(at, "persist", async |live| live.persist().await),
            Act::Close(_) => {
                self.with_handles(at, "close", async |live| live.close().await);
                self.open.remove(&at);
            }
            Act::Drop(_) => {
                self.open.remove(&at);
            }
            Act::Revert(_, turn) => {
                let turn = self.turn_id(at, *turn);
                // Its owner goes on from what is kept; somebody else's revert leaves the handle as it is.
                if self.open.contains_key(&at) && number.is_multiple_of(2) {
                    self.with_handles(at, "revert", async |live| live.revert(&turn).await);
                    return Some(at);
                }
                self.both(at, "revert", async |store| {
                    lifecycle(store).revert_thread(thread_id, &turn).await
                });
            }
            Act::Archive(_) => self.both(at, "archive", async |store| {
                lifecycle(store).archive_thread(thread_id).await
            }),
            Act::Unarchive(_) => {
                self.both(at, "unarchive", async |store| {
                    lifecycle(store).unarchive_thread(thread_id).await
                });
            }
            Act::Delete(_) => self.both(at, "delete", async |store| {
                lifecycle(store).delete_thread(thread_id).await
            }),
            Act::Trash(_) => self.both(at, "trash", async |store| trash(store).trash_thread(thread_id).await),
            Act::Rename(_, name) => self.patch(
                at,
                &MetadataPatch {
                    name: Some((*name).to_owned()),
                    ..MetadataPatch::default()
                },
            ),
            Act::Branch(_, branch) => self.patch(
                at,
                &MetadataPatch {
                    git: GitPatch {
                        branch: Some(branch.map(str::to_owned)),
                        ..GitPatch::default()
                    },
                    ..MetadataPatch::default()
                },
            ),
            Act::DisableMemory(_) => self.patch(
                at,
                &MetadataPatch {
                    memory_mode: Some(MemoryMode::Disabled),
                    ..MetadataPatch::default()
                },
            ),
            Act::Begin(..) | Act::Restart | Act::LoseIndex | Act::Fork { .. } | Act::Restore(_) | Act::Empty(_) => {}
        }
        Some(at)
    }

    fn target(&self, act: &Act) -> Option<usize> {
        let at = match act {
            Act::Append(at, ..)
            | Act::Resume(at)
            | Act::Persist(at)
            | Act::Close(at)
            | Act::Drop(at)
            | Act::Fork { source: at, .. }
            | Act::Revert(at, _)
            | Act::Archive(at)
            | Act::Unarchive(at)
            | Act::Delete(at)
            | Act::Trash(at)
            | Act::Rename(at, _)
            | Act::Branch(at, _)
            | Act::DisableMemory(at) => *at,
            Act::Begin(..) | Act::Restart | Act::LoseIndex | Act::Restore(_) | Act::Empty(_) => return None,
        };
        usize::from(at).checked_rem(self.threads.len())
    }

    /// Asks both stores for the same and compares the answers.
    fn both<T: Debug>(&self, at: usize, what: &str, ask: impl AsyncFn(&dyn ThreadStore) -> StoreResult<T>) {
        let local = block_on(ask(&*self.local()));
        let memory = block_on(ask(&*self.memory));
        self.pair(at).assert_same(what, &local, &memory);
    }

    /// Asks both handles of a thread, if it is open.
    fn with_handles<T: Debug>(&self, at: usize, what: &str, ask: impl AsyncFn(&LiveThread) -> StoreResult<T>) {
        if let Some(handles) = self.open.get(&at) {
            let local = block_on(ask(&handles.local));
            let memory = block_on(ask(&handles.memory));
            self.pair(at).assert_same(what, &local, &memory);
        }
    }

    fn begin(&mut self, mode: HistoryMode, form: Form, parent: Option<u8>) -> Option<usize> {
        if self.threads.len() >= MAX_THREADS {
            return None;
        }
        let thread_id = self.next_id();
        let parent = parent.and_then(|n| usize::from(n).checked_rem(self.threads.len()));
        let new = NewThread {
            source: match parent {
                Some(at) => spawned_by(self.threads[at].thread_id),
                None => SessionSource::VsCode,
            },
            ..new_thread(thread_id, mode)
        };
        let made = |store| block_on(LiveThread::create(store, new.clone(), self.options(form)));
        let handles = Handles {
            local: made(self.local()).expect("a new id"),
            memory: made(self.memory()).expect("a new id"),
        };
        self.threads.push(Known {
            thread_id,
            form,
            turn: String::new(),
        });
        self.open.insert(self.threads.len() - 1, handles);
        Some(self.threads.len() - 1)
    }

    fn resume(&mut self, at: usize) {
        if self.open.contains_key(&at) {
            return;
        }
        let Known { thread_id, form, .. } = self.threads[at];
        let resumed = |store| block_on(LiveThread::resume(store, thread_id, self.options(form)));
        let (local, memory) = (resumed(self.local()), resumed(self.memory()));
        match (local, memory) {
            (Ok(local), Ok(memory)) => {
                let handles = Handles { local, memory };
                let (local, memory) = (&handles.local, &handles.memory);
                assert_eq!(local.token_use(), memory.token_use(), "resume of {thread_id}");
                let path = Path::new("/").join(local.path().strip_prefix(HOME).expect("in the home"));
                assert_eq!(path, memory.path(), "resume of {thread_id}");
                self.open.insert(at, handles);
            }
            (Err(local), Err(memory)) => self.pair(at).assert_same::<()>("resume", &Err(local), &Err(memory)),
            (local, memory) => panic!("resume of {thread_id}: {:?}, {:?}", local.err(), memory.err()),
        }
    }

    fn append(&mut self, at: usize, piece: Piece, durability: Durability, number: usize) {
        self.resume(at);
        let known = &mut self.threads[at];
        if matches!(piece, Piece::Question | Piece::Turn) {
            known.turn = format!("turn-{number}");
        }
        let items = items_of(known, piece, number);
        self.with_handles(at, "append", async |live| {
            live.append(&items, Some(durability)).await.map(said)
        });
        if durability == Durability::Queued {
            self.with_handles(at, "flush", async |live| live.flush(Durability::Written).await);
        }
    }

    fn fork(&mut self, source: u8, cut: Cut, attached: bool) -> Option<usize> {
        if self.threads.len() >= MAX_THREADS {
            return None;
        }
        let at = usize::from(source).checked_rem(self.threads.len())?;
        let request = ForkRequest {
            cut: match cut {
                Cut::Whole => ForkCut::Whole,
                Cut::Behind(turn) => ForkCut::LastTurn(self.turn_id(at, turn)),
                Cut::Before(turn) => ForkCut::BeforeTurn(self.turn_id(at, turn)),
            },
            attachment: match attached {
                true => ForkAttachment::Attached,
                false => ForkAttachment::Independent,
            },
            ..ForkRequest::new(self.threads[at].thread_id, self.next_id())
        };
        self.threads.push(Known {
            thread_id: request.new_thread_id,
            form: self.threads[at].form,
            turn: self.threads[at].turn.clone(),
        });
        self.both(at, "fork", async |store| {
            lifecycle(store).fork_thread(request.clone()).await
        });
        Some(self.threads.len() - 1)
    }

    /// Brings back what a deletion kept, or removes it; returns its thread.
    fn undo(&self, n: u8, is_restore: bool) -> Option<usize> {
        let mut kept = block_on(in_trash(&*self.memory)).expect("a page").entries;
        let at = usize::from(n).checked_rem(kept.len())?;
        let entry = kept.swap_remove(at);
        let thread = self
            .threads
            .iter()
            .position(|known| known.thread_id == entry.thread_id)?;
        let id = entry.trash_id;
        match is_restore {
            true => self.both(thread, "restore", async |store| trash(store).restore_trash(&id).await),
            false => self.both(thread, "empty", async |store| {
                let which = TrashSelection::Of(vec![id.clone()]);
                trash(store).empty_trash(which).await
            }),
        }
        Some(thread)
    }

    fn patch(&self, at: usize, patch: &MetadataPatch) {
        let thread_id = self.threads[at].thread_id;
        self.both(at, "patch", async |store| {
            writes(store).update_metadata(thread_id, patch.clone()).await
        });
    }

    /// Returns the id of the n-th turn of a thread, as the memory store shows it; or one that there is not.
    fn turn_id(&self, at: usize, n: u8) -> String {
        let query = ThreadReadQuery {
            thread_id: self.threads[at].thread_id,
            view: View::Full,
            turns: Some(ItemsView::NotLoaded),
        };
        let record = block_on(self.memory.read_thread(query)).ok();
        let mut turns = record.map(|record| record.turns).unwrap_or_default();
        match usize::from(n).checked_rem(turns.len()) {
            Some(at) => turns.swap_remove(at).turn_id,
            None => "no such turn".to_owned(),
        }
    }

    /// Compares what both stores show: all lists, all threads, and all pages of one thread.
    fn compare(&self, number: usize, target: Option<usize>) {
        let Some(first) = (!self.threads.is_empty()).then(|| self.pair(0)) else {
            return;
        };
        self.both(0, "list of the trash", in_trash);
        let sort = [ListSort::CreatedAt, ListSort::UpdatedAt, ListSort::RecencyAt][number % 3];
        let (view, limit) = (VIEWS[number % 2], [3, 100][number / 2 % 2]);
        for archived in [ArchivedFilter::Live, ArchivedFilter::Archived, ArchivedFilter::Any] {
            check(
                &first,
                &Probe::List(view, sort, Direction::Descending, limit, archived, None),
            );
        }
        for at in 0..self.threads.len() {
            // The thread that something was done to in both views, the others in one.
            let views = if target == Some(at) { &VIEWS[..] } else { &[view] };
            for view in views {
                check(&self.pair(at), &Probe::Read(*view, Some(ItemsView::Full)));
            }
        }
        if let Some(at) = target {
            self.compare_thread(at, number);
        }
    }

    /// Compares everything that both stores say of one thread, in a view and with pages that depend on a number.
    fn compare_thread(&self, at: usize, number: usize) {
        let pair = self.pair(at);
        let view = VIEWS[number % 2];
        let (limit, marks) = [
            (1, Marks::Positions),
            (2, Marks::Wire),
            (3, Marks::Ids),
            (2, Marks::Overlapping),
        ][number % 4];
        let [up, down] = [Direction::Ascending, Direction::Descending];
        let direction = [up, down][number / 2 % 2];
        let items = [ItemsView::Summary, ItemsView::Full][number / 3 % 2];
        let order = [HistoryOrder::Ranked, HistoryOrder::Newest][number / 5 % 2];
        for probe in [
            Probe::Read(view, None),
            Probe::Turns(view, direction, limit, items, marks),
            Probe::Items(view, direction, limit + 1, None, marks),
            Probe::Items(view, direction, limit, Some(u8::MAX), marks),
            Probe::ItemsById(view, 0),
            Probe::Timeline(view, limit + 1, marks),
            Probe::Search(view, "needle", direction, 2),
            Probe::Occurrences(view, "NEEDLE", limit, marks),
            Probe::History("needle", order, limit),
            Probe::Resolve,
            Probe::State,
        ] {
            check(&pair, &probe);
        }
    }
}

fn spawned_by(parent: ThreadId) -> SessionSource {
    let spawn = json!({ "parent_thread_id": parent.to_string(), "depth": 1 });
    serde_json::from_value(json!({ "subagent": { "thread_spawn": spawn } })).expect("a source")
}

/// Makes the items of a piece of a thread's newest turn.
fn items_of(known: &Known, piece: Piece, number: usize) -> Vec<RawItem> {
    let turn = Turn::new(known.thread_id, &known.turn);
    let question = [turn.started(), turn.user(&format!("a needle, please ({number})"))];
    let work = [
        turn.reasoning(&format!("think {number}")),
        turn.command(&format!("call_{number}"), "needles"),
    ];
    let answer = [
        turn.message(&format!("no *needle* \u{1f600} {number}")),
        turn.complete(),
    ];
    let facts: Vec<Fact> = match piece {
        Piece::Question => question.into(),
        Piece::Work => work.into(),
        Piece::Answer => answer.into(),
        Piece::Abort => vec![turn.aborted()],
        Piece::Turn => question.into_iter().chain(work).chain(answer).collect(),
    };
    let records: Vec<_> = facts.iter().flat_map(|fact| fact.emitted(known.form)).collect();
    raw(&records)
}

/// Sequences by default; `SEQUENCE_CASES` asks for more, `PROPTEST_RNG_SEED` for others.
fn config() -> ProptestConfig {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let failures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proptest-regressions/sequences.txt");
    ProptestConfig {
        cases: number("SEQUENCE_CASES").map_or(18, |cases: u64| u32::try_from(cases).unwrap_or(u32::MAX)),
        // The same cases every time, so that a change is judged by what it changes.
        rng_seed: RngSeed::Fixed(number("PROPTEST_RNG_SEED").unwrap_or(20_261_122)),
        max_shrink_iters: 2_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(failures))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn prop_both_stores_answer_alike_whatever_is_done(steps in steps()) {
        play(&steps);
    }
}
