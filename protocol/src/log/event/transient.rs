//! Which event kinds are known but never durable (format 3.1, last row).
//!
//! A list of names. Old files hold some of them; they are skipped without being damage.

/// Families by ending: every begin, delta, and request.
const ENDINGS: [&str; 3] = ["_begin", "_delta", "_request"];

/// Families by beginning.
const BEGINNINGS: [&str; 4] = ["mcp_startup_", "realtime_", "environment_", "remote_skill_"];

/// Single kinds, of 0.169 and of older versions.
const KINDS: [&str; 43] = [
    "agent_reasoning_section_break",
    "background_event",
    "context_window_updated",
    "conversation_path",
    "deprecation_notice",
    "elicitation_complete",
    "get_history_entry_response",
    "guardian_warning",
    "history_entry_response",
    "hook_completed",
    "hook_started",
    "list_custom_prompts_response",
    "list_remote_skills_response",
    "list_skills_response",
    "mcp_list_tools_response",
    "mcp_startup_complete",
    "model_reroute",
    "model_verification",
    "notification",
    "patch_apply_updated",
    "plan_update",
    "raw_response_completed",
    "raw_response_item",
    "request_permissions",
    "request_user_input",
    "safety_buffering",
    "session_configured",
    "shutdown_complete",
    "skills_update_available",
    "stream_error",
    "stream_info",
    "terminal_interaction",
    "thread_name_updated",
    "thread_queue_changed",
    "turn_diff",
    "turn_moderation_metadata",
    "undo_completed",
    "undo_started",
    "user_input_answered",
    "user_shell_command",
    "warning",
    "web_search_updated",
    "exec_command_updated",
];

/// Tells whether events of this kind are known and never kept today.
pub(super) fn is_transient_kind(kind: &str) -> bool {
    KINDS.contains(&kind)
        || ENDINGS.iter().any(|ending| kind.ends_with(ending))
        || BEGINNINGS.iter().any(|beginning| kind.starts_with(beginning))
}
