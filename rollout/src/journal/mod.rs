//! The durable journal of facts that have no place in a rollout (design sections 2 and 3).
//!
//! Only declares and re-exports.

mod compact;
mod error;
mod fact;
mod line;
mod manifest;
mod reader;
mod writer;

pub use error::{JournalError, JournalResult};
pub use fact::{FactKind, JournalFact, SEEN_KEY_SEPARATOR};
pub use line::MAX_FACT_BYTES;
pub use manifest::{TRASH_FOLDER, TrashFile, TrashHeader, TrashManifests, TrashName, TrashState, leads_below};
pub use reader::{JournalDamage, JournalPosition, JournalRead, StoredFact};
pub use writer::{JOURNAL_FILE, JOURNAL_FOLDER, Journal};
