//! The canonicalizer: raw records of an agent to the lines that a rollout keeps (design section 4).
//!
//! Only declares and re-exports. Pure: no clock, no disk, no randomness.

mod batch;
mod canonicalizer;
mod draft;
mod error;
mod event_items;
mod input;
mod json_text;
mod link;
mod members;
mod policy;
mod raw_item;
mod reasoning;
mod record_items;
mod response_ids;
mod turns;

pub use batch::{DropReason, Dropped, DurableBatch, DurableLine, GivenIds, LiveEvent, LiveId, LiveItem};
pub use canonicalizer::{CanonicalOptions, Canonicalizer, EventStyle, IdSource, ItemIdFeature};
pub use error::{CanonicalError, MissingId, Rejection, TurnFault};
pub use json_text::JsonTextFault;
pub use raw_item::{ItemOrigin, RawItem};
