//! `thread/indexState`, an addition of this project (design section 6).
//!
//! Shows how far the index of a thread is, and what is damaged.

use codex_protocol::rpc::diagnostics::{
    ThreadDamage, ThreadDamageKind, ThreadIndexStateKind, ThreadIndexStateParams, ThreadIndexStateResponse,
};
use codex_thread_store::{Damage, DamageKind, IndexStateKind};

use super::ids;
use crate::error_map::Failing;
use crate::rpc_error::RpcResult;
use crate::server::Server;

/// `thread/indexState`.
pub(crate) async fn index_state(
    server: &Server,
    params: ThreadIndexStateParams,
) -> RpcResult<ThreadIndexStateResponse> {
    let failing = Failing::new("thread/indexState", server.view);
    let state = server.store.index_state(ids::thread_id(&params.thread_id)?).await;
    let state = state.map_err(|error| failing.error(error))?;
    Ok(ThreadIndexStateResponse {
        projected_offset: state.projected_offset,
        file_bytes: state.file_bytes,
        lag_bytes: state.lag_bytes,
        state: match state.state {
            IndexStateKind::Current => ThreadIndexStateKind::Current,
            IndexStateKind::Behind => ThreadIndexStateKind::Behind,
            IndexStateKind::Rebuilding => ThreadIndexStateKind::Rebuilding,
            IndexStateKind::Damaged => ThreadIndexStateKind::Damaged,
        },
        damage: state.damage.into_iter().map(damage).collect(),
    })
}

fn damage(damage: Damage) -> ThreadDamage {
    ThreadDamage {
        rollout_id: damage.rollout_id.to_string(),
        offset: damage.offset,
        length: damage.length,
        kind: match damage.kind {
            DamageKind::MalformedJson => ThreadDamageKind::MalformedJson,
            DamageKind::UnknownLine => ThreadDamageKind::UnknownLine,
            DamageKind::InvalidUtf8 => ThreadDamageKind::InvalidUtf8,
            DamageKind::MissingOrdinal => ThreadDamageKind::MissingOrdinal,
            DamageKind::RegressedOrdinal => ThreadDamageKind::RegressedOrdinal,
            DamageKind::OrdinalGap => ThreadDamageKind::OrdinalGap,
            DamageKind::InvalidTimestamp => ThreadDamageKind::InvalidTimestamp,
            DamageKind::Oversized => ThreadDamageKind::Oversized,
            DamageKind::TornTail => ThreadDamageKind::TornTail,
        },
    }
}
