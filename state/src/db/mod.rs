//! The SQLite index file: opening, schema, and the rows of rollouts, turns, items and damage.
//!
//! The only place that opens a database. The file is disposable; nothing here is ever the only copy of a fact.

mod check;
mod history;
mod history_write;
mod index;
mod item_block;
mod item_blocks;
mod meta_codec;
mod packed;
mod rollouts;
mod schema;
mod turn_row;

pub use self::history::StoredRows;
pub use self::index::{Growth, Index, Reader, WriteOutcome};
pub use self::rollouts::{FileState, RolloutRow, RolloutUpdate, Settled};
pub use self::schema::SCHEMA_VERSION;
