//! Where ids and words come from: one seeded sequence of numbers, the same on every machine.

use std::fmt::Write;

/// Words of the vocabulary that are made up, besides those that searches look for.
const MADE_UP: usize = 20_000;
/// Words that benchmarks search for, some of them beyond ASCII.
const KNOWN: [&str; 8] = [
    "tokio",
    "sqlite",
    "deadlock",
    "mutex",
    "Überprüfung",
    "データ",
    "refactor",
    "pagination",
];

/// A sequence of numbers (SplitMix64) and a vocabulary made from it.
pub(crate) struct Source {
    state: u64,
    vocabulary: Vec<String>,
}

impl Source {
    pub(crate) fn new() -> Self {
        let mut source = Self {
            state: 7,
            vocabulary: Vec::new(),
        };
        for _ in 0..MADE_UP {
            let letters = 2 + source.below(10);
            let word = (0..letters)
                .map(|_| char::from(b'a' + u8::try_from(source.below(26)).expect("below 26")))
                .collect();
            source.vocabulary.push(word);
        }
        source.vocabulary.extend(KNOWN.map(str::to_owned));
        source
    }

    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    /// A text of so many words.
    pub(crate) fn words(&mut self, count: u64) -> String {
        let mut text = String::new();
        for _ in 0..count {
            let len = self.vocabulary.len() as u64;
            let at = usize::try_from(self.below(len)).expect("an index of a vector");
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&self.vocabulary[at]);
        }
        text
    }

    /// So many hexadecimal digits.
    pub(crate) fn hex(&mut self, digits: u64) -> String {
        let digits = usize::try_from(digits).expect("few digits");
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            write!(text, "{:016x}", self.number()).expect("a String takes everything");
        }
        text.truncate(digits);
        text
    }

    /// A UUID of version 7 with this time.
    pub(crate) fn uuid_v7(&mut self, at_ms: u64) -> String {
        let (a, b) = (self.below(1 << 12), self.below(1 << 62));
        let time = format!("{at_ms:012x}");
        let low = format!("{:016x}", b | 1 << 63);
        format!("{}-{}-7{a:03x}-{}-{}", &time[..8], &time[8..], &low[..4], &low[4..])
    }
}
