//! Makes cold rollouts small (format section 1.3).
//!
//! Only declares and re-exports.

mod error;
mod file;
mod run;

#[cfg(test)]
mod compress_tests;

pub use error::CompressError;
pub use file::{Compressed, FRAME_PLAIN_BYTES, compress_file};
pub use run::{CompressionRun, MIN_IDLE_MS, RUN_INTERVAL_MS};
