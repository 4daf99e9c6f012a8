//! The local store over a home in a temporary folder, held to the suite.
#![allow(clippy::disallowed_methods, reason = "deletes the index between two stores")]

use std::sync::Arc;

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;
use codex_thread_store::conformance::StoreFixture;
use codex_thread_store::{MemoryRollout, ThreadStore};

use crate::support::LocalHome;

struct Fixture(LocalHome);

impl Fixture {
    fn new() -> Self {
        Self(LocalHome::new())
    }
}

#[async_trait]
impl StoreFixture for Fixture {
    async fn put(&self, rollout: &MemoryRollout) {
        self.0.put(rollout);
    }

    async fn append(&self, file_name: &str, bytes: &[u8], mtime_ms: i64) {
        self.0.append(file_name, bytes, mtime_ms);
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
