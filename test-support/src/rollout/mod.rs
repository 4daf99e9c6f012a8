//! Builds one rollout line by line, in the key order and line order of Codex 0.169.

mod builder;
mod context;
mod damage;
mod file;
mod header;
mod messages;
mod tools;
mod turns;

#[cfg(test)]
mod builder_tests;

pub use builder::RolloutBuilder;
pub use context::Usage;
pub use file::RolloutFile;
pub(crate) use file::write_file;
pub use header::{Cut, Header, Mode};
pub use messages::Phase;
pub use tools::{Command, FileEdit, McpCall, ToolResult};
