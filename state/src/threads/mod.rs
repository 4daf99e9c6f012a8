//! The `threads` table: one row per thread, its current revision, and the list made of it.
//!
//! SQL only; rows are handed in by whoever folded the rollout. Knows no rollout file and no JSON-RPC.

mod filter;
mod list;
mod lookup;
mod row;
#[cfg(test)]
mod sample;
mod schema;
mod source;
mod titles;
mod write;

pub use self::filter::{
    ArchivedRows, DefaultSources, ListAnchor, ListDirection, ListFilter, ListSort, Membership, Relation, RowClass,
    Visibility, normalise_cwd,
};
pub use self::list::{ListedRows, list, list_checked};
pub use self::lookup::{
    by_name, by_prefix, by_rollout, children, count, descendants, get, named_threads, newest_of_project,
};
pub use self::row::{CutText, MAX_STORED_TEXT_BYTES, SectionPlace, ThreadRow};
pub use self::schema::SCHEMA;
pub use self::source::{SourceKind, SourceSelector};
pub use self::titles::index_titles;
pub use self::write::{remove, upsert};
