//! The boundary between the engine and everything that serves it.
//!
//! Declares the [`ThreadStore`] trait with its capability traits, the domain types that cross it, and the stores that
//! implement it. Knows both the log and the index; knows nothing of JSON-RPC.

mod clock;
mod error;
pub mod fs;
mod local;
mod store;
mod types;

pub use clock::Clock;
pub use error::{StoreError, StoreErrorKind, StoreResult};
pub use local::{LocalStore, LocalStoreOptions};
pub use store::{IndexProgress, StoreMaintenance, ThreadSearch, ThreadStore};
pub use types::{
    Anchor, ArchivedFilter, Damage, DamageKind, Direction, DoctorFinding, DoctorReport, GitInfo, HistoryMode,
    IndexReport, IndexState, IndexStateKind, ItemAnchor, ItemEntry, ItemPage, ItemPageQuery, ItemsView,
    ListPage, ListQuery, ListSort, Occurrence, OccurrenceAnchor, OccurrencePage, OccurrenceQuery, Position,
    RelationFilter, SearchHit, SearchPage, SearchQuery, SourceFilter, ThreadAnchor, ThreadReadQuery, ThreadRecord,
    ThreadSelector, TimelineAnchor, TimelineEntry, TimelineEntryKind, TimelinePage, TimelineQuery, TurnAnchor,
    TurnPage, TurnPageQuery, TurnRecord, VerifyReport, View,
};
