//! Loaded threads, connections, and what they are told.
//!
//! Declares and re-exports only.

mod activity;
mod connections;
mod ephemeral;
mod exchange;
mod indexing;
mod loaded;
mod notice;
mod reading;
mod settings;
mod unload;

pub(crate) use activity::{EndedTurns, Reading, Telling};
pub(crate) use connections::{Api, Connection, ConnectionId, Connections, Wishes};
pub(crate) use ephemeral::{Lifetime, Origin};
pub(crate) use indexing::Indexing;
pub(crate) use loaded::{Left, LoadedThread, LoadedThreads, NoRoom, Recording};
pub(crate) use notice::{Audience, Notice};
pub(crate) use settings::ThreadSettings;
