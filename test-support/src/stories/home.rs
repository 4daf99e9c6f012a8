//! The home of the relevance corpus: a thread for every story among threads that share its words.
//!
//! Deterministic; nothing is read but the facts.

use std::io;
use std::path::Path;

use super::facts::{Facts, STORIES};
use crate::home::HomeBuilder;
use crate::rollout::{Command, FileEdit, Header, Mode, RolloutBuilder};

/// Threads that only share words with the stories.
const DISTRACTORS: u64 = 240;
/// 2026-01-05T09:00:00Z.
const FIRST_MS: i64 = 1_767_603_600_000;
const HOUR_MS: i64 = 3_600_000;

/// Returns the id of the thread of a story.
pub fn story_id(number: usize) -> String {
    format!("019cb354-0000-7000-8000-00000001{number:04x}")
}

/// Writes the home.
///
/// # Errors
/// If the folder cannot be written to.
pub fn relevance_home(folder: &Path) -> io::Result<()> {
    let mut source = Source::new();
    let mut home = HomeBuilder::new();
    for (number, facts) in STORIES.iter().enumerate() {
        // Stories lie among the distractors in time, so that age alone finds none of them.
        let created_ms = FIRST_MS + HOUR_MS * 7 * i64::try_from(number).expect("few stories");
        let mode = if number.is_multiple_of(2) {
            Mode::Paginated
        } else {
            Mode::Legacy
        };
        home.session(&story(facts, mode, &story_id(number), created_ms, &mut source));
        home.name(&story_id(number), facts.name, created_ms);
    }
    for number in 0..DISTRACTORS {
        home.session(&distractor(number, &mut source));
    }
    home.write_to(folder).map(|_| ())
}

fn story(facts: &Facts, mode: Mode, id: &str, created_ms: i64, source: &mut Source) -> RolloutBuilder {
    let mut rollout = RolloutBuilder::new(Header::new(mode, id).in_dir(facts.project).created_at(created_ms));
    rollout.start_turn().environment_context().user(facts.ask);
    rollout.agent(&format!("I look at the code first. {}", source.sentence(8)));
    let listing = source.log(12);
    rollout.exec(&Command::ok("git status --short && ls", &listing));
    let printed = format!("{}\n{}\n{}", source.log(20), facts.error, source.log(6));
    rollout.exec(&Command::failed(facts.command.0, &printed, 1));
    rollout.complete_turn().advance_ms(60_000).start_turn();
    rollout.user("Go on and fix it.");
    let diff = format!(
        "@@ -1,2 +1,3 @@\n-// {}\n+fn {}() {{\n+}}\n",
        source.sentence(4),
        facts.identifier
    );
    rollout.patch(&[(facts.file, FileEdit::Update(diff))]);
    rollout.exec(&Command::ok(
        "git diff --stat",
        " 1 file changed, 2 insertions(+), 1 deletion(-)\n",
    ));
    rollout.agent(facts.answer).complete_turn();
    rollout
}

/// A thread that says words of all stories, none of them together.
fn distractor(number: u64, source: &mut Source) -> RolloutBuilder {
    let id = format!("019cb354-0000-7000-8000-00000002{number:04x}");
    let created_ms = FIRST_MS + HOUR_MS * i64::try_from(number).expect("few threads");
    let mode = if number.is_multiple_of(3) {
        Mode::Legacy
    } else {
        Mode::Paginated
    };
    let project = source.pick(STORIES).project;
    let mut rollout = RolloutBuilder::new(Header::new(mode, &id).in_dir(project).created_at(created_ms));
    for _ in 0..2 + source.below(3) {
        rollout.start_turn();
        let (ask, answer) = (source.sentence(9), source.sentence(14));
        rollout.user(&ask);
        let (command, printed) = (format!("rg -n {}", source.word()), source.log(25));
        rollout.exec(&Command::ok(&command, &printed));
        rollout.agent(&answer).complete_turn().advance_ms(90_000);
    }
    rollout
}

/// A sequence of numbers (SplitMix64), and the words of all stories.
struct Source {
    state: u64,
    words: Vec<&'static str>,
}

impl Source {
    fn new() -> Self {
        let texts = |facts: &'static Facts| [facts.ask, facts.answer, facts.error, facts.name, facts.command.0];
        let words = STORIES.iter().flat_map(texts).flat_map(str::split_whitespace).collect();
        Self { state: 11, words }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let at = self.below(from.len() as u64);
        from[usize::try_from(at).expect("an index of a slice")]
    }

    fn word(&mut self) -> &'static str {
        let at = self.below(self.words.len() as u64);
        self.words[usize::try_from(at).expect("an index of a vector")]
    }

    fn sentence(&mut self, words: usize) -> String {
        let words: Vec<&str> = (0..words).map(|_| self.word()).collect();
        words.join(" ")
    }

    /// Lines as programs print them.
    fn log(&mut self, lines: usize) -> String {
        let line = |number: usize| format!("[{number:05}] {} {}", self.sentence(3), self.below(100_000));
        (0..lines).map(line).collect::<Vec<_>>().join("\n")
    }
}
