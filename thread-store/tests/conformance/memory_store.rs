//! The memory store, held to the suite.

use std::sync::Arc;

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;
use codex_thread_store::conformance::StoreFixture;
use codex_thread_store::{MemoryRollout, MemoryStore, ThreadStore};

#[derive(Default)]
struct Fixture(Arc<MemoryStore>);

#[async_trait]
impl StoreFixture for Fixture {
    async fn put(&self, rollout: &MemoryRollout) {
        self.0.insert(rollout.clone());
    }

    async fn append(&self, file_name: &str, bytes: &[u8], mtime_ms: i64) {
        self.0.append(file_name, bytes, mtime_ms);
    }

    async fn set_name(&self, thread_id: ThreadId, name: &str) {
        self.0.set_name(thread_id, name);
    }

    fn store(&self) -> Arc<dyn ThreadStore> {
        self.0.clone()
    }

    fn reopened(&self) -> Arc<dyn ThreadStore> {
        self.0.clone() // derives everything anew for each request
    }
}

codex_thread_store::store_conformance!(Fixture::default());
