//! The local store: rollouts of a home, and an index of them.
//!
//! The only place that knows both the log and the index. Wiring and delegation; each subject has its own file.

mod archive;
mod background;
mod bulk_gate;
mod capability;
mod catalog;
mod catch_up;
mod codex_db;
mod compress;
mod cut;
mod delete;
mod doctor;
mod doctor_home;
mod facts;
mod fork;
mod fork_place;
mod goal;
mod history;
mod index_file;
mod index_place;
mod inherited;
mod items;
mod journal_growth;
mod kept;
mod keyed_lock;
mod line_fetch;
mod list;
mod maintenance;
mod metadata;
mod model_context;
mod occurrences;
mod open_rollout;
mod opening;
mod owned;
mod power_loss;
mod read;
mod revert;
mod search;
mod searchable;
mod segments;
mod shortlist;
mod store;
mod text_index;
mod thread_row;
mod timeline;
mod token_use;
mod trash;
mod turns;
mod writers;

pub use self::store::{EmptyFolder, LocalStore, LocalStoreOptions};
