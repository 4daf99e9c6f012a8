//! New ids for what an agent records.
//!
//! Time comes from the clock that is handed in; the rest of an id is random.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use codex_rollout::canonical::IdSource;
use uuid::{ContextV7, Timestamp, Uuid};

use crate::clock::Clock;

/// UUIDv7 of a clock's time; those of one source ascend.
pub struct SystemIds {
    clock: Clock,
    context: Mutex<ContextV7>,
}

impl SystemIds {
    /// Makes a source.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            context: Mutex::new(ContextV7::new()),
        }
    }
}

impl IdSource for SystemIds {
    fn uuid_v7(&self) -> Uuid {
        let now_ms = self.clock.now_ms();
        let seconds = now_ms.div_euclid(1_000).try_into().unwrap_or_default();
        let nanos = u32::try_from(now_ms.rem_euclid(1_000) * 1_000_000).unwrap_or_default();
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, seconds, nanos))
    }
}

impl fmt::Debug for SystemIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemIds")
    }
}
