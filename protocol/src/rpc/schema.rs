//! Machine-readable descriptions of the wire: JSON Schema and TypeScript.
//!
//! Pure functions from nothing to texts by file name; writing them is the caller's business.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use ts_rs::{Config, TS, TypeVisitor};

use super::append::{ThreadAppendParams, ThreadAppendResponse};
use super::attachment::{
    ThreadAttachmentAddParams, ThreadAttachmentAddResponse, ThreadAttachmentListParams, ThreadAttachmentListResponse,
    ThreadAttachmentOwnerListParams, ThreadAttachmentOwnerListResponse, ThreadAttachmentRemoveParams,
    ThreadAttachmentRemoveResponse, ThreadAttachmentUpdatedNotification,
};
use super::change::{
    ThreadInjectItemsParams, ThreadInjectItemsResponse, ThreadMemoryModeSetParams, ThreadMemoryModeSetResponse,
    ThreadMetadataUpdateParams, ThreadMetadataUpdateResponse, ThreadSetNameParams, ThreadSetNameResponse,
    ThreadUnsubscribeParams, ThreadUnsubscribeResponse,
};
use super::diagnostics::{
    RolloutCompressParams, RolloutCompressResponse, ServerDiagnosticsParams, ServerDiagnosticsResponse,
    ThreadIndexStateParams, ThreadIndexStateResponse,
};
use super::envelope::{ErrorResponse, RequestId};
use super::goal::{
    ThreadGoalClearParams, ThreadGoalClearResponse, ThreadGoalClearedNotification, ThreadGoalGetParams,
    ThreadGoalGetResponse, ThreadGoalSetParams, ThreadGoalSetResponse, ThreadGoalUpdatedNotification,
};
use super::history::{HistoryQueryFault, HistorySearchParams, HistorySearchResponse};
use super::indexing::{IndexProgressNotification, IndexStateParams, IndexStateResponse};
use super::initialize::{InitializeParams, InitializeResponse};
use super::items::{ThreadItemsListParams, ThreadItemsListResponse, ThreadItemsReadParams, ThreadItemsReadResponse};
use super::lifecycle::{
    ThreadArchiveParams, ThreadArchiveResponse, ThreadArchivedNotification, ThreadDeleteParams, ThreadDeleteResponse,
    ThreadDeletedNotification, ThreadForkParams, ThreadForkResponse, ThreadRevertParams, ThreadRevertResponse,
    ThreadRevertedNotification, ThreadUnarchiveParams, ThreadUnarchiveResponse, ThreadUnarchivedNotification,
};
use super::list::{ThreadListParams, ThreadListResponse, ThreadLoadedListParams, ThreadLoadedListResponse};
use super::live::{
    DeprecationNoticeNotification, ItemCompletedNotification, ItemStartedNotification, ThreadClosedNotification,
    ThreadNameUpdatedNotification, ThreadReadStateChangedNotification, ThreadStartedNotification,
    ThreadStatusChangedNotification, ThreadTokenUsageUpdatedNotification, TurnCompletedNotification,
    TurnStartedNotification,
};
use super::notification::{ConfigWarningNotification, RemoteControlStatusChangedNotification};
use super::project::{
    ProjectChangedNotification, ProjectCreateParams, ProjectCreateResponse, ProjectDeleteParams, ProjectDeleteResponse,
    ProjectImportParams, ProjectImportResponse, ProjectListParams, ProjectListResponse, ProjectMoveParams,
    ProjectMoveResponse, ProjectReadParams, ProjectReadResponse, ProjectUpdateParams, ProjectUpdateResponse,
    ThreadProjectUpdatedNotification,
};
use super::queue::{
    ThreadQueueAddParams, ThreadQueueAddResponse, ThreadQueueChangedNotification, ThreadQueueDeleteParams,
    ThreadQueueDeleteResponse, ThreadQueueListParams, ThreadQueueListResponse, ThreadQueueReorderParams,
    ThreadQueueReorderResponse, ThreadQueueUpdateParams, ThreadQueueUpdateResponse,
};
use super::read_state::{ThreadReadStateConflict, ThreadReadStateUpdateParams, ThreadReadStateUpdateResponse};
use super::resume::{ThreadResumeParams, ThreadResumeResponse};
use super::search::{
    ThreadSearchOccurrencesParams, ThreadSearchOccurrencesResponse, ThreadSearchParams, ThreadSearchResponse,
};
use super::section::{
    ThreadSectionChangedNotification, ThreadSectionCreateParams, ThreadSectionCreateResponse,
    ThreadSectionDeleteParams, ThreadSectionDeleteResponse, ThreadSectionListParams, ThreadSectionListResponse,
    ThreadSectionMoveParams, ThreadSectionMoveResponse, ThreadSectionUpdateParams, ThreadSectionUpdateResponse,
};
use super::start::{ThreadStartParams, ThreadStartResponse};
use super::summary::{GetConversationSummaryParams, GetConversationSummaryResponse};
use super::thread::{ThreadReadParams, ThreadReadResponse};
use super::timeline::{ThreadTimelineListParams, ThreadTimelineListResponse};
use super::trash::{
    ThreadRestoredNotification, ThreadTrashEmptyParams, ThreadTrashEmptyResponse, ThreadTrashListParams,
    ThreadTrashListResponse, ThreadTrashRestoreParams, ThreadTrashRestoreResponse,
};
use super::turn::{ThreadTurnsListParams, ThreadTurnsListResponse};

