//! codex-test-support
