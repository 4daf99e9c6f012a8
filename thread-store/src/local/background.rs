//! Brings the index up to date behind the answers: newest threads first, in steps that can be left off at any time.
//!
//! Of all processes that share an index, one does it; the others look again later. A request that needs a thread catches it up
//! itself and finds it done here.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use codex_rollout::discover::RolloutFile;
use codex_rollout::fs::FileLock;

use super::freshness::Share;
use super::store::Inner;
use super::text_index::TextPart;
use crate::error::{StoreError, StoreResult};
use crate::store::IndexStep;

/// File whose lock the process holds that indexes.
const LEADER_FILE: &str = "indexing.lock";
/// Rollouts that one step catches up at most.
const STEP_FILES: usize = 256;
/// Bytes that one step reads at most, but for a single larger rollout: each step begins with a look at the whole home, which
/// must not cost more than the step. A request that needs the index ends a step early.
const STEP_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of lines whose texts one step reads at most, but for a single larger rollout.
const STEP_TEXT_BYTES: u64 = 128 * 1024 * 1024;

/// The leadership of this process.
#[derive(Default)]
pub(super) struct Leadership {
    lock: Mutex<Option<Box<dyn FileLock>>>,
    /// What the last step left.
    rollouts_left: AtomicUsize,
}

impl Inner {
    /// Does the next step of indexing, unless another process is at it.
    pub(super) fn index_step(&self) -> StoreResult<IndexStep> {
        let mut lock = self.leadership.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_none() {
            *lock = self.try_lead()?;
        }
        if lock.is_none() {
            return Ok(IndexStep::Elsewhere);
        }
        let step = self.lead_step();
        if !matches!(step, Ok(IndexStep::More { .. })) {
            // Done, or failed: another one may try.
            *lock = None;
        }
        step
    }

    fn lead_step(&self) -> StoreResult<IndexStep> {
        self.priority.wait_until_free();
        let gave_way = AtomicBool::new(false);
        let share = Share {
            files: STEP_FILES,
            bytes: STEP_BYTES,
            is_enough: &|| {
                let wanted = self.priority.is_wanted();
                gave_way.fetch_or(wanted, Ordering::Relaxed);
                wanted
            },
        };
        let rest = self.bring_nearer(share, &mut |_, _| {})?;
        if gave_way.into_inner() {
            return Ok(more(&rest));
        }
        let left_before = self.leadership.rollouts_left.swap(rest.len(), Ordering::Relaxed);
        if !rest.is_empty() && rest.len() == left_before {
            // Files that cannot be read are tried by every step, and enough of them keep it from all others.
            self.bring_up_to_date(&mut |_, _| {})?;
        } else if !rest.is_empty() {
            return Ok(more(&rest));
        }
        self.catch_up_titles()?;
        for part in [TextPart::Said, TextPart::Done] {
            if !self.catch_up_some_text(part, STEP_TEXT_BYTES, &mut |_| {})? {
                return Ok(more(&[]));
            }
        }
        Ok(IndexStep::Done)
    }

    fn try_lead(&self) -> StoreResult<Option<Box<dyn FileLock>>> {
        let path = self.place.index.join(LEADER_FILE);
        let made = match self.fs.create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made.map(|_| ()),
        };
        let locked = made.and_then(|()| self.fs.try_lock(&path));
        locked.map_err(|error| StoreError::Index {
            path,
            source: Box::new(error),
        })
    }
}

fn more(rest: &[Arc<RolloutFile>]) -> IndexStep {
    IndexStep::More {
        rollouts_left: rest.len() as u64,
        bytes_left: rest.iter().map(|file| file.stat.len).sum(),
    }
}