/// Generated texts by file name relative to the output folder.
pub type GeneratedFiles = BTreeMap<String, String>;

/// Which side of the wire a type is on; decides whether a defaulted member is required.
#[derive(Clone, Copy)]
enum Side {
    /// Clients send it.
    Received,
    /// The server sends it.
    Sent,
}

/// Receives every described type once.
trait TypeSink {
    fn add<T: JsonSchema + TS + 'static>(&mut self, side: Side);
}

/// Names of the parameter and result types of a served method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodTypes {
    /// The method.
    pub method: &'static str,
    /// Type of its parameters.
    pub params: &'static str,
    /// Type of its result.
    pub result: &'static str,
}

macro_rules! served_methods {
    ($($method:literal: $params:ident => $result:ident,)*) => {
        /// The types of every described method.
        pub const METHOD_TYPES: &[MethodTypes] = &[
            $(MethodTypes { method: $method, params: stringify!($params), result: stringify!($result) },)*
        ];

        fn describe_methods(sink: &mut impl TypeSink) {
            $(
                sink.add::<$params>(Side::Received);
                sink.add::<$result>(Side::Sent);
            )*
        }
    };
}

served_methods! {
    "initialize": InitializeParams => InitializeResponse,
    "thread/start": ThreadStartParams => ThreadStartResponse,
    "thread/resume": ThreadResumeParams => ThreadResumeResponse,
    "thread/fork": ThreadForkParams => ThreadForkResponse,
    "thread/revert": ThreadRevertParams => ThreadRevertResponse,
    "thread/archive": ThreadArchiveParams => ThreadArchiveResponse,
    "thread/unarchive": ThreadUnarchiveParams => ThreadUnarchiveResponse,
    "thread/delete": ThreadDeleteParams => ThreadDeleteResponse,
    "thread/trash/list": ThreadTrashListParams => ThreadTrashListResponse,
    "thread/trash/restore": ThreadTrashRestoreParams => ThreadTrashRestoreResponse,
    "thread/trash/empty": ThreadTrashEmptyParams => ThreadTrashEmptyResponse,
    "index/state": IndexStateParams => IndexStateResponse,
    "thread/unsubscribe": ThreadUnsubscribeParams => ThreadUnsubscribeResponse,
    "thread/append": ThreadAppendParams => ThreadAppendResponse,
    "thread/inject_items": ThreadInjectItemsParams => ThreadInjectItemsResponse,
    "thread/name/set": ThreadSetNameParams => ThreadSetNameResponse,
    "thread/metadata/update": ThreadMetadataUpdateParams => ThreadMetadataUpdateResponse,
    "thread/memoryMode/set": ThreadMemoryModeSetParams => ThreadMemoryModeSetResponse,
    "thread/list": ThreadListParams => ThreadListResponse,
    "thread/loaded/list": ThreadLoadedListParams => ThreadLoadedListResponse,
    "project/create": ProjectCreateParams => ProjectCreateResponse,
    "project/delete": ProjectDeleteParams => ProjectDeleteResponse,
    "project/import": ProjectImportParams => ProjectImportResponse,
    "project/list": ProjectListParams => ProjectListResponse,
    "project/move": ProjectMoveParams => ProjectMoveResponse,
    "project/read": ProjectReadParams => ProjectReadResponse,
    "project/update": ProjectUpdateParams => ProjectUpdateResponse,
    "thread/attachment/add": ThreadAttachmentAddParams => ThreadAttachmentAddResponse,
    "thread/attachment/list": ThreadAttachmentListParams => ThreadAttachmentListResponse,
    "thread/attachment/remove": ThreadAttachmentRemoveParams => ThreadAttachmentRemoveResponse,
    "thread/attachmentOwner/list": ThreadAttachmentOwnerListParams => ThreadAttachmentOwnerListResponse,
    "thread/goal/clear": ThreadGoalClearParams => ThreadGoalClearResponse,
    "thread/goal/get": ThreadGoalGetParams => ThreadGoalGetResponse,
    "thread/goal/set": ThreadGoalSetParams => ThreadGoalSetResponse,
    "thread/queue/add": ThreadQueueAddParams => ThreadQueueAddResponse,
    "thread/queue/delete": ThreadQueueDeleteParams => ThreadQueueDeleteResponse,
    "thread/queue/list": ThreadQueueListParams => ThreadQueueListResponse,
    "thread/queue/reorder": ThreadQueueReorderParams => ThreadQueueReorderResponse,
    "thread/queue/update": ThreadQueueUpdateParams => ThreadQueueUpdateResponse,
    "thread/readState/update": ThreadReadStateUpdateParams => ThreadReadStateUpdateResponse,
    "thread/section/move": ThreadSectionMoveParams => ThreadSectionMoveResponse,
    "threadSection/create": ThreadSectionCreateParams => ThreadSectionCreateResponse,
    "threadSection/delete": ThreadSectionDeleteParams => ThreadSectionDeleteResponse,
    "threadSection/list": ThreadSectionListParams => ThreadSectionListResponse,
    "threadSection/update": ThreadSectionUpdateParams => ThreadSectionUpdateResponse,
    "thread/read": ThreadReadParams => ThreadReadResponse,
    "thread/turns/list": ThreadTurnsListParams => ThreadTurnsListResponse,
    "thread/items/list": ThreadItemsListParams => ThreadItemsListResponse,
    "thread/items/read": ThreadItemsReadParams => ThreadItemsReadResponse,
    "thread/timeline/list": ThreadTimelineListParams => ThreadTimelineListResponse,
    "thread/search": ThreadSearchParams => ThreadSearchResponse,
    "thread/searchOccurrences": ThreadSearchOccurrencesParams => ThreadSearchOccurrencesResponse,
    "history/search": HistorySearchParams => HistorySearchResponse,
    "getConversationSummary": GetConversationSummaryParams => GetConversationSummaryResponse,
    "server/diagnostics": ServerDiagnosticsParams => ServerDiagnosticsResponse,
    "rollout/compress": RolloutCompressParams => RolloutCompressResponse,
    "thread/indexState": ThreadIndexStateParams => ThreadIndexStateResponse,
}

