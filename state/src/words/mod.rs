//! The word index over messages: which lines can contain a literal text.
//!
//! Answers are a proven superset, verified by whoever reads the lines. Holds words and positions, never texts.

mod candidates;
pub mod deeds;
mod document;
mod plan;
mod query;
mod reach;
#[cfg(test)]
mod sample;
mod schema;
mod tokens;
mod vocabulary;
mod write;

pub use self::candidates::{CandidateRows, Candidates, RolloutKeys, candidates};
pub use self::document::{MAX_OFFSET, MAX_ROLLOUT_KEY, WordScope, WordTable};
pub use self::plan::{Narrowing, Plan, PlannedDocuments};
pub use self::query::MAX_EXPANSION;
pub use self::reach::{Inheritance, ReachLimits, rollouts_in_reach, with_heirs};
pub use self::schema::SCHEMA;
#[cfg(test)]
pub(crate) use self::tokens::tokens_of;
pub use self::write::{DocumentWords, KnownTokens, WordWriter, optimize, remove, remove_rollout};
