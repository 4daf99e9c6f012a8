//! What a process does to threads: the acts that go through a store.
//!
//! Returns what the ledger should say afterwards, and leaves it to the caller to believe it.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_test_support::agent::{Fact, Form, Turn};
use codex_thread_store::live::{LiveThread, RawItem};
use codex_thread_store::{
    Durability, ForkCut, ForkRequest, HistoryMode, MetadataPatch, StoreError, StoreErrorKind, StoreResult,
    ThreadLifecycle, ThreadStore, ThreadWrites as _,
};

use crate::agent::{new_thread, raw, thread};
use crate::ledger::{Expected, Known, Mark, word};
use crate::machine::Process;
use crate::plan::{Act, Cut, Piece};
use crate::simulation::Simulation;

/// Threads that are begun at most: every check reads all of them.
const MAX_THREADS: usize = 6;
/// Longer than a rollout must be idle before it is compressed.
const COLD_MS: i64 = 8 * 24 * 3_600_000;

/// What an act is about, and what it should make of it.
pub(crate) struct Intent {
    /// Place of the thread in the ledger.
    pub(crate) at: usize,
    pub(crate) after: Expected,
    /// Whether nothing but a fault can be a reason to refuse.
    pub(crate) must_succeed: bool,
    /// The turn that is open afterwards.
    pub(crate) turn: Option<String>,
}

/// What became of an act; `None` if there was nothing to do.
pub(crate) type Outcome = Option<(Intent, StoreResult<()>)>;

fn lifecycle(process: &Process) -> &dyn ThreadLifecycle {
    process.store.lifecycle().expect("a store that forks")
}

fn is_synced(durability: Option<Durability>, ends_turn: bool) -> bool {
    match durability {
        None => ends_turn,
        Some(durability) => durability == Durability::Synced,
    }
}

/// Makes the items of a piece of a turn, with marks of a step.
fn items(thread_id: ThreadId, turn_id: &str, piece: Piece, step: usize) -> Vec<RawItem> {
    let turn = Turn::new(thread_id, turn_id);
    let question = [turn.started(), turn.user(&format!("please {} now", word(step, 0)))];
    let work = [turn.command(&format!("call_{step}"), "work")];
    let answer = [turn.message(&format!("done {} now", word(step, 1))), turn.complete()];
    let facts: Vec<Fact> = match piece {
        Piece::Question => question.into(),
        Piece::Work => work.into(),
        Piece::Answer => answer.into(),
        Piece::Turn => question.into_iter().chain(work).chain(answer).collect(),
    };
    let records: Vec<_> = facts.iter().flat_map(|fact| fact.emitted(Form::Canonical)).collect();
    raw(&records)
}

impl Simulation {
    /// Does an act of a process.
    pub(crate) fn change(&mut self, act: &Act, step: usize) -> Outcome {
        match act {
            Act::Begin(process, mode) => self.begin(*process, *mode, step),
            Act::Append(process, at, piece, durability) => {
                let at = self.pick(*at)?;
                self.append(*process, at, *piece, *durability, step)
            }
            Act::Fork(process, source, cut) => self.fork(*process, *source, *cut),
            Act::Revert(process, at, turn) => self.revert(*process, *at, *turn),
            Act::Archive(process, at) => self.archive(*process, *at, true),
            Act::Unarchive(process, at) => self.archive(*process, *at, false),
            Act::Delete(process, at) => {
                let at = self.recorded(*at)?;
                let (id, process_of) = (self.threads[at].thread_id, *process);
                let process = self.process(process_of);
                let deleted = process.run(lifecycle(process).delete_thread(id)).map(drop);
                if deleted.is_ok() {
                    self.forget_handle(at);
                }
                Some((self.intent(at, Expected::default(), false), deleted))
            }
            Act::Name(process, at) => {
                let at = self.recorded(*at)?;
                let name = Some(format!("name {step}"));
                let patch = MetadataPatch {
                    name: name.clone(),
                    ..MetadataPatch::default()
                };
                let id = self.threads[at].thread_id;
                let process = self.process(*process);
                let named = process.run(process.store.update_metadata(id, patch));
                let after = Expected {
                    name,
                    ..self.threads[at].expected.clone()
                };
                let must_succeed = !after.archived;
                Some((self.intent(at, after, must_succeed), named))
            }
            Act::Compress(process) => {
                self.machine.wait(COLD_MS);
                let process = self.process(*process);
                let maintenance = process.store.maintenance().expect("a store that is maintained");
                let compressed = process.run(maintenance.compress()).map(drop);
                let at = 0;
                let after = self.threads.first()?.expected.clone();
                Some((self.intent(at, after, true), compressed))
            }
            _ => None,
        }
    }

