//! One rollout's queue of work, and what a thread of the pool does with it.
//!
//! Commands are carried out strictly in order. A sync answers everybody who asked before it began. After a failure
//! batches that were acknowledged as queued stay here and are written first once the rollout is reopened.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::durability::{AppendAck, Durability, OrdinalRange, SyncedThrough};
use super::encoded_item::EncodedItem;
use super::error::WriteError;
use super::pool::{Done, MAX_CALLER_WRITE_BYTES, NowMs, RecorderOptions, SLOW_WRITE_MS};
use super::recorder::{RecordError, RecordResult};
use super::ticket::{Answer, Ticket, ticket};
use super::writer::{Left, Reopened, RolloutWriter, WriterState, check_lines};

/// Something to be done with a rollout, and whom to tell.
pub(super) enum Command {
    Append {
        items: Vec<EncodedItem>,
        durability: Durability,
        /// `None` for a batch that was acknowledged when it was queued.
        answer: Option<Answer<RecordResult<AppendAck>>>,
    },
    Persist(Answer<RecordResult<()>>),
    Flush(Answer<RecordResult<()>>),
    Sync(Answer<RecordResult<SyncedThrough>>),
    Reopen(Answer<RecordResult<Reopened>>),
    Close(Answer<RecordResult<()>>),
}

/// Whether a batch was taken.
pub(super) enum Submitted {
    /// Acknowledged as queued.
    Queued(AppendAck),
    /// Will be acknowledged as written or synced.
    Waiting(Ticket<RecordResult<AppendAck>>),
    /// No room; the ticket is answered when it is worth trying again.
    Full(Vec<EncodedItem>, Ticket<()>),
}

/// Who carries out what was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Whoever has the rollout already.
    Already,
    /// A thread of the pool.
    Threads,
    /// The caller: nobody has the rollout, and he waits for this batch and no longer than it takes to hand it over.
    Here,
}

/// A rollout and its queue.
pub(super) struct RolloutQueue {
    pub(super) path: PathBuf,
    options: RecorderOptions,
    now_ms: NowMs,
    state: Mutex<QueueState>,
    /// Locked only by the thread that has the rollout: one of the pool, or that of a caller. `None` once closed.
    writer: Mutex<Option<RolloutWriter>>,
}

struct QueueState {
    commands: VecDeque<Command>,
    /// Batches and bytes that were accepted and are not written yet.
    batch_count: usize,
    bytes: u64,
    waiting_for_room: Vec<Answer<()>>,
    /// Ordinal of the next item if everything accepted so far is written.
    next_ordinal: Option<u64>,
    /// Whether the session metadata is still to be written, which takes an ordinal too.
    is_pending: bool,
    /// Why nothing is accepted until the rollout is reopened.
    poisoned: Option<Arc<WriteError>>,
    /// Batches acknowledged as queued that a failure kept from being written.
    stranded: VecDeque<Vec<EncodedItem>>,
    is_closed: bool,
    /// Whether the latest batch was written without waiting for the disk. The first one makes the file, and one after a
    /// failure may do more than write.
    is_quick: bool,
    /// Whether the rollout is in a queue of the pool or with a thread.
    is_scheduled: bool,
}

/// An answer that is given once there is nothing else to do for the moment.
enum Told {
    Nobody,
    Done(Answer<RecordResult<()>>, RecordResult<()>),
    Appended(Answer<RecordResult<AppendAck>>, RecordResult<AppendAck>),
}

/// A rollout whose written lines are to be synced, and who waits for that.
pub(super) struct SyncWork {
    queue: Arc<RolloutQueue>,
    appends: Vec<(AppendAck, Answer<RecordResult<AppendAck>>)>,
    syncs: Vec<Answer<RecordResult<SyncedThrough>>>,
}

impl RolloutQueue {
    pub(super) fn new(options: RecorderOptions, now_ms: NowMs, writer: RolloutWriter) -> Self {
        let state = QueueState {
            commands: VecDeque::new(),
            batch_count: 0,
            bytes: 0,
            waiting_for_room: Vec::new(),
            next_ordinal: writer.next_ordinal(),
            is_pending: writer.state() == WriterState::Pending,
            poisoned: None,
            stranded: VecDeque::new(),
            is_closed: false,
            is_quick: false,
            is_scheduled: false,
        };
        Self {
            path: writer.path().to_owned(),
            options,
            now_ms,
            state: Mutex::new(state),
            writer: Mutex::new(Some(writer)),
        }
    }

