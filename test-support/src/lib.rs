//! Deterministic homes and rollouts, for the tests of every crate and for the demo.
//!
//! Depends on none of our own crates, so that each of them may use it in its tests. Never reads the clock, never makes a
//! random id: the same calls give the same bytes.
#![allow(clippy::disallowed_methods, reason = "writes test data; nothing here ships")]

pub mod agent;
pub mod arbitrary;
pub mod clock;
pub mod codex_db;
pub mod demo;
pub mod fixture;
mod home;
mod ids;
pub mod json;
mod rollout;
pub mod stories;

pub use home::HomeBuilder;
pub use ids::IdSequence;
pub use rollout::{
    Command, Cut, FileEdit, Header, McpCall, Mode, Phase, RolloutBuilder, RolloutFile, ToolResult, Usage,
};
