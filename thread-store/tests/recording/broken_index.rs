//! An index that breaks while a thread is recorded fails no append, and no later read.

use std::fs;
use std::sync::Arc;

use codex_test_support::agent::Form;
use codex_thread_store::live::LiveThread;
use codex_thread_store::{ItemsView, ThreadReadQuery, View};

use crate::agent::{MODES, new_thread, options, thread, turn_batches};
use crate::child::{block_on, open};

#[test]
fn a_broken_index_fails_no_append() {
    for mode in MODES {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir(home.path().join("sessions")).expect("a home");
        let store = open(home.path());
        let turns = block_on(async {
            let new = new_thread(thread(1), mode);
            let live = LiveThread::create(Arc::clone(&store), new, options(Form::Canonical)).await;
            let live = live.expect("a thread");
            for turn in ["t1", "t2", "t3"] {
                for batch in turn_batches(thread(1), turn) {
                    live.append(&batch, None)
                        .await
                        .expect("recorded, whatever the index is");
                    spoil(home.path());
                }
            }
            live.close().await.expect("closed");
            let query = ThreadReadQuery {
                thread_id: thread(1),
                view: View::Full,
                turns: Some(ItemsView::Full),
            };
            store.read_thread(query).await.expect("made anew from the log").turns
        });
        let ids: Vec<&str> = turns.iter().map(|turn| turn.turn_id.as_str()).collect();
        assert_eq!(ids, ["t1", "t2", "t3"]);
    }
}

fn spoil(home: &std::path::Path) {
    let schema = codex_state::db::SCHEMA_VERSION;
    let index = home.join(format!("codex-threads/index/index-{schema}.sqlite"));
    for path in [index.clone(), index.with_extension("sqlite-wal")] {
        if let Ok(bytes) = fs::read(&path) {
            fs::write(&path, vec![0x55; bytes.len()]).expect("writable");
        }
    }
}