    /// Takes a batch if there is room, and tells who is to carry it out.
    pub(super) fn submit(&self, items: Vec<EncodedItem>, durability: Durability) -> RecordResult<(Submitted, Due)> {
        check_lines(&items).map_err(RecordError::from)?;
        let mut state = self.accepting()?;
        let bytes = encoded_bytes(&items);
        let is_full = state.batch_count >= self.options.max_queued_batches
            || (state.batch_count > 0 && state.bytes.saturating_add(bytes) > self.options.max_queued_bytes);
        if is_full {
            let (answer, room) = ticket(());
            state.waiting_for_room.push(answer);
            return Ok((Submitted::Full(items, room), Due::Already));
        }
        let ordinals = state.take_ordinals(&self.path, items.len() as u64)?;
        state.batch_count += 1;
        state.bytes += bytes;
        let line_count = items.len() as u64;
        let (answer, submitted) = match durability {
            Durability::Queued => {
                let ack = AppendAck {
                    durability,
                    line_count,
                    ordinals,
                    bytes: None,
                };
                (None, Submitted::Queued(ack))
            }
            Durability::Written | Durability::Synced => {
                let (answer, waiting) = ticket(Err(self.closed()));
                (Some(answer), Submitted::Waiting(waiting))
            }
        };
        let command = Command::Append {
            items,
            durability,
            answer,
        };
        let is_light = state.is_quick && durability != Durability::Queued && bytes <= MAX_CALLER_WRITE_BYTES;
        let due = match (state.push(command), is_light) {
            (false, _) => Due::Already,
            (true, false) => Due::Threads,
            (true, true) => Due::Here,
        };
        Ok((submitted, due))
    }

    /// Takes a command that is not a batch. The boolean tells whether the rollout must be scheduled.
    pub(super) fn push(&self, command: Command) -> RecordResult<bool> {
        let mut state = match &command {
            Command::Reopen(_) | Command::Close(_) => {
                let state = self.lock();
                if state.is_closed {
                    return Err(self.closed());
                }
                state
            }
            _ => self.accepting()?,
        };
        match &command {
            Command::Persist(_) => state.take_metadata_ordinal(&self.path)?,
            Command::Close(_) => state.is_closed = true,
            _ => {}
        }
        Ok(state.push(command))
    }

    /// Ordinal of the next item if everything accepted so far is written.
    pub(super) fn next_ordinal(&self) -> Option<u64> {
        let state = self.lock();
        match state.is_pending {
            true => state.next_ordinal.map(|ordinal| ordinal.saturating_add(1)),
            false => state.next_ordinal,
        }
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.lock().poisoned.is_some()
    }

    pub(super) fn closed(&self) -> RecordError {
        RecordError::Closed {
            path: self.path.clone(),
        }
    }

    /// Carries out what is queued, up to where a sync is needed.
    pub(super) fn write(self: Arc<Self>) -> Done {
        let commands = std::mem::take(&mut self.lock().commands);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut work = SyncWork {
            queue: Arc::clone(&self),
            appends: Vec::new(),
            syncs: Vec::new(),
        };
        let mut told = Told::Nobody;
        for command in commands {
            std::mem::replace(&mut told, Told::Nobody).tell();
            let Some(open) = writer.as_mut() else {
                // Closed: dropping the command says so to whoever waits for it.
                continue;
            };
            match command {
                Command::Append {
                    items,
                    durability,
                    answer,
                } => told = self.append(open, items, (durability, answer), &mut work),
                Command::Persist(answer) => {
                    let persisted = self.unless_poisoned(|| open.persist((self.now_ms)()));
                    told = Told::Done(answer, persisted);
                }
                Command::Flush(answer) => told = Told::Done(answer, self.unless_poisoned(|| Ok(()))),
                Command::Sync(answer) => match self.unless_poisoned(|| Ok(())) {
                    Ok(()) => work.syncs.push(answer),
                    Err(error) => answer.give(Err(error)),
                },
                Command::Reopen(answer) => answer.give(self.reopen(open)),
                // Nothing is accepted after a close, so it is the last command; syncs before it come first.
                Command::Close(answer) if work.is_empty() => {
                    *writer = None;
                    self.wake_waiting();
                    answer.give(self.unless_poisoned(|| Ok(())));
                }
                close @ Command::Close(_) => self.lock().commands.push_back(close),
            }
        }
        drop(writer);
        let done = match work.is_empty() {
            true => self.next_step(),
            false => Done::Sync(work),
        };
        // Last, so that whoever goes on at once finds the rollout free.
        told.tell();
        done
    }

