//! An agent with a scripted model: records one legacy and one paginated thread into a Codex home, resuming in between.
//!
//! `cargo run -p codex-thread-store --example scripted_agent -- HOME` makes HOME if it is missing, and prints the threads.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "an example speaks to people, and sets up its own folder"
)]

mod script;

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_thread_store::live::{IdSource, LiveOptions, LiveThread, SystemIds};
use codex_thread_store::{Clock, HistoryMode, LocalStore, LocalStoreOptions, NewThread, ThreadStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let home = std::env::args().nth(1).map(PathBuf::from);
    let home = home.ok_or("say where: scripted_agent HOME")?;
    std::fs::create_dir_all(home.join("sessions"))?;
    let store: Arc<dyn ThreadStore> = LocalStore::open(LocalStoreOptions::new(&home))?;
    for mode in [HistoryMode::Legacy, HistoryMode::Paginated] {
        let thread_id = record(&store, mode).await?;
        println!("{mode:?} {thread_id}");
    }
    Ok(())
}

/// Plays the whole script into a new thread, closing and resuming it before every other turn.
async fn record(store: &Arc<dyn ThreadStore>, mode: HistoryMode) -> Result<ThreadId, Box<dyn Error>> {
    let clock = Clock::system();
    let ids = SystemIds::new(clock.clone());
    let thread_id = ThreadId(ids.uuid_v7());
    let mut new = NewThread::new(thread_id, mode, "/home/user/project");
    new.originator = "scripted agent".to_owned();
    new.model_provider = "mock".to_owned();

    let mut live = LiveThread::create(Arc::clone(store), new, LiveOptions::new(clock.clone())).await?;
    for (number, play) in script::TURNS.iter().enumerate() {
        if number % 2 == 1 {
            live.close().await?;
            live = LiveThread::resume(Arc::clone(store), thread_id, LiveOptions::new(clock.clone())).await?;
        }
        let turn = script::Turn {
            thread_id,
            turn_id: ids.uuid_v7().to_string(),
            now_ms: clock.now_ms(),
        };
        // An agent appends as things happen; what it was told is durable when the call returns.
        for step in play(&turn) {
            live.append(&step, None).await?;
        }
    }
    live.close().await?;
    Ok(thread_id)
}
