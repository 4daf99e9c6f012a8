//! The local store over a home whose rollouts are all compressed, as the compressor leaves them, held to the suite.
#![allow(clippy::disallowed_methods, reason = "exchanges files under the store")]

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;
use codex_rollout::compress::{Compressed, compress_file};
use codex_rollout::fs::{LogFs, StdFs};
use codex_rollout::recorder::materialize;
use codex_thread_store::conformance::StoreFixture;
use codex_thread_store::{MemoryRollout, ThreadStore};

use crate::support::LocalHome;

struct Fixture(LocalHome);

impl Fixture {
    fn new() -> Self {
        Self(LocalHome::new())
    }
}

fn seam() -> Arc<dyn LogFs> {
    Arc::new(StdFs)
}

fn compress(path: &Path) {
    let done = compress_file(&seam(), path).expect("compresses");
    assert!(matches!(done, Compressed::Done { .. }), "{done:?}");
}

#[async_trait]
impl StoreFixture for Fixture {
    async fn put(&self, rollout: &MemoryRollout) {
        let path = self.0.path().join(rollout.relative_path());
        if let Err(error) = std::fs::remove_file(path.with_extension("jsonl.zst")) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        }
        compress(&self.0.put(rollout));
    }

    async fn append(&self, file_name: &str, bytes: &[u8], mtime_ms: i64) {
        // A writer makes it plain first.
        for path in self.0.files_named(&format!("{file_name}.zst")) {
            materialize(&seam(), &path.with_extension("")).expect("plain");
        }
        self.0.append(file_name, bytes, mtime_ms);
        self.0.files_named(file_name).iter().for_each(|path| compress(path));
    }

    async fn set_name(&self, thread_id: ThreadId, name: &str) {
        self.0.set_name(thread_id, name);
    }

    fn store(&self) -> Arc<dyn ThreadStore> {
        self.0.store()
    }

    fn reopened(&self) -> Arc<dyn ThreadStore> {
        self.0.with_closed_store(|index| {
            if let Err(error) = std::fs::remove_file(index) {
                assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
            }
        });
        self.0.store()
    }
}

codex_thread_store::store_conformance!(Fixture::new());