    /// Gives up what is queued, because no thread will ever carry it out.
    pub(super) fn abandon(&self) {
        let commands = {
            let mut state = self.lock();
            state.is_closed = true;
            std::mem::take(&mut state.commands)
        };
        drop(commands);
        self.wake_waiting();
    }

    fn append(
        &self,
        writer: &mut RolloutWriter,
        items: Vec<EncodedItem>,
        (durability, answer): (Durability, Option<Answer<RecordResult<AppendAck>>>),
        work: &mut SyncWork,
    ) -> Told {
        let began_ms = (self.now_ms)();
        let result = match self.unless_poisoned(|| Ok(())) {
            Ok(()) => write_with_retry(writer, &items, began_ms).map_err(|unwritten| {
                let error = self.poison(unwritten.error);
                match unwritten.left {
                    Left::Nothing => RecordError::Write(error),
                    Left::Lines => RecordError::InDoubt(error),
                }
            }),
            Err(error) => Err(error),
        };
        let is_quick = result.is_ok() && (0..SLOW_WRITE_MS).contains(&(self.now_ms)().saturating_sub(began_ms));
        match (result, answer) {
            (Err(_), None) => {
                let mut state = self.lock();
                state.is_quick = false;
                state.stranded.push_back(items);
                Told::Nobody
            }
            (Ok(_), None) => {
                self.release(&items, is_quick);
                Told::Nobody
            }
            (Ok(ack), Some(answer)) if durability == Durability::Synced => {
                self.release(&items, is_quick);
                work.appends.push((ack, answer));
                Told::Nobody
            }
            (result, Some(answer)) => {
                self.release(&items, is_quick);
                Told::Appended(answer, result)
            }
        }
    }

    /// Reopens the rollout and writes what a failure kept back.
    fn reopen(&self, writer: &mut RolloutWriter) -> RecordResult<Reopened> {
        let reopened = writer.reopen()?;
        let mut stranded = std::mem::take(&mut self.lock().stranded);
        while let Some(items) = stranded.pop_front() {
            if let Err(error) = writer.append(&items, (self.now_ms)()) {
                stranded.push_front(items);
                let error = Arc::new(error);
                let mut state = self.lock();
                state.stranded = stranded;
                state.poisoned = Some(Arc::clone(&error));
                return Err(RecordError::Write(error));
            }
            self.release(&items, false);
        }
        let mut state = self.lock();
        state.is_quick = false;
        state.poisoned = None;
        state.next_ordinal = writer.next_ordinal();
        state.is_pending = writer.state() == WriterState::Pending;
        Ok(reopened)
    }

    /// Does something unless the rollout is poisoned, and poisons it if that fails.
    fn unless_poisoned<T>(&self, act: impl FnOnce() -> Result<T, WriteError>) -> RecordResult<T> {
        if let Some(error) = &self.lock().poisoned {
            return Err(RecordError::Write(Arc::clone(error)));
        }
        act().map_err(|error| RecordError::Write(self.poison(error)))
    }

    /// Accepts nothing more until the rollout is reopened.
    fn poison(&self, error: WriteError) -> Arc<WriteError> {
        let error = Arc::new(error);
        self.lock().poisoned = Some(Arc::clone(&error));
        self.wake_waiting();
        error
    }

    /// Makes room for others once a batch is out of the queue.
    fn release(&self, items: &[EncodedItem], is_quick: bool) {
        let mut state = self.lock();
        state.is_quick = is_quick;
        state.batch_count -= 1;
        state.bytes -= encoded_bytes(items);
        let waiting = std::mem::take(&mut state.waiting_for_room);
        drop(state);
        waiting.into_iter().for_each(|answer| answer.give(()));
    }

    /// Lets everybody who waits for room try again.
    fn wake_waiting(&self) {
        let waiting = std::mem::take(&mut self.lock().waiting_for_room);
        waiting.into_iter().for_each(|answer| answer.give(()));
    }

    /// Where the rollout goes when a thread is done with it.
    fn next_step(self: Arc<Self>) -> Done {
        let mut state = self.lock();
        state.is_scheduled = !state.commands.is_empty();
        let is_scheduled = state.is_scheduled;
        drop(state);
        if is_scheduled { Done::Write(self) } else { Done::Nothing }
    }

