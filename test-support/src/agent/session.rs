//! Generated sessions: turns of any facts, handed in in batches cut anywhere, with pauses in between.
//!
//! Every text and id is in a session once.

use proptest::prelude::*;

use super::fact::{Fact, Form, Record, Turn};

/// Time of the facts, Unix milliseconds.
pub(super) const NOW_MS: i64 = 1_800_000_000_000;
/// Kinds of things that can happen in a turn.
const KINDS: u8 = 22;
/// What the model says may come before or after its event: messages, reasoning, web searches.
const SWAPPABLE: std::ops::RangeInclusive<u8> = 1..=4;

/// What happens behind a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// Nothing.
    None,
    /// What was recorded is handed to the system.
    Flush,
    /// What was recorded goes to stable storage.
    Sync,
    /// Reasoning that waits is recorded.
    Settle,
    /// The thread is closed and resumed.
    Resume,
}

/// A generated session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Per turn the kinds of what happens, and whether its Responses item comes first.
    turns: Vec<Vec<(u8, bool)>>,
    /// Lengths of the batches, and what follows each; used again and again.
    cuts: Vec<(usize, Pause)>,
}

/// Generates sessions.
pub fn session() -> impl Strategy<Value = Session> {
    let turn = prop::collection::vec((0..KINDS, any::<bool>()), 0..12);
    let pause = prop_oneof![
        6 => Just(Pause::None),
        1 => Just(Pause::Flush),
        1 => Just(Pause::Sync),
        1 => Just(Pause::Settle),
        1 => Just(Pause::Resume),
    ];
    let cuts = prop::collection::vec((1_usize..7, pause), 1..8);
    (prop::collection::vec(turn, 1..4), cuts).prop_map(|(turns, cuts)| Session { turns, cuts })
}

impl Session {
    /// Returns what happens in the session, in order.
    pub fn facts(&self, thread_id: impl ToString) -> Vec<Fact> {
        let thread_id = thread_id.to_string();
        let mut facts = Vec::new();
        for (number, steps) in self.turns.iter().enumerate() {
            let turn = Turn::new(&thread_id, format!("t{number}"));
            facts.push(turn.started());
            for (at, (kind, is_swapped)) in steps.iter().enumerate() {
                let mut fact = fact(&turn, *kind, &marker(number, at));
                if *is_swapped && SWAPPABLE.contains(kind) {
                    std::mem::swap(&mut fact.before, &mut fact.after);
                }
                facts.push(fact);
            }
            facts.push(if number % 2 == 0 {
                turn.complete()
            } else {
                turn.aborted()
            });
        }
        facts
    }

    /// Returns the pauses that the agent may make.
    pub fn pauses(&self) -> impl Iterator<Item = Pause> + '_ {
        self.cuts.iter().map(|(_, pause)| *pause)
    }

    /// Returns the records that an agent emits, in batches, each with what follows it.
    pub fn batches(&self, thread_id: impl ToString, form: Form) -> Vec<(Vec<Record>, Pause)> {
        let facts = self.facts(thread_id);
        let mut records: Vec<Record> = facts.iter().flat_map(|fact| fact.emitted(form)).collect();
        let mut cuts = self.cuts.iter().cycle();
        let mut batches = Vec::new();
        while !records.is_empty() {
            let (len, pause) = cuts.next().copied().unwrap_or((1, Pause::None));
            let rest = records.split_off(len.min(records.len()));
            batches.push((std::mem::replace(&mut records, rest), pause));
        }
        batches
    }
}

/// A text that is in the session once.
fn marker(turn: usize, at: usize) -> String {
    format!("m{turn}x{at}é\u{1f600}!")
}

fn fact(turn: &Turn, kind: u8, text: &str) -> Fact {
    let id = format!("call_{text}");
    match kind {
        0 => turn.user(text),
        1 | 2 => turn.message(text),
        3 => turn.reasoning(text),
        4 => turn.web(&format!("ws_{text}"), text),
        5 | 6 => turn.reasoning(text),
        7 => turn.command(&id, text),
        8 => turn.patch(&id, text),
        9 => turn.mcp(&id, text),
        10 => turn.plan(&id, text),
        11 => turn.sleep(&id),
        12 => turn.activity(&id, text),
        13 => turn.view(&id, text),
        14 => turn.dynamic(&id, text),
        15 => turn.collab(&id, text),
        16 => turn.image(&id, text),
        17 => turn.hook_prompt(text),
        18 => turn.compaction(text),
        19 => turn.exit_review(text),
        20 => turn.enter_review(text),
        _ => turn.token_count(),
    }
}
