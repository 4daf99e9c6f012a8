//! Lines and their positions, forward and backward, without ever holding a file in memory.
//!
//! Splits at newlines only: blank lines, garbage and invalid UTF-8 are delivered like any other line.

mod event;
mod forward;
mod reverse;

#[cfg(test)]
mod lines_tests;

pub use event::LineEvent;
pub use forward::{CHUNK_BYTES, Lines};
pub use reverse::{LinesRev, REVERSE_CHUNK_BYTES};
