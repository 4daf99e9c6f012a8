//! The calls that organise threads: sections, projects, and what else has no place in a rollout.
//!
//! As `dispatch.rs`, for its families: decodes, says what a call waits for, runs it. One variant and three lines per method.

use codex_protocol::rpc::envelope::RequestId;
use codex_protocol::rpc::section::{
    ThreadSectionCreateParams, ThreadSectionDeleteParams, ThreadSectionListParams, ThreadSectionMoveParams,
    ThreadSectionUpdateParams,
};
use serde_json::Value;

use crate::dispatch::{Cx, Ordered, Told, decode, told};
use crate::handlers::section;
use crate::live::Notice;
use crate::order::Access;
use crate::rpc_error::RpcResult;

/// Key of the requests about sections, of whichever connection.
const SECTIONS: &str = "threadSection";

/// A decoded call of a family that organises threads.
#[derive(Debug)]
pub(crate) enum OrganiseCall {
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
            Self::SectionCreate(params) => told(id, section::create(server, params).await.map(Told::quietly)),
            Self::SectionDelete(params) => told(id, section::delete(server, params).await.map(Told::quietly)),
            Self::SectionList(params) => told(id, section::list(server, params).await.map(Told::quietly)),
            Self::SectionMove(params) => told(id, section::move_thread(cx, params).await),
            Self::SectionUpdate(params) => told(id, section::update(server, params).await.map(Told::quietly)),
        }
    }
}
