//! Live threads: an agent's records in, durable lines and live updates out (design section 4).
//!
//! Owns canonicalization; the store below applies no policy. No files, no SQL, no JSON-RPC.

mod ephemeral;
mod ids;
mod live_thread;
mod meta;
mod updates;

pub use codex_rollout::canonical::{DropReason, Dropped, EventStyle, IdSource, ItemIdFeature, ItemOrigin, RawItem};

pub use self::ephemeral::EphemeralStore;
pub use self::ids::SystemIds;
pub use self::live_thread::{Appended, LiveOptions, LiveThread};
pub(crate) use self::meta::{LatestMeta, logged_git, patched_meta, session_meta};
pub use self::updates::{ItemIds, LiveUpdate, TurnEnding};