    fn accepting(&self) -> RecordResult<MutexGuard<'_, QueueState>> {
        let state = self.lock();
        if state.is_closed {
            return Err(self.closed());
        }
        match &state.poisoned {
            Some(error) => Err(RecordError::Write(Arc::clone(error))),
            None => Ok(state),
        }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        // Every state between two statements is a valid one, so a panic elsewhere cannot have broken it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    /// Queues a command. Returns whether the rollout must be scheduled, which is then taken for done.
    fn push(&mut self, command: Command) -> bool {
        self.commands.push_back(command);
        !std::mem::replace(&mut self.is_scheduled, true)
    }

    /// Gives out the ordinals of a batch; the session metadata, if it is still to be written, takes one first.
    fn take_ordinals(&mut self, path: &Path, line_count: u64) -> RecordResult<Option<OrdinalRange>> {
        let Some(next_ordinal) = self.next_ordinal else {
            self.is_pending &= line_count == 0;
            return Ok(None);
        };
        let metadata = u64::from(self.is_pending && line_count > 0);
        let first = next_ordinal.checked_add(metadata);
        let range = first.and_then(|first| {
            let next = first.checked_add(line_count)?;
            Some(OrdinalRange { first, next })
        });
        let range = range.ok_or_else(|| exhausted(path, line_count))?;
        self.next_ordinal = Some(range.next);
        self.is_pending &= line_count == 0;
        Ok(Some(range))
    }

    fn take_metadata_ordinal(&mut self, path: &Path) -> RecordResult<()> {
        if std::mem::take(&mut self.is_pending)
            && let Some(ordinal) = self.next_ordinal
        {
            self.next_ordinal = Some(ordinal.checked_add(1).ok_or_else(|| exhausted(path, 1))?);
        }
        Ok(())
    }
}

impl Told {
    fn tell(self) {
        match self {
            Self::Nobody => {}
            Self::Done(answer, result) => answer.give(result),
            Self::Appended(answer, result) => answer.give(result),
        }
    }
}

impl SyncWork {
    /// Syncs once for everybody who waits.
    pub(super) fn sync(self) -> Done {
        let Self { queue, appends, syncs } = self;
        let mut writer = queue.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let result = match writer.as_mut() {
            Some(writer) => queue.unless_poisoned(|| writer.sync()),
            None => Err(queue.closed()),
        };
        drop(writer);
        // Before the answers: who goes on at once finds the rollout free.
        let done = Arc::clone(&queue).next_step();
        for (ack, answer) in appends {
            let synced = result.clone().map(|_| AppendAck {
                durability: Durability::Synced,
                ..ack
            });
            // What is not synced is written all the same.
            answer.give(synced.map_err(|error| match error {
                RecordError::Write(error) => RecordError::InDoubt(error),
                error => error,
            }));
        }
        for answer in syncs {
            answer.give(result.clone());
        }
        done
    }

    pub(super) fn queue(&self) -> &Arc<RolloutQueue> {
        &self.queue
    }

    fn is_empty(&self) -> bool {
        self.appends.is_empty() && self.syncs.is_empty()
    }
}

/// A batch that was not written.
struct Unwritten {
    error: WriteError,
    left: Left,
}

/// Writes a batch; after a failure that left nothing of it in the log, once more with the log reopened.
fn write_with_retry(writer: &mut RolloutWriter, items: &[EncodedItem], now_ms: i64) -> Result<AppendAck, Unwritten> {
    let error = match writer.append(items, now_ms) {
        Ok(ack) => return Ok(ack),
        Err(error) => error,
    };
    let left = writer.left_by_failure();
    if writer.state() != WriterState::Poisoned || matches!(error, WriteError::ForeignWrite { .. }) {
        return Err(Unwritten { error, left });
    }
    match writer.reopen() {
        Ok(Reopened { accepted_lines: 0, .. }) => writer.append(items, now_ms).map_err(|error| Unwritten {
            error,
            left: writer.left_by_failure(),
        }),
        Ok(_) | Err(_) => Err(Unwritten { error, left }),
    }
}

fn encoded_bytes(items: &[EncodedItem]) -> u64 {
    items.iter().map(EncodedItem::encoded_bytes).sum()
}

fn exhausted(path: &Path, line_count: u64) -> RecordError {
    RecordError::from(WriteError::OrdinalsExhausted {
        path: path.to_owned(),
        line_count,
    })
}
