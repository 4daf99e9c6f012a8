//! The calls that organise threads: sections, projects, and what else has no place in a rollout.
//!
//! As `dispatch.rs`, for its families: decodes, says what a call waits for, runs it. One variant and three lines per method.

use codex_protocol::rpc::attachment::{
    ThreadAttachmentAddParams, ThreadAttachmentListParams, ThreadAttachmentOwnerListParams,
    ThreadAttachmentRemoveParams,
};
use codex_protocol::rpc::envelope::RequestId;
use codex_protocol::rpc::goal::{ThreadGoalClearParams, ThreadGoalGetParams, ThreadGoalSetParams};
use codex_protocol::rpc::project::{
    ProjectCreateParams, ProjectDeleteParams, ProjectImportParams, ProjectListParams, ProjectMoveParams,
    ProjectReadParams, ProjectUpdateParams,
};
use codex_protocol::rpc::queue::{
    ThreadQueueAddParams, ThreadQueueDeleteParams, ThreadQueueListParams, ThreadQueueReorderParams,
    ThreadQueueStartParams, ThreadQueueUpdateParams,
};
use codex_protocol::rpc::read_state::ThreadReadStateUpdateParams;
use codex_protocol::rpc::section::{
    ThreadSectionCreateParams, ThreadSectionDeleteParams, ThreadSectionListParams, ThreadSectionMoveParams,
    ThreadSectionUpdateParams,
};
use serde_json::Value;

use crate::dispatch::{Cx, Ordered, Told, decode, told};
use crate::handlers::{attachment, goal, project, queue, read_state, section};
use crate::live::Notice;
use crate::order::Access;
use crate::rpc_error::RpcResult;

/// Key of the requests about projects, of whichever connection.
const PROJECTS: &str = "project";
/// Key of the requests about sections, of whichever connection.
const SECTIONS: &str = "threadSection";

/// A decoded call of a family that organises threads.
#[derive(Debug)]
pub(crate) enum OrganiseCall {
    ProjectCreate(ProjectCreateParams),
    ProjectDelete(ProjectDeleteParams),
    ProjectImport(ProjectImportParams),
    ProjectList(ProjectListParams),
    ProjectMove(ProjectMoveParams),
    ProjectRead(ProjectReadParams),
    ProjectUpdate(ProjectUpdateParams),
    AttachmentAdd(ThreadAttachmentAddParams),
    AttachmentList(ThreadAttachmentListParams),
    AttachmentOwners(ThreadAttachmentOwnerListParams),
    AttachmentRemove(ThreadAttachmentRemoveParams),
    GoalClear(ThreadGoalClearParams),
    GoalGet(ThreadGoalGetParams),
    GoalSet(ThreadGoalSetParams),
    QueueAdd(ThreadQueueAddParams),
    QueueDelete(ThreadQueueDeleteParams),
    QueueList(ThreadQueueListParams),
    QueueReorder(ThreadQueueReorderParams),
    QueueStart(ThreadQueueStartParams),
    QueueUpdate(ThreadQueueUpdateParams),
    ReadStateUpdate(ThreadReadStateUpdateParams),
    SectionCreate(ThreadSectionCreateParams),
    SectionDelete(ThreadSectionDeleteParams),
    SectionList(ThreadSectionListParams),
    SectionMove(ThreadSectionMoveParams),
    SectionUpdate(ThreadSectionUpdateParams),
}

impl OrganiseCall {
    /// Decodes the parameters of a method; `None`, and the parameters stay, if it is not one of these.
    pub(crate) fn decode(name: &str, params: &mut Option<Value>) -> Option<RpcResult<Self>> {
        Some(match name {
            "project/create" => decode(params.take()).map(Self::ProjectCreate),
            "project/delete" => decode(params.take()).map(Self::ProjectDelete),
            "project/import" => decode(params.take()).map(Self::ProjectImport),
            "project/list" => decode(params.take()).map(Self::ProjectList),
            "project/move" => decode(params.take()).map(Self::ProjectMove),
            "project/read" => decode(params.take()).map(Self::ProjectRead),
            "project/update" => decode(params.take()).map(Self::ProjectUpdate),
            "thread/attachment/add" => decode(params.take()).map(Self::AttachmentAdd),
            "thread/attachment/list" => decode(params.take()).map(Self::AttachmentList),
            "thread/attachment/remove" => decode(params.take()).map(Self::AttachmentRemove),
            "thread/attachmentOwner/list" => decode(params.take()).map(Self::AttachmentOwners),
            "thread/goal/clear" => decode(params.take()).map(Self::GoalClear),
            "thread/goal/get" => decode(params.take()).map(Self::GoalGet),
            "thread/goal/set" => decode(params.take()).map(Self::GoalSet),
            "thread/queue/add" => decode(params.take()).map(Self::QueueAdd),
            "thread/queue/delete" => decode(params.take()).map(Self::QueueDelete),
            "thread/queue/list" => decode(params.take()).map(Self::QueueList),
            "thread/queue/reorder" => decode(params.take()).map(Self::QueueReorder),
            "thread/queue/start" => decode(params.take()).map(Self::QueueStart),
            "thread/queue/update" => decode(params.take()).map(Self::QueueUpdate),
            "thread/readState/update" => decode(params.take()).map(Self::ReadStateUpdate),
            "thread/section/move" => decode(params.take()).map(Self::SectionMove),
            "threadSection/create" => decode(params.take()).map(Self::SectionCreate),
            "threadSection/delete" => decode(params.take()).map(Self::SectionDelete),
            "threadSection/list" => decode(params.take()).map(Self::SectionList),
            "threadSection/update" => decode(params.take()).map(Self::SectionUpdate),
            _ => return None,
        })
    }