    fn intent(&self, at: usize, after: Expected, must_succeed: bool) -> Intent {
        Intent {
            at,
            after,
            must_succeed,
            turn: self.threads[at].turn.clone(),
        }
    }

    fn begin(&mut self, process: usize, mode: HistoryMode, step: usize) -> Outcome {
        if self.threads.len() >= MAX_THREADS {
            return None;
        }
        let number = u32::try_from(self.threads.len()).expect("few") + 1;
        self.threads.push(Known {
            thread_id: thread(number),
            mode,
            expected: Expected::default(),
            turn: None,
            undoable: Vec::new(),
        });
        self.append(process, self.threads.len() - 1, Piece::Turn, None, step)
    }

    fn append(
        &mut self,
        process: usize,
        at: usize,
        piece: Piece,
        durability: Option<Durability>,
        step: usize,
    ) -> Outcome {
        let known = &self.threads[at];
        let piece = match piece {
            Piece::Work | Piece::Answer if known.turn.is_none() => Piece::Turn,
            piece => piece,
        };
        let turn_id = match (piece, &known.turn) {
            (Piece::Work | Piece::Answer, Some(turn)) => turn.clone(),
            _ => format!("turn-{step}"),
        };
        let mut intent = self.intent(at, known.expected.clone(), !known.expected.archived);
        let parts = match piece {
            Piece::Question => &[0][..],
            Piece::Work => &[],
            Piece::Answer => &[1],
            Piece::Turn => &[0, 1],
        };
        let ends_turn = matches!(piece, Piece::Answer | Piece::Turn);
        let synced = is_synced(durability, ends_turn);
        intent.after.marks.extend(parts.iter().map(|part| Mark {
            turn_id: turn_id.clone(),
            word: word(step, *part),
            synced,
        }));
        if synced {
            intent.after.marks.iter_mut().for_each(|mark| mark.synced = true);
        }
        intent.turn = (!ends_turn).then(|| turn_id.clone());
        if let Some((holder, _)) = &self.handles[at]
            && *holder != process
        {
            // Somebody else writes it.
            let before = self.intent(at, self.threads[at].expected.clone(), false);
            let refused = self.resume(process, at).map(drop);
            assert!(refused.is_err(), "{} has two writers", self.threads[at].thread_id);
            return Some((before, refused));
        }
        if self.handles[at].is_none() {
            match self.open(process, at) {
                Ok(live) => self.handles[at] = Some((process, live)),
                Err(error) => return Some((intent, Err(error))),
            }
        }
        let items = items(self.threads[at].thread_id, &turn_id, piece, step);
        let (_, live) = self.handles[at].as_ref()?;
        let appended = self.process(process).run(async {
            let appended = live.append(&items, durability).await;
            match durability {
                // What is only queued is written a moment later; waiting makes that moment the same in every run.
                Some(Durability::Queued) if appended.is_ok() => live.flush(Durability::Written).await,
                _ => appended.map(drop),
            }
        });
        if appended.is_err() && durability == Some(Durability::Queued) {
            // What it accepted would come later, behind what the ledger knows.
            self.forget_handle(at);
        }
        Some((intent, appended))
    }

    /// Resumes a thread, or creates it if there is nothing of it.
    fn open(&mut self, process: usize, at: usize) -> StoreResult<LiveThread> {
        let known = &self.threads[at];
        let (id, mode, is_new) = (known.thread_id, known.mode, known.expected.marks.is_empty());
        match self.resume(process, at) {
            Err(error) if is_new && matches!(error.kind(), StoreErrorKind::NotFound | StoreErrorKind::Unreadable) => {
                self.openings += 1;
                let process = self.process(process);
                let store: Arc<dyn ThreadStore> = process.store.clone();
                process.run(LiveThread::create(
                    store,
                    new_thread(id, mode),
                    process.options(self.openings),
                ))
            }
            resumed => resumed,
        }
    }

    fn resume(&mut self, process: usize, at: usize) -> StoreResult<LiveThread> {
        self.openings += 1;
        let id = self.threads[at].thread_id;
        let process = self.process(process);
        let store: Arc<dyn ThreadStore> = process.store.clone();
        process.run(LiveThread::resume(store, id, process.options(self.openings)))
    }

