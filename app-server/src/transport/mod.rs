//! How messages get in and out.
//!
//! Declares and re-exports only.

mod connection;
mod lines;
mod memory;
mod outbound;

pub use connection::{TransportError, serve_connection};
pub use memory::{CallError, Client};
pub(crate) use outbound::{Message, Outbound};
