//! Tool calls rebuilt from raw Responses items (format 13.2).
//!
//! Only declares and re-exports.

mod call;
mod collab;
mod command;
mod mcp;
mod other;
mod output_text;
mod patch;
mod place;
mod user_shell;

pub use call::{call_key, continued_session, is_output, item_from_call, running_session};
pub use place::{CallPlace, place_call, settle_call};
pub use user_shell::user_shell_from_message;
