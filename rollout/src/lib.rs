//! codex-rollout
