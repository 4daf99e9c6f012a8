//! `getConversationSummary` (`app-server-api.md` 3.24).
//!
//! By thread or by rollout file.

use std::path::PathBuf;

use codex_protocol::rpc::summary::{
    ConversationGitInfo, ConversationSummary, GetConversationSummaryParams, GetConversationSummaryResponse,
};
use codex_thread_store::{HistoryMode, StoreError, StoreResult, ThreadReadQuery, ThreadRecord, ThreadSelector, View};
use serde_json::Value;

use crate::cursor::iso_millis;
use crate::error_map::Failing;
use crate::rpc_error::RpcResult;
use crate::server::Server;

/// `getConversationSummary`.
pub(crate) async fn conversation_summary(
    server: &Server,
    params: GetConversationSummaryParams,
) -> RpcResult<GetConversationSummaryResponse> {
    let mut failing = Failing::new("getConversationSummary", server.view);
    let record = match params {
        GetConversationSummaryParams::ThreadId { conversation_id } => {
            failing = failing.about(conversation_id);
            let query = ThreadReadQuery {
                thread_id: conversation_id,
                view: server.view,
                turns: None,
            };
            server.store.read_thread(query).await
        }
        GetConversationSummaryParams::RolloutPath { rollout_path } => by_path(server, &rollout_path).await,
    };
    let record = record.map_err(|error| failing.error(error))?;
    Ok(GetConversationSummaryResponse {
        summary: summary(record, server.view),
    })
}

async fn by_path(server: &Server, path: &str) -> StoreResult<ThreadRecord> {
    let path = PathBuf::from(&server.identity.home).join(path);
    let found = server.store.resolve(&ThreadSelector::Path(path.clone())).await?;
    found.into_iter().next().ok_or(StoreError::RolloutPathNotFound { path })
}

fn summary(mut record: ThreadRecord, view: View) -> ConversationSummary {
    if view == View::Codex && record.history_mode == HistoryMode::Legacy {
        // Codex reads the header only and takes its time for the last change too.
        record.updated_at_ms = record.created_at_ms;
    }
    ConversationSummary {
        conversation_id: record.thread_id.to_string(),
        path: record.path.display().to_string(),
        preview: record.preview,
        timestamp: Some(iso_millis(record.created_at_ms)),
        updated_at: Some(iso_millis(record.updated_at_ms)),
        model_provider: record.model_provider,
        cwd: record.cwd,
        cli_version: record.cli_version,
        source: serde_json::to_value(&record.source).unwrap_or(Value::Null),
        git_info: record.git.map(|git| ConversationGitInfo {
            sha: git.sha,
            branch: git.branch,
            origin_url: git.origin_url,
        }),
    }
}
