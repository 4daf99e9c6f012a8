//! codex-state
