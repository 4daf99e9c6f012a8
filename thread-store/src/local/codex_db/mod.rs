//! What Codex's databases know of the threads of a home (`rollout-format.md` 13.7).
//!
//! Only declares and re-exports. Databases of a home are never opened, only copied.

mod copy;
mod files;
mod look;

pub(super) use self::look::{CodexDatabases, Knowledge};