fn describe_all(sink: &mut impl TypeSink) {
    describe_methods(sink);
    sink.add::<RequestId>(Side::Sent);
    sink.add::<ErrorResponse>(Side::Sent);
    sink.add::<RemoteControlStatusChangedNotification>(Side::Sent);
    sink.add::<ConfigWarningNotification>(Side::Sent);
    sink.add::<DeprecationNoticeNotification>(Side::Sent);
    sink.add::<ThreadStartedNotification>(Side::Sent);
    sink.add::<IndexProgressNotification>(Side::Sent);
    sink.add::<ThreadStatusChangedNotification>(Side::Sent);
    sink.add::<ThreadClosedNotification>(Side::Sent);
    sink.add::<ThreadNameUpdatedNotification>(Side::Sent);
    sink.add::<ThreadArchivedNotification>(Side::Sent);
    sink.add::<ThreadUnarchivedNotification>(Side::Sent);
    sink.add::<ThreadDeletedNotification>(Side::Sent);
    sink.add::<ThreadRestoredNotification>(Side::Sent);
    sink.add::<ThreadRevertedNotification>(Side::Sent);
    sink.add::<ProjectChangedNotification>(Side::Sent);
    sink.add::<ThreadProjectUpdatedNotification>(Side::Sent);
    sink.add::<ThreadAttachmentUpdatedNotification>(Side::Sent);
    sink.add::<ThreadGoalUpdatedNotification>(Side::Sent);
    sink.add::<ThreadQueueChangedNotification>(Side::Sent);
    sink.add::<ThreadReadStateConflict>(Side::Sent);
    sink.add::<HistoryQueryFault>(Side::Sent);
    sink.add::<ThreadSectionChangedNotification>(Side::Sent);
    sink.add::<ThreadReadStateChangedNotification>(Side::Sent);
    sink.add::<ThreadGoalClearedNotification>(Side::Sent);
    sink.add::<ThreadTokenUsageUpdatedNotification>(Side::Sent);
    sink.add::<TurnStartedNotification>(Side::Sent);
    sink.add::<TurnCompletedNotification>(Side::Sent);
    sink.add::<ItemStartedNotification>(Side::Sent);
    sink.add::<ItemCompletedNotification>(Side::Sent);
}

