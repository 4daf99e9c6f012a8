//! `codex-threads serve`: JSON-RPC on standard input and output.
//!
//! Ends with the input, with SIGTERM or with SIGINT; all are success.

use codex_thread_store::View;
use tokio::io::{BufReader, BufWriter};
use tokio::signal::unix::{SignalKind, signal};

use super::app::App;
use super::args::ServeArgs;
use super::error::{CliError, CliResult};
use crate::transport::serve_connection;

/// Buffer of each standard stream.
const BUFFER_BYTES: usize = 256 << 10;

pub(super) async fn run(app: &App, args: ServeArgs) -> CliResult {
    let view = if args.exact { View::Codex } else { View::Full };
    let store = app.store().await?;
    let server = app.server(store, view)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CliError::Start)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CliError::Start)?;
    let reader = BufReader::with_capacity(BUFFER_BYTES, tokio::io::stdin());
    let writer = BufWriter::with_capacity(BUFFER_BYTES, tokio::io::stdout());
    tokio::select! {
        served = serve_connection(server, reader, writer) => Ok(served?),
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}
