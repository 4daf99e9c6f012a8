//! The projector: a pure fold from lines to rows, for every kind of rollout.
//!
//! Takes lines and positions, reads and writes rows through [`RowStore`], and keeps all else in a small
//! [`Checkpoint`]. No clock, no files, no SQL. The same bytes give the same rows, however they are split into steps.

mod calls;
mod checkpoint;
mod content_hash;
mod fold_line;
mod legacy;
mod memory;
mod meta;
mod ordinals;
mod paginated;
mod raw;
mod row_store;

pub use self::checkpoint::{Checkpoint, LegacyState, Mode, RawState, SessionCall, WebCall};
pub use self::content_hash::ContentHash;
pub use self::fold_line::{LineAt, Projector, damage_of};
pub use self::memory::{KnownIds, MemoryRows, RowChanges};
pub use self::meta::{HeaderMeta, RolloutMeta, ShortText, USER_TEXT_LIMIT_BYTES, session_timestamp_ms};
pub use self::paginated::summary_of;
pub use self::row_store::{KeyRange, Order, RowReader, RowStore};

use self::fold_line::decode_item;
pub(crate) use self::fold_line::timestamp_ms;
