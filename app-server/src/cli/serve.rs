//! `codex-threads serve`: JSON-RPC on standard input and output.
//!
//! Ends with the input, with SIGTERM or with SIGINT; all are success.

use std::sync::Arc;
use std::time::Duration;

use codex_thread_store::{EmptyFolder, LocalStore, ThreadStore, View, Watching};
use tokio::io::{BufReader, BufWriter};
use tokio::signal::unix::{SignalKind, signal};

use super::app::App;
use super::args::ServeArgs;
use super::error::{CliError, CliResult};
use crate::recording::Deletion;
use crate::transport::serve_connection;

/// Buffer of each standard stream.
const BUFFER_BYTES: usize = 256 << 10;

pub(super) async fn run(app: &App, args: ServeArgs) -> CliResult {
    let view = if args.exact { View::Codex } else { View::Full };
    let store = app.store_in(EmptyFolder::MakeHome, Watching::On).await?;
    tokio::spawn(look_for_decay(Arc::clone(&store)));
    let deletion = if args.trash {
        Deletion::ToTrash
    } else {
        Deletion::ForGood
    };
    let server = app.server(store, view, deletion)?;
    // Behind the answers; it ends with the runtime.
    tokio::spawn(Arc::clone(&server).index_behind());
    let mut terminate = signal(SignalKind::terminate()).map_err(CliError::Start)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CliError::Start)?;
    let reader = BufReader::with_capacity(BUFFER_BYTES, tokio::io::stdin());
    let writer = BufWriter::with_capacity(BUFFER_BYTES, tokio::io::stdout());
    let served = tokio::select! {
        served = serve_connection(Arc::clone(&server), reader, writer) => served,
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    };
    // Whatever ended it: what was recorded is brought to stable storage, and other writers may go on.
    server.shutdown().await?;
    Ok(served?)
}

/// How long the check of the index waits: it reads all of it, and the first list of a large home needs both cores.
const DECAY_DELAY: Duration = Duration::from_secs(5);

/// Checks the index behind the first requests; what is wrong is made anew, or met again by the request that needs it.
async fn look_for_decay(store: Arc<LocalStore>) {
    tokio::time::sleep(DECAY_DELAY).await;
    if let Some(maintenance) = store.maintenance()
        && let Err(error) = maintenance.check_index().await
    {
        tracing::warn!(%error, "the index could not be checked");
    }
}
