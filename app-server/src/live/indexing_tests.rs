//! When indexing behind the answers gives up.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use codex_protocol::rpc::indexing::IndexingState;
use codex_thread_store::{
    Clock, CompressionReport, DoctorReport, HomeReport, IndexProgress, IndexReport, IndexStep, MemoryStore, StoreError,
    StoreMaintenance, StoreResult, VerifyReport, View,
};

use super::MAX_FAILURES;
use crate::files::Files;
use crate::identity::Identity;
use crate::recording::RecordingSettings;
use crate::server::{Server, ServerOptions};

/// Steps that fail so often before one is the last.
struct Failing {
    failures: u32,
    steps: AtomicU32,
}

#[async_trait]
impl StoreMaintenance for Failing {
    async fn index_all(&self, _: Arc<dyn IndexProgress>) -> StoreResult<IndexReport> {
        Err(StoreError::TaskStopped)
    }

    async fn rebuild(&self, _: Arc<dyn IndexProgress>) -> StoreResult<IndexReport> {
        Err(StoreError::TaskStopped)
    }

    async fn index_step(&self) -> StoreResult<IndexStep> {
        match self.steps.fetch_add(1, Ordering::Relaxed) {
            step if step < self.failures => Err(StoreError::TaskStopped),
            _ => Ok(IndexStep::Done),
        }
    }

    async fn check_index(&self) -> StoreResult<()> {
        Err(StoreError::TaskStopped)
    }

    async fn verify(&self, _: Arc<dyn IndexProgress>) -> StoreResult<VerifyReport> {
        Err(StoreError::TaskStopped)
    }

    async fn compress(&self) -> StoreResult<CompressionReport> {
        Err(StoreError::TaskStopped)
    }

    async fn doctor_home(&self) -> StoreResult<HomeReport> {
        Err(StoreError::TaskStopped)
    }

    async fn doctor(&self, _: &str) -> StoreResult<DoctorReport> {
        Err(StoreError::TaskStopped)
    }
}

#[tokio::test]
async fn indexing_goes_on_after_fewer_failures_than_the_limit_and_ends_with_the_last_one() {
    let clock = Clock::from_fn(|| 0);
    let server = Server::new(ServerOptions {
        store: Arc::new(MemoryStore::with_clock(clock.clone())),
        view: View::Full,
        default_provider: "mock".to_owned(),
        identity: Identity::gather(Path::new("/nowhere"), &Files::default()),
        recording: RecordingSettings::default(),
        clock,
    });
    for (failures, end, steps) in [
        (MAX_FAILURES - 1, IndexingState::Done, MAX_FAILURES),
        (MAX_FAILURES, IndexingState::Failed, MAX_FAILURES),
    ] {
        let maintenance = Failing {
            failures,
            steps: AtomicU32::new(0),
        };
        assert_eq!(server.index_all_steps(&maintenance, Duration::ZERO).await, end);
        assert_eq!(maintenance.steps.into_inner(), steps);
    }
}
