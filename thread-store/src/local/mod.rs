//! The local store: rollouts of a home, and an index of them.
//!
//! The only place that knows both the log and the index. Wiring and delegation; each subject has its own file.

mod catalog;
mod catch_up;
mod cut;
mod doctor;
mod facts;
mod history;
mod items;
mod keyed_lock;
mod line_fetch;
mod list;
mod maintenance;
mod metadata;
mod model_context;
mod occurrences;
mod open_rollout;
mod read;
mod search;
mod segments;
mod store;
mod text_index;
mod thread_row;
mod timeline;
mod turns;
mod writers;

pub use self::store::{EmptyFolder, LocalStore, LocalStoreOptions};
