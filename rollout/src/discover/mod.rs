//! Finds the rollouts of a home (format section 1).
//!
//! Lists and stats, never opens a file. A directory that cannot be read is a reported problem, not a failure.

mod locate;
mod types;
mod walk;

#[cfg(test)]
mod locate_tests;
#[cfg(test)]
mod walk_tests;

pub use locate::{find_rollout, find_thread, rollout_at};
pub use types::{
    Discovery, DiscoveryProblem, Encoding, HomeKind, Location, Placement, RolloutFile, Shadowed, VisitReport,
};
pub use walk::{ARCHIVED_FOLDER, MAX_FOLDER_DEPTH, SESSIONS_FOLDER, discover, visit};
