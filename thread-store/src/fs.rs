//! The file seam of the log, for the few small files that a program above the store reads and writes itself.
//!
//! Re-exports only; such a program never touches a rollout.

pub use codex_rollout::fs::{DirEntry, EntryKind, LogFile, LogFileMut, LogFs, StdFs};
