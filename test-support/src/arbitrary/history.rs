//! A history as bytes and lines, from a proptest strategy or from a seed.

use std::fmt;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{
    play::{Memory, Player},
    step::{Step, steps},
};
use crate::rollout::{Header, Mode, RolloutBuilder};

/// The thread of all arbitrary histories.
const THREAD_ID: &str = "019caf1a-1400-7000-8000-00000000abcd";

/// An arbitrary rollout. Its lines may be torn, so that one line is not always one record.
#[derive(Clone)]
pub struct History {
    /// The mode of the rollout.
    pub mode: Mode,
    /// The thread in the header.
    pub thread_id: String,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// The lines, each with its newline; the last one may lack it.
    pub lines: Vec<Vec<u8>>,
    /// Name of the file, by Codex' grammar.
    pub file_name: String,
    memory: Memory,
}

impl History {
    /// Plays the steps on an empty rollout of this mode.
    pub fn of(mode: Mode, steps: Vec<Step>) -> Self {
        Self::below(Header::new(mode, THREAD_ID), steps)
    }

    /// Plays the steps on a rollout with this header.
    pub fn below(header: Header, steps: Vec<Step>) -> Self {
        Self::play(header, steps, Memory::default())
    }

    /// Plays the steps on a rollout that continues this one: turns and items of this one can be returned to.
    pub fn continued(&self, header: Header, steps: Vec<Step>) -> Self {
        Self::play(header, steps, self.memory.clone())
    }

    fn play(header: Header, steps: Vec<Step>, memory: Memory) -> Self {
        let mut player = Player::new(RolloutBuilder::new(header), memory);
        steps.iter().for_each(|step| player.play(step));
        let header = player.rollout.header();
        Self {
            mode: header.mode,
            thread_id: header.thread_id.clone(),
            steps,
            lines: player.rollout.lines(),
            file_name: player.rollout.file_name(),
            memory: player.memory,
        }
    }

    /// The bytes of the plain file.
    pub fn bytes(&self) -> Vec<u8> {
        self.lines.concat()
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} history of {:?}:", self.mode, self.steps)?;
        self.lines
            .iter()
            .try_for_each(|line| write!(f, "  {}", String::from_utf8_lossy(line)))
    }
}

/// Any of the three modes.
pub fn any_mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Paginated), Just(Mode::Legacy), Just(Mode::Bare)]
}

/// Histories of this mode with up to `max_steps` steps.
pub fn history(mode: Mode, max_steps: usize) -> impl Strategy<Value = History> {
    steps(max_steps).prop_map(move |steps| History::of(mode, steps))
}

/// One history, the same for the same seed.
pub fn history_from_seed(seed: u64, mode: Mode, max_steps: usize) -> History {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &key);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let tree = history(mode, max_steps)
        .new_tree(&mut runner)
        .expect("no step is ever rejected");
    tree.current()
}
