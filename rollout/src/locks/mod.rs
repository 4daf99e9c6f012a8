//! Who may write a thread: one writer at a time, across processes and implementations (format section 1.4).
//!
//! Only declares and re-exports.

mod error;
mod writer_locks;

#[cfg(test)]
mod writer_locks_tests;

pub use error::LockError;
pub use writer_locks::{LOCKS_FOLDER, WriterLease, WriterLocks, WriterProbe};
