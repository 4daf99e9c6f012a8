//! Writes rollouts: creation, resume, appends, durability (design sections 4 and 6, format sections 1.1, 1.3, 5).
//!
//! Only declares and re-exports.

mod durability;
mod encoded_item;
mod error;
mod kept_aside;
mod materialize;
mod new_rollout;
mod tail_plan;
mod time;
mod writer;

pub use durability::{AppendAck, Durability, OrdinalRange, SyncedThrough};
pub use encoded_item::EncodedItem;
pub use error::{WriteError, WriteResult};
pub use kept_aside::KEPT_ASIDE_FOLDER;
pub use materialize::materialize;
pub use new_rollout::NewRollout;
pub use tail_plan::{TailReport, TornTail, TornTailRule};
pub use time::LocalTime;
pub use writer::{Reopened, Resumed, RolloutWriter, WriterState};
