//! Plans: what happens, made of a seed. Threads and turns are picked by number, modulo how many there are, so that a plan
//! stays one when steps are left out.

use codex_thread_store::{Durability, HistoryMode};

/// Steps of a plan.
const STEPS: u64 = 18;
/// Operations of the disk that most acts stay below.
const ACT_OPERATIONS: u64 = 150;

/// One thing that happens.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// A process opens a new thread and records its first turn.
    Begin(usize, HistoryMode),
    /// A process appends to a thread; opens it if it is not open.
    Append(usize, u64, Piece, Option<Durability>),
    Close(u64),
    /// The handle of an open thread is dropped.
    Drop(u64),
    Fork(usize, u64, Cut),
    Revert(usize, u64, u64),
    Archive(usize, u64),
    Unarchive(usize, u64),
    Delete(usize, u64),
    Name(usize, u64),
    /// Eight days pass, and a process compresses what is cold.
    Compress(usize),
    /// Milliseconds that the clock jumps.
    Clock(i64),
    Foreign(Foreign, u64),
    Index(IndexChange),
    Restart(usize),
    /// A process dies so many operations of the disk into an act.
    Kill(usize, u64, Box<Act>),
    /// The machine loses power so many operations into an act of a process, in one of the ways that the disk knows.
    PowerLoss(usize, u64, usize, Box<Act>),
    /// One operation of the disk fails.
    Error(usize, u64, Box<Act>),
    /// The disk is full from an operation on, and has room again afterwards.
    Full(usize, u64, Box<Act>),
}

/// A part of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    Question,
    Work,
    Answer,
    Turn,
}

/// Where a fork ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cut {
    Whole,
    Behind(u64),
    Before(u64),
}

/// What somebody else does with a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// Appends a turn as Codex does.
    Turn,
    /// Appends a turn, the last line without its newline.
    Unterminated,
    /// Appends a turn without ordinals.
    NoOrdinals,
    /// Leaves half of a line.
    Torn,
    /// Leaves a line that is none.
    Garbage,
    /// Renames a longer file over it that keeps the time.
    RenamedOver,
    Compressed,
}

/// What becomes of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndexChange {
    /// A copy is kept for later.
    Copied,
    /// The copy is put back.
    Older,
    Deleted,
    /// Deleted while both processes use it.
    DeletedInUse,
    Garbage,
}

/// Numbers that follow from a seed (SplitMix64).
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).expect("small")]
    }

    fn process(&mut self) -> usize {
        self.one(&[0, 1])
    }

    fn mode(&mut self) -> HistoryMode {
        self.one(&[HistoryMode::Paginated, HistoryMode::Paginated, HistoryMode::Legacy])
    }

    fn append(&mut self) -> Act {
        use Durability as D;
        let piece = self.one(&[
            Piece::Turn,
            Piece::Turn,
            Piece::Question,
            Piece::Work,
            Piece::Answer,
            Piece::Answer,
        ]);
        let class = self.one(&[None, None, Some(D::Queued), Some(D::Written), Some(D::Synced)]);
        Act::Append(self.process(), self.below(64), piece, class)
    }

    /// An act of one process that changes the home.
    fn change(&mut self) -> Act {
        match self.below(26) {
            0..=2 => Act::Begin(self.process(), self.mode()),
            3..=11 => self.append(),
            12..=14 => {
                let cut = match self.below(3) {
                    0 => Cut::Whole,
                    1 => Cut::Behind(self.below(16)),
                    _ => Cut::Before(self.below(16)),
                };
                Act::Fork(self.process(), self.below(64), cut)
            }
            15..=17 => Act::Revert(self.process(), self.below(64), self.below(16)),
            18..=20 => Act::Archive(self.process(), self.below(64)),
            21 | 22 => Act::Unarchive(self.process(), self.below(64)),
            23 => Act::Delete(self.process(), self.below(64)),
            24 => Act::Name(self.process(), self.below(64)),
            _ => Act::Compress(self.process()),
        }
    }

    fn act(&mut self) -> Act {
        const HOUR_MS: i64 = 3_600_000;
        match self.below(40) {
            0..=18 => self.change(),
            19 | 20 => Act::Close(self.below(64)),
            21 => Act::Drop(self.below(64)),
            22 => Act::Clock(self.one(&[
                -HOUR_MS,
                -400 * 24 * HOUR_MS,
                24 * HOUR_MS,
                50 * 365 * 24 * HOUR_MS,
                -1,
                700,
            ])),
            23..=26 => {
                use Foreign as F;
                let all = [
                    F::Turn,
                    F::Turn,
                    F::Unterminated,
                    F::NoOrdinals,
                    F::Torn,
                    F::Garbage,
                    F::RenamedOver,
                    F::Compressed,
                ];
                Act::Foreign(self.one(&all), self.below(64))
            }
            27..=29 => {
                use IndexChange as I;
                Act::Index(self.one(&[
                    I::Copied,
                    I::Copied,
                    I::Older,
                    I::Older,
                    I::Deleted,
                    I::DeletedInUse,
                    I::Garbage,
                ]))
            }
            30 => Act::Restart(self.process()),
            31 | 32 => self.in_bad_luck(Act::Kill),
            33..=36 => {
                let way = usize::try_from(1 + self.below(12)).expect("small");
                self.in_bad_luck(|process, at, act| Act::PowerLoss(process, at, way, act))
            }
            37 | 38 => self.in_bad_luck(Act::Error),
            _ => self.in_bad_luck(Act::Full),
        }
    }

    fn in_bad_luck(&mut self, wrap: impl FnOnce(usize, u64, Box<Act>) -> Act) -> Act {
        let act = self.change();
        let at = self.below(ACT_OPERATIONS);
        wrap(act.process(), at, Box::new(act))
    }
}

impl Act {
    /// Returns the process that does it, if one does.
    fn process(&self) -> usize {
        match self {
            Self::Begin(process, ..)
            | Self::Append(process, ..)
            | Self::Fork(process, ..)
            | Self::Revert(process, ..)
            | Self::Archive(process, _)
            | Self::Unarchive(process, _)
            | Self::Delete(process, _)
            | Self::Name(process, _)
            | Self::Compress(process)
            | Self::Restart(process)
            | Self::Kill(process, ..)
            | Self::PowerLoss(process, ..)
            | Self::Error(process, ..)
            | Self::Full(process, ..) => *process,
            Self::Close(_) | Self::Drop(_) | Self::Clock(_) | Self::Foreign(..) | Self::Index(_) => 0,
        }
    }
}

/// Makes the plan of a seed; it begins with a thread of each mode. One seed in eight begins before 1970.
pub(crate) fn plan(seed: u64) -> Vec<Act> {
    let mut rng = Rng::new(seed);
    let mut acts = Vec::new();
    if rng.below(8) == 0 {
        acts.push(Act::Clock(-58 * 365 * 24 * 3_600_000));
    }
    acts.push(Act::Begin(0, HistoryMode::Paginated));
    acts.push(Act::Begin(1, HistoryMode::Legacy));
    acts.extend((0..STEPS).map(|_| rng.act()));
    acts
}
