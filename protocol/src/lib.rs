//! Wire and log types of the thread-history engine.
//!
//! Pure values only: no files, no SQL, no clock, no async runtime, and no other crate of ours.

pub mod ids;
pub mod item;
pub mod log;
pub mod rpc;
pub mod text;

pub use ids::{RolloutId, ThreadId};
pub use log::RawJson;
