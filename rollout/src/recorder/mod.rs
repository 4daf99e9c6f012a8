//! Writes rollouts: creation, resume, appends, durability (design sections 4 and 6, format sections 1.1, 1.3, 5).
//!
//! Only declares and re-exports.

mod draft;
mod durability;
mod encoded_item;
mod error;
mod kept_aside;
mod materialize;
mod new_rollout;
mod pool;
mod queue;
#[expect(clippy::module_inception, reason = "the front that the folder is named after")]
mod recorder;
mod rewrite;
mod tail_plan;
mod ticket;
mod time;
mod writer;

pub use draft::RolloutDraft;
pub use durability::{AppendAck, Durability, OrdinalRange, SyncedThrough};
pub use encoded_item::EncodedItem;
pub use error::{WriteError, WriteResult};
pub use kept_aside::KEPT_ASIDE_FOLDER;
pub use materialize::materialize;
pub use new_rollout::NewRollout;
pub use pool::{
    MAX_CALLER_WRITE_BYTES, MAX_QUEUED_BATCHES, MAX_QUEUED_BYTES, NowMs, RecorderOptions, RecorderPool, SLOW_WRITE_MS,
    SYNC_THREADS, WRITE_THREADS,
};
pub use recorder::{RecordError, RecordResult, Recorder};
pub use tail_plan::{TailReport, TornTail, TornTailRule};
pub use ticket::Ticket;
pub use time::{LocalTime, line_time};
pub use writer::{Reopened, Resumed, RolloutWriter, WriterState};
