//! What a fork would begin with, for forks that are made elsewhere than in the home.
//!
//! The places are those of real forks (`fork.rs`). Makes nothing; reads no more than the ends of things.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::HistoryMode;
use codex_state::projector::ShortText;

use super::fork::{copy_end, head_meta};
use super::fork_place::place_of;
use super::segments::History;
use super::store::Inner;
use super::token_use::{PlaceIn, token_use_before};
use crate::error::StoreResult;
use crate::lifecycle::{ForkCut, InheritedHistory};
use crate::types::View;

impl Inner {
    /// Returns what a fork would begin with.
    pub(super) fn inherited_history(&self, source: ThreadId, cut: &ForkCut) -> StoreResult<InheritedHistory> {
        // What was appended counts, also if it was only queued; a thread without records stays without.
        if self.writers.of_thread(source).is_some_and(|writer| writer.is_born()) {
            self.settle_open(source)?;
        }
        self.with_history(source, View::Full, |history| {
            head_meta(history.current(), "fork", source)?;
            let place = match history.mode() {
                HistoryMode::Paginated => place_of(history, cut)?.map(|place| (place.at, place.offset)),
                HistoryMode::Legacy => Some((history.segments.len() - 1, copy_end(history, cut)?)),
            };
            let Some((at, offset)) = place else {
                return Ok(InheritedHistory {
                    end_offset: 0,
                    preview: String::new(),
                    token_use: None,
                });
            };
            let preview = preview_before(history, (at, offset));
            let preview = preview.map(|(rollout_id, text)| self.full_text(&rollout_id, text));
            Ok(InheritedHistory {
                end_offset: history.segments[at].base_offset + offset,
                preview: preview.transpose()?.unwrap_or_default(),
                token_use: token_use_before(history, (at, offset))?,
            })
        })
    }
}

/// Finds the preview that a fork would show which ends at a place: the oldest one that Codex shows, else that of raw items.
fn preview_before<'h>(history: &'h History<'_>, (last, end): PlaceIn) -> Option<(String, &'h ShortText)> {
    let is_kept = |at: usize, text: &ShortText| {
        let end = if at == last {
            Some(end)
        } else {
            history.segments[at].cut
        };
        !text.is_empty() && text.line.zip(end).is_some_and(|(line, end)| line.end() <= end)
    };
    let told = (0..=last).map(|at| (at, &history.segments[at].rollout.meta.preview));
    let raw = (last, &history.segments[last].rollout.meta.raw_preview);
    let (at, text) = told.chain([raw]).find(|(at, text)| is_kept(*at, text))?;
    Some((history.segments[at].rollout.rollout_id.to_string(), text))
}
