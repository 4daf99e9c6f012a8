//! codex-thread-store
