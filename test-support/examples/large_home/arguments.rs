//! What kind of home is wanted, from the command line.

use std::path::PathBuf;

/// How the history of a thread is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Paginated,
    Legacy,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Paginated => "paginated",
            Self::Legacy => "legacy",
        }
    }
}

/// Which threads have which mode.
#[derive(Clone, Copy)]
pub(crate) enum Modes {
    All(Mode),
    Mixed,
}

impl Modes {
    /// Every other thread of a mixed home is a legacy thread.
    pub(crate) fn of_thread(self, number: u64) -> Mode {
        match self {
            Self::All(mode) => mode,
            Self::Mixed if number.is_multiple_of(2) => Mode::Paginated,
            Self::Mixed => Mode::Legacy,
        }
    }
}

/// The shape of a home.
pub(crate) struct Arguments {
    pub(crate) dir: PathBuf,
    pub(crate) threads: u64,
    pub(crate) turns: u64,
    pub(crate) items: u64,
    pub(crate) words: u64,
    pub(crate) opaque: u64,
    pub(crate) base: u64,
    pub(crate) mode: Modes,
    pub(crate) line_mb: u64,
    pub(crate) sparse_gb: u64,
    pub(crate) compress: bool,
}

impl Arguments {
    /// Reads the command line; `None` if it makes no sense.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let dir = words.next().filter(|dir| !dir.starts_with('-'))?;
        let mut parsed = Self {
            dir: PathBuf::from(dir),
            threads: 1,
            turns: 6,
            items: 8,
            words: 40,
            opaque: 600,
            base: 300,
            mode: Modes::Mixed,
            line_mb: 0,
            sparse_gb: 0,
            compress: false,
        };
        while let Some(option) = words.next() {
            let value = words.next()?;
            parsed.set(&option, &value)?;
        }
        Some(parsed)
    }

    fn set(&mut self, option: &str, value: &str) -> Option<()> {
        let number = match option {
            "--threads" => &mut self.threads,
            "--turns" => &mut self.turns,
            "--items" => &mut self.items,
            "--words" => &mut self.words,
            "--opaque" => &mut self.opaque,
            "--base" => &mut self.base,
            "--line-mb" => &mut self.line_mb,
            "--sparse-gb" => &mut self.sparse_gb,
            "--compress" => {
                self.compress = value == "yes";
                return matches!(value, "yes" | "no").then_some(());
            }
            "--mode" => {
                self.mode = match value {
                    "paginated" => Modes::All(Mode::Paginated),
                    "legacy" => Modes::All(Mode::Legacy),
                    "mixed" => Modes::Mixed,
                    _ => return None,
                };
                return Some(());
            }
            _ => return None,
        };
        *number = value.parse().ok()?;
        Some(())
    }
}
