//! What a fork would begin with: whole lists, cut.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::HistoryMode;
use codex_state::messages::preview_of_line;
use codex_state::projector::ShortText;

use super::history::{History, Segment};
use super::home::Home;
use super::lifecycle::{copy_end, header, place_of};
use crate::error::StoreResult;
use crate::lifecycle::{ForkCut, InheritedHistory};
use crate::token_use::usage_of_line;
use crate::types::View;
use crate::writes::TokenUse;

impl Home {
    pub(super) fn inherited_history(&self, source: ThreadId, cut: &ForkCut) -> StoreResult<InheritedHistory> {
        let history = History::open(self, source, View::Full)?;
        header(&history, "fork")?;
        let place = match history.mode() {
            HistoryMode::Paginated => place_of(&history, cut)?.map(|(at, _, offset)| (at, offset)),
            HistoryMode::Legacy => Some((history.segments.len() - 1, copy_end(&history, cut)?)),
        };
        let Some((at, offset)) = place else {
            return Ok(InheritedHistory {
                end_offset: 0,
                preview: String::new(),
                token_use: None,
            });
        };
        Ok(InheritedHistory {
            end_offset: history.segments[at].base_offset + offset,
            preview: preview_before(&history, (at, offset)).unwrap_or_default(),
            token_use: token_use_before(&history, (at, offset)),
        })
    }
}

/// Returns the end of what each segment gives to a history that ends at a place.
fn ends(history: &History, (last, end): (usize, u64)) -> Vec<(&Segment, u64)> {
    let segments = history.segments[..=last].iter().enumerate();
    let end_of = |(at, segment): (usize, &'_ Segment)| match at == last {
        true => end,
        false => segment.rollout.complete_offset,
    };
    segments.map(|(at, segment)| (segment, end_of((at, segment)))).collect()
}

fn preview_before(history: &History, place: (usize, u64)) -> Option<String> {
    let ends = ends(history, place);
    let kept = |text: &ShortText, segment: &Segment, end: u64| {
        let line = text.line.filter(|line| !text.is_empty() && line.end() <= end)?;
        let whole = preview_of_line(segment.rollout.line(line)).filter(|_| text.cut);
        Some(whole.unwrap_or_else(|| text.text.clone()))
    };
    let told = ends
        .iter()
        .find_map(|(segment, end)| kept(&segment.rollout.meta.preview, segment, *end));
    let raw = || {
        let (segment, end) = ends.last()?;
        kept(&segment.rollout.meta.raw_preview, segment, *end)
    };
    told.or_else(raw)
}

/// Finds the latest use of tokens before a place, with the newest turn that began before it.
pub(super) fn token_use_before(history: &History, place: (usize, u64)) -> Option<TokenUse> {
    let mut latest = None;
    for (at, (segment, end)) in ends(history, place).into_iter().enumerate() {
        let end = usize::try_from(end).unwrap_or(usize::MAX);
        let bytes = &segment.rollout.file.bytes;
        let bytes = bytes.get(..end.min(bytes.len())).unwrap_or_default();
        let mut offset = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            latest = usage_of_line(text).map(|usage| (at, offset, usage)).or(latest);
            offset += line.len() as u64;
        }
    }
    let (at, offset, usage) = latest?;
    let turns = history.all_turns();
    let around = turns
        .iter()
        .rfind(|turn| (turn.at, turn.row.key.offset()) < (at, offset))?;
    Some(TokenUse {
        turn_id: around.row.turn_id.clone(),
        usage,
    })
}
