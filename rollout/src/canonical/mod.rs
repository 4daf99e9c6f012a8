//! The canonicalizer: raw records of an agent to the lines that a rollout keeps (design section 4).
//!
//! Only declares and re-exports. Pure: no clock, no disk, no randomness.

mod batch;
mod canonical_items;
mod canonicalizer;
mod draft;
mod error;
mod input;
mod json_text;
mod legacy_items;
mod link;
mod members;
mod placing;
mod policy;
mod raw_item;
mod reasoning;
mod reasoning_items;
mod record_items;
mod response_ids;
mod turns;

pub use batch::{DropReason, Dropped, DurableBatch, DurableLine, GivenIds, LiveEvent, LiveId, LiveItem};
pub use canonicalizer::{CanonicalOptions, Canonicalizer, EventStyle, IdSource, ItemIdFeature};
pub use error::{CanonicalError, MissingId, Rejection, TurnFault};
pub use json_text::JsonTextFault;
pub use raw_item::{ItemOrigin, RawItem};

#[cfg(test)]
mod errors_tests;
#[cfg(test)]
mod forms_tests;
#[cfg(test)]
mod ids_tests;
#[cfg(test)]
mod json_text_tests;
#[cfg(test)]
mod test_agent;
