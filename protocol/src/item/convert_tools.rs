//! The mapping of stored tool calls to served ones (format 4, 13.3, 13.4).
//!
//! Never looks at anything but the item itself.

use super::convert::{agent_state, command_action, redacted};
use super::stored::{StoredDuration, StoredWebSearchAction};
use super::stored_enums::{
    StoredCollabStatus, StoredCollabTool, StoredCommandSource, StoredCommandStatus, StoredDynamicStatus,
};
use super::thread_item::{
    CollabAgentToolCallThreadItem, CommandExecutionThreadItem, DynamicToolCallThreadItem, ImageGenerationThreadItem,
    McpToolCallThreadItem, SleepThreadItem, ThreadItem, WebSearchThreadItem,
};
use super::tools::{
    CollabAgentToolCallItem, CommandExecutionItem, DynamicToolCallItem, ExtensionItem, ImageGenerationItem,
    McpToolCallItem, WebSearchItem,
};
use super::wire_tools::{
    CollabAgentTool, CollabAgentToolCallStatus, CommandExecutionSource, CommandExecutionStatus, DynamicToolCallStatus,
    McpToolCallAppContext, McpToolCallResult, WebFindInPage, WebOpenPage, WebSearchAction, WebSearchTerms,
};
use crate::text::{file_uri_to_path, shell_join};

impl From<CommandExecutionItem> for CommandExecutionThreadItem {
    fn from(item: CommandExecutionItem) -> Self {
        let cwd = file_uri_to_path(&item.cwd).into_owned();
        Self {
            command: redacted(shell_join(&item.command)),
            command_actions: item
                .parsed_cmd
                .into_iter()
                .filter_map(|action| command_action(action, &cwd))
                .collect(),
            cwd,
            id: item.id,
            plugin_id: item.plugin_id,
            script_path: item.script_path,
            process_id: item.process_id,
            source: item.source.into(),
            status: item.status.into(),
            aggregated_output: item.aggregated_output.filter(|output| !output.is_empty()),
            exit_code: item.exit_code,
            duration_ms: item.duration.map(StoredDuration::as_millis),
        }
    }
}

impl From<DynamicToolCallItem> for DynamicToolCallThreadItem {
    fn from(item: DynamicToolCallItem) -> Self {
        Self {
            id: item.id,
            namespace: item.namespace,
            tool: item.tool,
            arguments: item.arguments,
            status: item.status.into(),
            content_items: item.content_items,
            success: item.success,
            duration_ms: item.duration.map(StoredDuration::as_millis),
        }
    }
}

impl From<CollabAgentToolCallItem> for CollabAgentToolCallThreadItem {
    fn from(item: CollabAgentToolCallItem) -> Self {
        Self {
            id: item.id,
            tool: item.tool.into(),
            status: item.status.into(),
            sender_thread_id: item.sender_thread_id,
            receiver_thread_ids: item.receiver_thread_ids,
            prompt: item.prompt,
            model: item.model,
            reasoning_effort: item.reasoning_effort,
            agents_states: item
                .agents_states
                .into_iter()
                .map(|(thread_id, status)| (thread_id, agent_state(status)))
                .collect(),
        }
    }
}

impl From<WebSearchItem> for WebSearchThreadItem {
    fn from(item: WebSearchItem) -> Self {
        Self {
            id: item.id,
            query: item.query,
            action: item.action.map(WebSearchAction::from),
            results: item.results,
        }
    }
}

impl From<ImageGenerationItem> for ImageGenerationThreadItem {
    fn from(item: ImageGenerationItem) -> Self {
        Self {
            id: item.id,
            status: item.status,
            revised_prompt: item.revised_prompt,
            result: Some(item.result),
            file_id: None,
            transparent_background: item.transparent_background,
            failure: item.failure,
            generation_id: None,
            saved_path: item.saved_path,
            input_images: None,
        }
    }
}

impl From<ExtensionItem> for ThreadItem {
    fn from(item: ExtensionItem) -> Self {
        match item {
            ExtensionItem::ImageGeneration(item) => {
                let item = *item;
                Self::ImageGeneration(Box::new(ImageGenerationThreadItem {
                    id: item.id,
                    status: item.status,
                    revised_prompt: item.revised_prompt,
                    result: item.result,
                    file_id: item.file_id,
                    transparent_background: item.transparent_background,
                    failure: item.failure,
                    generation_id: item.generation_id,
                    saved_path: item.saved_path,
                    input_images: item.input_images,
                }))
            }
            ExtensionItem::Sleep(item) => Self::Sleep(SleepThreadItem {
                id: item.id,
                duration_ms: item.duration_ms,
            }),
            ExtensionItem::WebSearch(item) => Self::WebSearch(WebSearchThreadItem {
                id: item.id,
                query: item.query,
                action: item.action,
                results: item.results,
            }),
        }
    }
}

impl From<McpToolCallItem> for McpToolCallThreadItem {
    fn from(item: McpToolCallItem) -> Self {
        let resource_uri = item.mcp_app_resource_uri;
        let (link_id, app_name, action_name) = (item.link_id, item.app_name, item.action_name);
        let app_context = item.connector_id.map(|connector_id| McpToolCallAppContext {
            connector_id,
            link_id,
            resource_uri: resource_uri.clone(),
            app_name,
            action_name,
        });
        Self {
            id: item.id,
            server: item.server,
            tool: item.tool,
            status: item.status,
            arguments: item.arguments,
            app_context,
            mcp_app_resource_uri: resource_uri,
            mcp_app_ui: item.mcp_app_ui,
            plugin_id: item.plugin_id,
            read_only_hint: item.read_only_hint,
            result: item.result.map(|result| McpToolCallResult {
                content: result.content,
                structured_content: result.structured_content,
                meta: result.meta,
            }),
            error: item.error,
            duration_ms: item.duration.map(StoredDuration::as_millis),
        }
    }
}

impl From<StoredWebSearchAction> for WebSearchAction {
    fn from(action: StoredWebSearchAction) -> Self {
        match action {
            StoredWebSearchAction::Search(search) => Self::Search(WebSearchTerms {
                query: search.query,
                queries: search.queries,
            }),
            StoredWebSearchAction::OpenPage(page) => Self::OpenPage(WebOpenPage { url: page.url }),
            StoredWebSearchAction::FindInPage(find) => Self::FindInPage(WebFindInPage {
                url: find.url,
                pattern: find.pattern,
            }),
            StoredWebSearchAction::Other(_) => Self::Other,
        }
    }
}

macro_rules! same_words {
    ($($stored:ident => $wire:ident { $($variant:ident),+ $(,)? })+) => { $(
        impl From<$stored> for $wire {
            fn from(word: $stored) -> Self {
                match word { $( $stored::$variant => Self::$variant ),+ }
            }
        }
    )+ };
}

same_words! {
    StoredCommandStatus => CommandExecutionStatus { InProgress, Completed, Failed, Declined }
    StoredCommandSource => CommandExecutionSource {
        Agent, UserShell, UnifiedExecStartup, UnifiedExecInteraction,
    }
    StoredDynamicStatus => DynamicToolCallStatus { InProgress, Completed, Failed }
    StoredCollabStatus => CollabAgentToolCallStatus { InProgress, Completed, Failed, Interrupted }
    StoredCollabTool => CollabAgentTool {
        SpawnAgent, SendInput, ResumeAgent, Wait, CloseAgent, SendMessage, FollowupTask,
        InterruptAgent, ListAgents,
    }
}
