//! How people organise their threads: goals, sections, projects, queues, attachments and what was read.
//!
//! Only declares and re-exports. Each family is one file: its values, how facts of the journal become them, and the
//! decisions. All of it is written once, over the two calls of [`FactStore`].

mod facts;
mod goals;
mod refusal;
mod store;

pub use facts::Organised;
pub use goals::{Goal, GoalPatch, GoalStatus, Goals, MAX_OBJECTIVE_CHARS};
pub use refusal::OrganiseRefusal;
pub use store::{Decision, FactStore};
