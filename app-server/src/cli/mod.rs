//! The command line `codex-threads`: a client of the same handlers, in the same process.
//!
//! Declares and re-exports only. The one place of the workspace that prints.

mod app;
mod args;
mod delete;
mod demo;
mod demo_home;
mod doctor;
mod error;
mod group;
mod history;
mod index;
mod list;
mod output;
mod picker;
mod progress;
mod render;
mod run;
mod schema;
mod search;
mod serve;
mod show;
mod table;
mod trash;
mod verify;
mod when;

pub use run::main;
