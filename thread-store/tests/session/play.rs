//! Plays the example's script into a home, the same to the byte every time.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use codex_protocol::ids::ThreadId;
use codex_thread_store::live::{IdSource, LiveOptions, LiveThread};
use codex_thread_store::{Clock, HistoryMode, LocalStore, LocalStoreOptions, NewThread, ThreadStore};
use serde_json::Value;
use uuid::Uuid;

use crate::script;

/// 2026-03-02T09:00:00Z.
const START_MS: i64 = 1_772_442_000_000;
pub(crate) const THREAD: Uuid = Uuid::from_u128(0x019c_af1a_1400_7000_8000_0000_0000_5e55);
/// Characters of a text that a snapshot shows.
const SHOWN_CHARS: usize = 100;

/// Counts instead of drawing lots.
struct Counted(AtomicU64);

impl IdSource for Counted {
    fn uuid_v7(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u128(0x019c_af1a_1400_7000_9000_0000_0000_0000 + u128::from(number))
    }
}

/// Plays the script into a home, and returns the store.
pub(crate) async fn play(home: &Path, mode: HistoryMode) -> Arc<dyn ThreadStore> {
    fs::create_dir_all(home.join("sessions")).expect("a home");
    let clock = Clock::from_fn(|| START_MS);
    let store: Arc<dyn ThreadStore> = LocalStore::open(LocalStoreOptions {
        clock: clock.clone(),
        ..LocalStoreOptions::new(home)
    })
    .expect("a store");
    let ids = Arc::new(Counted(AtomicU64::new(0)));
    let options = LiveOptions {
        ids: ids.clone(),
        ..LiveOptions::new(clock)
    };
    let mut new = NewThread::new(ThreadId(THREAD), mode, "/home/user/project");
    new.cli_version = "0.0.0".to_owned();
    let live = LiveThread::create(Arc::clone(&store), new, options)
        .await
        .expect("a thread");
    for (number, play) in script::TURNS.iter().enumerate() {
        let turn = script::Turn {
            thread_id: ThreadId(THREAD),
            turn_id: Uuid::from_u128(0x019c_af1a_1400_7000_a000_0000_0000_0000 + number as u128).to_string(),
            now_ms: START_MS + 1_000 * number as i64,
        };
        for step in play(&turn) {
            live.append(&step, None).await.expect("recorded");
        }
    }
    live.close().await.expect("closed");
    store
}

/// Shortens long texts, and the time of writing, which is the clock's business.
pub(crate) fn shown(line: &[u8]) -> String {
    let mut value: Value = serde_json::from_slice(line).expect("a JSON line");
    shorten(&mut value);
    if let Some(time) = value.get_mut("timestamp") {
        *time = Value::from("-");
    }
    value.to_string()
}

pub(crate) fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.chars().count() > SHOWN_CHARS => {
            let start: String = text.chars().take(SHOWN_CHARS).collect();
            *text = format!("{start}... {} bytes", text.len());
        }
        Value::Array(values) => values.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}
