//! The thin JSON-RPC server and the command line over a thread store.
//!
//! Declares and re-exports only. Handlers parse, make one store call and convert; storage decisions live below.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests prepare their own files"))]

pub mod cli;
mod config;
mod convert;
mod cursor;
mod dispatch;
mod dispatch_organise;
mod encoding;
mod error_map;
mod files;
mod handlers;
mod identity;
pub mod limits;
mod live;
mod order;
mod recording;
mod rpc_error;
mod server;
mod session;
mod transport;

pub use config::{DEFAULT_PROVIDER, top_level_string};
pub use files::Files;
pub use identity::{CODEX_VERSION, Identity};
pub use recording::{DEFAULT_UNLOAD_DELAY_SECONDS, Deletion, RecordingSettings};
pub use rpc_error::{RpcError, RpcResult};
pub use server::{Server, ServerOptions};
pub use transport::{CallError, Client, TransportError, serve_connection};
