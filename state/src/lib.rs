//! The index: a pure projector from lines to rows, and the disposable SQLite tables that keep the rows.
//!
//! Rows hold positions, never copies of item contents. This crate is handed lines and positions; it opens no rollout
//! file, and it is the only place (besides a PostgreSQL store) that speaks SQL.

pub mod codex_db;
pub mod db;
mod error;
pub mod fold;
pub mod messages;
pub mod projector;
pub mod query;
pub mod rows;
mod seal;
pub mod text;
pub mod threads;
pub mod words;

pub use error::{StateError, StateResult};
