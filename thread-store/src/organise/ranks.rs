//! Ranks: numbers that keep things in an order, with room between them (`app-server-api.md` 3.18).
//!
//! Pure. Whoever keeps a list journals the ranks that change, in the order in which they are returned here: then what a
//! crash leaves of them is the order as it was or the new one.

/// Distance between ranks that are given at an end.
pub(super) const RANK_STEP: i64 = 1_000_000;

/// Where something is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind everything.
    Last,
    /// Before the thing at this index.
    Before(usize),
}

/// New ranks, to be recorded in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranked {
    /// New ranks of things that were there, by index, the last one first; only those behind the place.
    pub(super) behind: Vec<(usize, i64)>,
    /// The rank of what is put there.
    pub(super) new: i64,
    /// New ranks of things before the place, the last one first.
    pub(super) before: Vec<(usize, i64)>,
}

/// Ranks something among others whose ranks ascend.
///
/// Where there is no room between two ranks all others get new ones, which lie beyond the greatest of the old ones.
pub(super) fn rank_at(ranks: &[i64], place: Place) -> Ranked {
    let alone = |new| Ranked {
        behind: Vec::new(),
        new,
        before: Vec::new(),
    };
    let at = match place {
        Place::Last => ranks.len(),
        Place::Before(at) => at.min(ranks.len()),
    };
    let below = at.checked_sub(1).and_then(|before| ranks.get(before)).copied();
    match (below, ranks.get(at).copied()) {
        (below, None) => {
            if let Some(new) = below.unwrap_or(0).max(0).checked_add(RANK_STEP) {
                return alone(new);
            }
        }
        (below, Some(above)) => {
            let below = below.unwrap_or_else(|| above.saturating_sub(RANK_STEP).max(0).min(above));
            let middle = below.midpoint(above);
            if below < middle && middle < above {
                return alone(middle);
            }
        }
    }
    renumbered(ranks, at)
}

fn renumbered(ranks: &[i64], at: usize) -> Ranked {
    let count = i64::try_from(ranks.len()).unwrap_or(i64::MAX);
    let top = ranks.last().copied().unwrap_or(0).max(0);
    // At the end of all numbers there is nothing beyond: the order starts again at the first step.
    let needed = RANK_STEP.saturating_mul(count.saturating_add(1));
    let base = if top.checked_add(needed).is_some() { top } else { 0 };
    let rank = |index: usize| {
        let step = i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1);
        base.saturating_add(RANK_STEP.saturating_mul(step))
    };
    Ranked {
        behind: (at..ranks.len()).rev().map(|index| (index, rank(index + 1))).collect(),
        new: rank(at),
        before: (0..at).rev().map(|index| (index, rank(index))).collect(),
    }
}

#[cfg(test)]
#[path = "ranks_tests.rs"]
mod ranks_tests;
