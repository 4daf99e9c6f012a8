//! What can happen to threads, as values that shrink.

use codex_test_support::agent::Form;
use codex_thread_store::{Durability, HistoryMode};
use proptest::prelude::*;

/// One thing that happens, and how much later than the one before, in milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub after_ms: i64,
    pub act: Act,
}

/// Threads and turns are picked by number, modulo how many there are.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Opens a new thread; a spawned one has a parent.
    Begin(HistoryMode, Form, Option<u8>),
    /// Appends; opens the thread if it is not.
    Append(u8, Piece, Durability),
    Resume(u8),
    Persist(u8),
    Close(u8),
    /// Drops the handle.
    Drop(u8),
    Fork {
        source: u8,
        cut: Cut,
        attached: bool,
    },
    Revert(u8, u8),
    Archive(u8),
    Unarchive(u8),
    Delete(u8),
    /// Deletes, but keeps.
    Trash(u8),
    /// Brings back what the n-th last deletion kept.
    Restore(u8),
    /// Removes what it kept for good.
    Empty(u8),
    Rename(u8, &'static str),
    /// Changes the branch, or clears it.
    Branch(u8, Option<&'static str>),
    DisableMemory(u8),
    /// All handles are dropped and the store is opened anew.
    Restart,
    /// As well, and without its index.
    LoseIndex,
}

/// A part of a turn.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece {
    /// Begins a turn.
    Question,
    Work,
    Answer,
    Abort,
    /// All of a turn.
    Turn,
}

/// Where a fork ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cut {
    Whole,
    Behind(u8),
    Before(u8),
}

fn mode() -> impl Strategy<Value = HistoryMode> {
    prop_oneof![2 => Just(HistoryMode::Paginated), 1 => Just(HistoryMode::Legacy)]
}

fn form() -> impl Strategy<Value = Form> {
    prop_oneof![Just(Form::Canonical), Just(Form::Legacy), Just(Form::Both)]
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        4 => Just(Piece::Turn),
        2 => Just(Piece::Question),
        1 => Just(Piece::Work),
        2 => Just(Piece::Answer),
        1 => Just(Piece::Abort),
    ]
}

fn durability() -> impl Strategy<Value = Durability> {
    prop_oneof![
        Just(Durability::Written),
        Just(Durability::Queued),
        Just(Durability::Synced)
    ]
}

fn cut() -> impl Strategy<Value = Cut> {
    prop_oneof![
        2 => Just(Cut::Whole),
        2 => any::<u8>().prop_map(Cut::Behind),
        2 => any::<u8>().prop_map(Cut::Before),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let name = prop::sample::select(&["the needle", "", "other", " padded "][..]);
    let branch = prop::option::of(prop::sample::select(&["main", "side"][..]));
    let parent = prop::option::weighted(0.3, any::<u8>());
    let at = any::<u8>;
    prop_oneof![
        3 => (mode(), form(), parent).prop_map(|(mode, form, parent)| Act::Begin(mode, form, parent)),
        8 => (at(), piece(), durability()).prop_map(|(at, piece, durability)| Act::Append(at, piece, durability)),
        1 => at().prop_map(Act::Resume),
        1 => at().prop_map(Act::Persist),
        2 => at().prop_map(Act::Close),
        1 => at().prop_map(Act::Drop),
        4 => (at(), cut(), prop::bool::weighted(0.2))
            .prop_map(|(source, cut, attached)| Act::Fork { source, cut, attached }),
        4 => (at(), at()).prop_map(|(at, turn)| Act::Revert(at, turn)),
        2 => at().prop_map(Act::Archive),
        2 => at().prop_map(Act::Unarchive),
        1 => at().prop_map(Act::Delete),
        2 => at().prop_map(Act::Trash),
        2 => at().prop_map(Act::Restore),
        1 => at().prop_map(Act::Empty),
        1 => (at(), name).prop_map(|(at, name)| Act::Rename(at, name)),
        1 => (at(), branch).prop_map(|(at, branch)| Act::Branch(at, branch)),
        1 => at().prop_map(Act::DisableMemory),
        1 => Just(Act::Restart),
        1 => Just(Act::LoseIndex),
    ]
}

/// A sequence; it begins with a thread that has a turn.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let after_ms = prop_oneof![Just(1_i64), Just(0), Just(700), Just(5_000)];
    let step = (after_ms, act()).prop_map(|(after_ms, act)| Step { after_ms, act });
    let first = (mode(), form()).prop_map(|(mode, form)| {
        let acts = [
            Act::Begin(mode, form, None),
            Act::Append(0, Piece::Turn, Durability::Written),
        ];
        acts.map(|act| Step { after_ms: 1, act })
    });
    (first, prop::collection::vec(step, 1..20)).prop_map(|(first, rest)| first.into_iter().chain(rest).collect())
}