    /// Returns among which requests this one runs one at a time.
    pub(crate) fn ordered_by(&self) -> Ordered<'_> {
        match self {
            Self::ProjectCreate(_)
            | Self::ProjectDelete(_)
            | Self::ProjectImport(_)
            | Self::ProjectMove(_)
            | Self::ProjectUpdate(_) => Ordered::Globally(PROJECTS, Access::Alone),
            Self::ProjectList(_) | Self::ProjectRead(_) => Ordered::Globally(PROJECTS, Access::Shared),
            Self::AttachmentAdd(params) => Ordered::Changing(&params.thread_id),
            Self::AttachmentList(params) => Ordered::Reading(&params.thread_id),
            Self::AttachmentOwners(_) => Ordered::Freely,
            Self::AttachmentRemove(params) => Ordered::Changing(&params.thread_id),
            Self::GoalClear(params) => Ordered::Changing(&params.thread_id),
            Self::GoalGet(params) => Ordered::Reading(&params.thread_id),
            Self::GoalSet(params) => Ordered::Changing(&params.thread_id),
            Self::QueueAdd(params) => Ordered::Changing(&params.thread_id),
            Self::QueueDelete(params) => Ordered::Changing(&params.thread_id),
            Self::QueueList(params) => Ordered::Reading(&params.thread_id),
            Self::QueueReorder(params) => Ordered::Changing(&params.thread_id),
            Self::QueueStart(params) => Ordered::Changing(&params.thread_id),
            Self::QueueUpdate(params) => Ordered::Changing(&params.thread_id),
            Self::ReadStateUpdate(params) => Ordered::Changing(&params.thread_id),
            Self::SectionCreate(_) | Self::SectionDelete(_) | Self::SectionUpdate(_) => {
                Ordered::Globally(SECTIONS, Access::Alone)
            }
            Self::SectionList(_) => Ordered::Globally(SECTIONS, Access::Shared),
            Self::SectionMove(params) => Ordered::Changing(&params.thread_id),
        }
    }

    /// Runs the call and encodes its answer, with what is told before and after it.
    pub(crate) async fn run(self, cx: &Cx, id: RequestId) -> (Vec<Notice>, Vec<u8>, Vec<Notice>) {
        let server = &cx.server;
        match self {
            Self::ProjectCreate(params) => told(id, project::create(server, params).await),
            Self::ProjectDelete(params) => told(id, project::delete(cx, params).await),
            Self::ProjectImport(params) => told(id, project::import(server, params).await),
            Self::ProjectList(params) => told(id, project::list(server, params).await.map(Told::quietly)),
            Self::ProjectMove(params) => told(id, project::move_project(server, params).await),
            Self::ProjectRead(params) => told(id, project::read(server, params).await.map(Told::quietly)),
            Self::ProjectUpdate(params) => told(id, project::update(server, params).await),
            Self::AttachmentAdd(params) => told(id, attachment::add(cx, params).await),
            Self::AttachmentList(params) => told(id, attachment::list(server, params).await.map(Told::quietly)),
            Self::AttachmentOwners(params) => told(id, attachment::owners(server, params).await.map(Told::quietly)),
            Self::AttachmentRemove(params) => told(id, attachment::remove(cx, params).await),
            Self::GoalClear(params) => told(id, goal::clear(cx, params).await),
            Self::GoalGet(params) => told(id, goal::get(server, params).await.map(Told::quietly)),
            Self::GoalSet(params) => told(id, goal::set(cx, params).await),
            Self::QueueAdd(params) => told(id, queue::add(cx, params).await),
            Self::QueueDelete(params) => told(id, queue::delete(cx, params).await),
            Self::QueueList(params) => told(id, queue::list(server, params).await.map(Told::quietly)),
            Self::QueueReorder(params) => told(id, queue::reorder(cx, params).await),
            Self::QueueStart(params) => told::<()>(id, Err(queue::start(server, params).await)),
            Self::QueueUpdate(params) => told(id, queue::update(cx, params).await),
            Self::ReadStateUpdate(params) => told(id, read_state::update(cx, params).await),
            Self::SectionCreate(params) => told(id, section::create(server, params).await.map(Told::quietly)),
            Self::SectionDelete(params) => told(id, section::delete(server, params).await.map(Told::quietly)),
            Self::SectionList(params) => told(id, section::list(server, params).await.map(Told::quietly)),
            Self::SectionMove(params) => told(id, section::move_thread(cx, params).await),
            Self::SectionUpdate(params) => told(id, section::update(server, params).await.map(Told::quietly)),
        }
    }
}
