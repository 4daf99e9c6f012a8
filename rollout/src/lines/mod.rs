//! Lines and their positions, forward and backward, without ever holding a file in memory.
//!
//! Splits at newlines only: blank lines, garbage and invalid UTF-8 are delivered like any other line.

mod budget;
mod event;
mod forward;
mod long;
mod reverse;

#[cfg(test)]
mod lines_tests;

pub use budget::{Admitted, KeptHold, LineBudget, LineHold, Turn, TurnOwner};
pub use event::LineEvent;
pub use forward::{CHUNK_BYTES, Lines};
pub use long::{LINE_COPIES, LONG_LINE_BYTES, ReadRules};
pub use reverse::{LinesRev, REVERSE_CHUNK_BYTES};
