//! What an agent needs to continue a thread: the latest usable compaction and what follows it (format section 6.1).
//!
//! Only declares and re-exports.

mod error;
mod load;
mod scan;

#[cfg(test)]
mod model_context_tests;

pub use error::ModelContextError;
pub use load::{ContextLine, ContextReach, ContextSegment, ModelContext, load_model_context, visit_model_context};
