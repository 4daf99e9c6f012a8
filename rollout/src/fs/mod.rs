//! The one seam between the log and the file system.
//!
//! Everything that reads or writes files of a home takes a [`LogFs`], so that tests can make any operation fail.
//! `std::fs` appears in this folder and nowhere else.

mod fault;
mod folders;
mod log_fs;
mod publish;
mod replace;
mod sim;
mod std_fs;

#[cfg(test)]
mod fs_tests;

pub use fault::{Fault, FaultFs, FsOp};
pub(crate) use folders::{FsFailure, create_folders, remove_if_there, sync_folders};
pub(crate) use log_fs::read_full_at;
pub use log_fs::{DirEntry, EntryKind, FileLock, FileStat, Fingerprint, LogFile, LogFileMut, LogFs, Storage};
pub(crate) use publish::{Published, publish};
pub(crate) use replace::{Attributes, replace_file};
pub use sim::{Crash, SimFs, SurvivingBytes, SurvivingNames};
pub use std_fs::StdFs;