/// Generates one self-contained JSON Schema (draft 7) per parameter, result and notification type.
pub fn json_schema_files() -> GeneratedFiles {
    let mut sink = JsonSink {
        files: GeneratedFiles::new(),
    };
    describe_all(&mut sink);
    sink.files.insert("methods.json".to_owned(), pretty(&method_table()));
    sink.files
}

/// Generates one TypeScript module per type, and an `index.ts` that re-exports them all.
pub fn typescript_files() -> GeneratedFiles {
    let mut sink = TypeScriptSink {
        config: Config::new().with_large_int("number"),
        seen: HashSet::new(),
        files: GeneratedFiles::new(),
    };
    describe_all(&mut sink);
    let mut index = String::new();
    for name in sink.files.keys() {
        let module = name.trim_end_matches(".ts");
        index.push_str(&format!("export type {{ {module} }} from \"./{module}\";\n"));
    }
    sink.files.insert("index.ts".to_owned(), index);
    sink.files
}

fn method_table() -> Value {
    let entry = |types: &MethodTypes| {
        let names = Map::from_iter([
            ("params".to_owned(), Value::from(types.params)),
            ("result".to_owned(), Value::from(types.result)),
        ]);
        (types.method.to_owned(), Value::Object(names))
    };
    Value::Object(METHOD_TYPES.iter().map(entry).collect())
}

fn pretty(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a schema is plain JSON");
    text.push('\n');
    text
}

struct JsonSink {
    files: GeneratedFiles,
}

impl TypeSink for JsonSink {
    fn add<T: JsonSchema + TS + 'static>(&mut self, side: Side) {
        let settings = match side {
            Side::Received => SchemaSettings::draft07().for_deserialize(),
            Side::Sent => SchemaSettings::draft07().for_serialize(),
        };
        let schema = settings.into_generator().into_root_schema_for::<T>();
        self.files.insert(format!("{}.json", T::schema_name()), pretty(&schema));
    }
}

struct TypeScriptSink {
    config: Config,
    seen: HashSet<TypeId>,
    files: GeneratedFiles,
}

impl TypeSink for TypeScriptSink {
    fn add<T: JsonSchema + TS + 'static>(&mut self, _side: Side) {
        self.visit::<T>();
    }
}

impl TypeVisitor for TypeScriptSink {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        if T::output_path().is_some() {
            let text = T::export_to_string(&self.config).expect("a type with an output path has a declaration");
            self.files.insert(format!("{}.ts", T::ident(&self.config)), text);
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod schema_tests;
