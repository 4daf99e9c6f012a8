//! What Codex's databases know of the threads of a home (`rollout-format.md` 13.7).
//!
//! Only declares and re-exports. Databases of a home are never opened, only copied.

mod claims;
mod copy;
mod decide;
mod files;
mod import;
mod live;
mod look;
mod organise_claims;
mod seen;
mod thread_claims;

pub(super) use self::import::Postponed;
pub(super) use self::live::LiveThreads;
pub(super) use self::look::CodexDatabases;
pub(super) use self::seen::Seen;