    fn fork(&mut self, process: usize, source: u64, cut: Cut) -> Outcome {
        if self.threads.len() >= MAX_THREADS {
            return None;
        }
        let source = self.recorded(source)?;
        let expected = &self.threads[source].expected;
        let turns = expected.turns();
        let (cut, kept) = match cut {
            Cut::Whole => (ForkCut::Whole, turns.len()),
            Cut::Behind(turn) => {
                let at = place(turn, turns.len())?;
                (ForkCut::LastTurn(turns[at].clone()), at + 1)
            }
            Cut::Before(turn) => {
                let at = place(turn, turns.len())?;
                (ForkCut::BeforeTurn(turns[at].clone()), at)
            }
        };
        let is_whole = cut == ForkCut::Whole;
        let mut marks = expected.until_turn(&turns, kept);
        marks.iter_mut().for_each(|mark| mark.synced = true);
        let after = Expected {
            marks,
            archived: false,
            name: expected.name.clone(),
        };
        let number = u32::try_from(self.threads.len()).expect("few") + 1;
        let request = ForkRequest {
            cut,
            ..ForkRequest::new(self.threads[source].thread_id, thread(number))
        };
        self.threads.push(Known {
            thread_id: request.new_thread_id,
            mode: self.threads[source].mode,
            expected: Expected::default(),
            turn: None,
            undoable: Vec::new(),
        });
        let process = self.process(process);
        let forked = process.run(lifecycle(process).fork_thread(request)).map(drop);
        let at = self.threads.len() - 1;
        Some((self.intent(at, after, is_whole), forked))
    }

    fn revert(&mut self, process: usize, at: u64, turn: u64) -> Outcome {
        let at = self.recorded(at)?;
        let expected = &self.threads[at].expected;
        let turns = expected.turns();
        let kept = place(turn, turns.len())?;
        let mut after = Expected {
            marks: expected.until_turn(&turns, kept),
            ..expected.clone()
        };
        after.marks.iter_mut().for_each(|mark| mark.synced = true);
        let id = self.threads[at].thread_id;
        let reverted = match &self.handles[at] {
            // Its owner reverts it, and goes on.
            Some((holder, live)) if *holder == process => {
                self.process(process).run(live.revert(&turns[kept])).map(drop)
            }
            _ => {
                let process = self.process(process);
                process
                    .run(lifecycle(process).revert_thread(id, &turns[kept]))
                    .map(drop)
            }
        };
        let mut intent = self.intent(at, after, false);
        intent.turn = None;
        Some((intent, reverted))
    }

    fn archive(&mut self, process: usize, at: u64, archived: bool) -> Outcome {
        let at = self.recorded(at)?;
        let expected = &self.threads[at].expected;
        let id = self.threads[at].thread_id;
        let is_free = self.handles[at].as_ref().is_none_or(|(holder, _)| *holder == process);
        let must_succeed = expected.archived != archived && is_free;
        let after = Expected {
            archived,
            ..expected.clone()
        };
        let process = self.process(process);
        let moved = match archived {
            true => process.run(lifecycle(process).archive_thread(id)).map(drop),
            false => process.run(lifecycle(process).unarchive_thread(id)).map(drop),
        };
        if moved.is_ok() && archived {
            self.forget_handle(at);
        }
        Some((self.intent(at, after, must_succeed), moved))
    }
}

fn place(number: u64, len: usize) -> Option<usize> {
    usize::try_from(number).ok()?.checked_rem(len)
}

impl Expected {
    /// Turns with messages, in order.
    fn turns(&self) -> Vec<String> {
        let mut turns: Vec<String> = self.marks.iter().map(|mark| mark.turn_id.clone()).collect();
        turns.dedup();
        turns
    }

    /// Messages of the first turns.
    fn until_turn(&self, turns: &[String], kept: usize) -> Vec<Mark> {
        let marks = self.marks.iter();
        marks
            .filter(|mark| turns[..kept].contains(&mark.turn_id))
            .cloned()
            .collect()
    }
}

/// Whether an error says that something went wrong, and not that something is not allowed.
pub(crate) fn is_failure(error: &StoreError) -> bool {
    matches!(error.kind(), StoreErrorKind::Internal | StoreErrorKind::Unreadable)
}
