//! The boundary between the engine and everything that serves it.
//!
//! Declares the [`ThreadStore`] trait with its capability traits, the domain types that cross it, and the stores that
//! implement it. Knows both the log and the index; knows nothing of JSON-RPC.

mod answer_room;
mod clock;
pub mod conformance;
mod damage;
mod error;
pub mod fs;
mod history_filter;
mod history_query;
mod history_rank;
mod lifecycle;
pub mod live;
mod local;
mod memory;
pub mod organise;
mod record_bytes;
mod report;
mod store;
mod successor;
mod thread_row;
mod token_use;
mod trash;
mod types;
mod writes;

pub use answer_room::AnswerRoom;
pub use clock::Clock;
pub use codex_state::query;
pub use error::{StoreError, StoreErrorKind, StoreResult};
pub use history_query::{
    HistoryAnchor, HistoryFacets, HistoryHit, HistoryIncomplete, HistoryKey, HistoryOrder, HistoryPage, HistoryQuery,
    HistoryThread, HitItem,
};
pub use lifecycle::{ForkAttachment, ForkCut, ForkOverrides, ForkRequest, InheritedHistory, ThreadLifecycle};
pub use local::{EmptyFolder, LocalStore, LocalStoreOptions, Watching};
pub use memory::{MemoryRollout, MemoryStore};
pub use report::{
    CompressionReport, Damage, DamageKind, DoctorFinding, DoctorReport, HomeReport, IndexReport, IndexState,
    IndexStateKind, VerifyReport,
};
pub use store::{
    IndexProgress, IndexStep, KeptByCodex, SharedTurnSink, StoreMaintenance, ThreadSearch, ThreadStore, TurnSink,
};
pub use trash::{RestoreObstacle, ThreadTrash, TrashEntry, TrashPage, TrashQuery, TrashSelection, Trashed};
pub use types::{
    Anchor, ArchivedFilter, Direction, GitInfo, GroupFilter, HistoryMode, ItemAnchor, ItemEntry, ItemPage,
    ItemPageQuery, ItemsView, ListPage, ListQuery, ListSort, Occurrence, OccurrenceAnchor, OccurrencePage,
    OccurrenceQuery, Position, RelationFilter, SearchHit, SearchPage, SearchQuery, SourceFilter, ThreadAnchor,
    ThreadReadQuery, ThreadRecord, ThreadSection, ThreadSelector, TimelineAnchor, TimelineEntry, TimelineEntryKind,
    TimelinePage, TimelineQuery, TurnAnchor, TurnPage, TurnPageQuery, TurnRecord, View,
};
pub use writes::{
    AppendAck, Durability, DurableLine, GitPatch, MemoryMode, MetadataPatch, ModelContext, NewThread, OpenThread,
    OrdinalRange, StoredLines, ThreadWrites, TokenUse, WriterKey,
};
