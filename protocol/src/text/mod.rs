//! Pure text rules of served items (format 13.3).
//!
//! Only declares and re-exports.

mod path;
mod redact;
mod shell;
mod time;

pub use path::{file_uri_to_path, join_path, normalize_path, path_to_file_uri};
pub use redact::{REDACTED, redact_secrets};
pub use shell::shell_join;
pub use time::rfc3339_to_unix_ms;

#[cfg(test)]
mod text_tests;
