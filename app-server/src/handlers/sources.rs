//! Source kinds of the wire as filters of the store.
//!
//! Pure.

use codex_protocol::rpc::list::ThreadSourceKind;
use codex_thread_store::SourceFilter;

/// Converts wanted kinds; none at all means the interactive ones.
pub(super) fn filters(kinds: Option<Vec<ThreadSourceKind>>) -> Option<Vec<SourceFilter>> {
    kinds
        .filter(|kinds| !kinds.is_empty())
        .map(|kinds| kinds.into_iter().map(filter).collect())
}

/// Tells whether only sub-agents are wanted; such lists show parents.
pub(super) fn only_sub_agents(kinds: Option<&[SourceFilter]>) -> bool {
    kinds.is_some_and(|kinds| kinds.iter().copied().all(is_sub_agent))
}

fn filter(kind: ThreadSourceKind) -> SourceFilter {
    match kind {
        ThreadSourceKind::Cli => SourceFilter::Cli,
        ThreadSourceKind::Vscode => SourceFilter::Vscode,
        ThreadSourceKind::Exec => SourceFilter::Exec,
        ThreadSourceKind::AppServer => SourceFilter::AppServer,
        ThreadSourceKind::SubAgent => SourceFilter::SubAgent,
        ThreadSourceKind::SubAgentReview => SourceFilter::SubAgentReview,
        ThreadSourceKind::SubAgentCompact => SourceFilter::SubAgentCompact,
        ThreadSourceKind::SubAgentThreadSpawn => SourceFilter::SubAgentThreadSpawn,
        ThreadSourceKind::SubAgentOther => SourceFilter::SubAgentOther,
        ThreadSourceKind::Unknown => SourceFilter::Unknown,
    }
}

fn is_sub_agent(filter: SourceFilter) -> bool {
    match filter {
        SourceFilter::SubAgent
        | SourceFilter::SubAgentReview
        | SourceFilter::SubAgentCompact
        | SourceFilter::SubAgentThreadSpawn
        | SourceFilter::SubAgentOther => true,
        SourceFilter::Cli
        | SourceFilter::Vscode
        | SourceFilter::Exec
        | SourceFilter::AppServer
        | SourceFilter::Unknown => false,
    }
}
