//! `rollout/compress` (`app-server-api.md` 3.24): makes cold rollouts small, behind the answer.
//!
//! Whoever asks is not told how it went; the log of the server is.

use std::sync::Arc;

use codex_protocol::rpc::diagnostics::RolloutCompressResponse;

use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// `rollout/compress`.
pub(crate) fn rollout_compress(server: &Server) -> RpcResult<RolloutCompressResponse> {
    if server.store.maintenance().is_none() {
        return Err(RpcError::unsupported("rollout/compress is not supported by this store"));
    }
    let store = Arc::clone(&server.store);
    tokio::spawn(async move {
        let Some(maintenance) = store.maintenance() else { return };
        match maintenance.compress().await {
            Ok(report) if !report.ran => tracing::info!("nothing compressed: another run was not long ago"),
            Ok(report) => {
                for (path, why) in &report.problems {
                    tracing::warn!(path = %path.display(), why, "a rollout stays plain");
                }
                tracing::info!(
                    compressed = report.compressed,
                    left_plain = report.left_plain,
                    plain_bytes = report.plain_bytes,
                    stored_bytes = report.stored_bytes,
                    "cold rollouts are compressed"
                );
            }
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "cold rollouts stay plain"),
        }
    });
    Ok(RolloutCompressResponse {})
}
