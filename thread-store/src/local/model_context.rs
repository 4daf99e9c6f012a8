//! What a model needs to continue a thread (`rollout-format.md` 6.1), read off the end of its log.
//!
//! Which rollouts make the history is known from opening it; how far back to read is decided in the log crate.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RolloutLine;
use codex_rollout::model_context::{ContextReach, ContextSegment, load_model_context};

use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::types::View;
use crate::writes::ModelContext;

impl Inner {
    /// Loads the context of a thread.
    pub(super) fn load_model_context(&self, thread_id: ThreadId) -> StoreResult<ModelContext> {
        self.with_history(thread_id, View::Full, |history| {
            let path = &history.current().file.path;
            let failed = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Read {
                path: path.clone(),
                offset: 0,
                source,
            };
            let segments: Vec<ContextSegment> = history
                .segments
                .iter()
                .map(|segment| ContextSegment {
                    source: segment.rollout.source.clone(),
                    end_offset: segment.cut,
                })
                .collect();
            let context = load_model_context(&segments).map_err(|error| failed(Box::new(error)))?;
            let records = context
                .lines
                .iter()
                .map(|line| RolloutLine::decode(&line.bytes).map_err(|error| failed(Box::new(error))))
                .collect::<StoreResult<_>>()?;
            Ok(ModelContext {
                records,
                is_whole: context.reach == ContextReach::Whole,
            })
        })
    }
}
