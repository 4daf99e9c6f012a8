//! Scores what matches a query, orders it, and cuts a page.
//!
//! Pure, and the same for every store: a store gathers what matches, this decides what is shown of it. How often a term occurs is
//! known of what was gathered only, so a score says how well an item fits among all that match, not among all there is.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use codex_protocol::item::TimedItem;
use codex_state::query::{Evaluator, Field, FieldKind, Outputs, excerpt, fields_of};

use crate::history_query::{
    HistoryAnchor, HistoryFacets, HistoryHit, HistoryIncomplete, HistoryKey, HistoryOrder, HistoryPage, HistoryQuery,
    HistoryThread, HitItem,
};
use crate::types::{ItemEntry, Position, ThreadRecord};

/// How soon further occurrences of a term stop counting, and how much the length of a text counts (BM25's k1 and b).
const SATURATION: f64 = 1.2;
const LENGTH_SHARE: f64 = 0.5;
/// What a hit of this moment is worth more than one of long ago, and after how many days half of that is left.
const FRESH_BONUS: f64 = 0.5;
const FRESH_HALF_LIFE_DAYS: f64 = 30.0;
/// What further hits of a thread are worth, by the logarithm of their number.
const MORE_HITS_BONUS: f64 = 0.1;
const MS_PER_DAY: f64 = 86_400_000.0;

/// An item, or a thread as a whole, that matches.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    hit: HistoryHit,
    /// Weight of each term where it is best.
    terms: Vec<(usize, f64)>,
}

/// A thread and what matches in it.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) thread: ThreadRecord,
    pub(crate) found: Vec<Found>,
}

/// Where and when an item is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) item: Option<HitItem>,
    pub(crate) time_ms: i64,
}

/// Returns the texts of a thread as a whole.
fn thread_fields(thread: &ThreadRecord) -> Vec<Field<'_>> {
    let name = thread.name.as_deref().filter(|name| !name.is_empty());
    name.map(|name| Field::new(FieldKind::Name, name)).into_iter().collect()
}

/// Returns when an item was there, if it or its turn (Unix seconds) tells.
pub(crate) fn time_of(item: &TimedItem, turn_started_at: Option<i64>, thread: &ThreadRecord) -> i64 {
    let turn_ms = || turn_started_at.map(|seconds| seconds.saturating_mul(1_000));
    item.completed_at_ms
        .or(item.started_at_ms)
        .or_else(turn_ms)
        .unwrap_or(thread.created_at_ms)
}

/// Asks the query of an item.
pub(crate) fn match_entry(
    query: &HistoryQuery,
    evaluator: &Evaluator,
    outputs: Outputs,
    entry: &ItemEntry,
    (turn_position, time_ms): (Option<Position>, i64),
) -> Option<Found> {
    if !is_within(query, time_ms) {
        return None;
    }
    let item = HitItem {
        turn_id: entry.turn_id.clone(),
        item_id: entry.item.item.id().to_owned(),
        position: entry.position,
        turn_position,
    };
    let place = Place {
        item: Some(item),
        time_ms,
    };
    match_fields(evaluator, &fields_of(&entry.item.item, outputs), place)
}

/// Asks the query of what a thread as a whole says.
pub(crate) fn match_thread(query: &HistoryQuery, evaluator: &Evaluator, thread: &ThreadRecord) -> Option<Found> {
    let place = Place {
        item: None,
        time_ms: thread.created_at_ms,
    };
    if !is_within(query, place.time_ms) {
        return None;
    }
    match_fields(evaluator, &thread_fields(thread), place)
}

fn is_within(query: &HistoryQuery, time_ms: i64) -> bool {
    let filters = &query.query.filters;
    filters.after_ms.is_none_or(|after_ms| time_ms >= after_ms)
        && filters.before_ms.is_none_or(|before_ms| time_ms < before_ms)
}

fn match_fields(evaluator: &Evaluator, fields: &[Field<'_>], place: Place) -> Option<Found> {
    if fields.is_empty() {
        return None;
    }
    let matches = evaluator.evaluate(fields)?;
    let mut terms: BTreeMap<usize, f64> = BTreeMap::new();
    let mut by_field = vec![0.0; fields.len()];
    for found in &matches.terms {
        let field = &fields[found.field];
        let weight = weight(field.kind, field.text.len(), found.count);
        by_field[found.field] += weight;
        let best = terms.entry(found.term).or_default();
        *best = best.max(weight);
    }
    // The first one of those that are worth the same.
    let shown = (0..by_field.len())
        .rev()
        .max_by(|a, b| by_field[*a].total_cmp(&by_field[*b]))?;
    let field = &fields[shown];
    let cut = excerpt(&field.text, matches.terms.iter().filter(|found| found.field == shown));
    let start = field.start_utf16;
    Some(Found {
        hit: HistoryHit {
            kind: field.kind,
            item: place.item,
            score: 0.0,
            snippet: cut.text,
            highlights: cut.highlights,
            match_range: (start + cut.match_range.0, start + cut.match_range.1),
            time_ms: place.time_ms,
        },
        terms: terms.into_iter().collect(),
    })
}

/// Returns what occurrences of a term are worth in a text of so many bytes.
#[expect(clippy::cast_precision_loss, reason = "counts and lengths are far below 2^52")]
fn weight(kind: FieldKind, bytes: usize, count: usize) -> f64 {
    let (boost, usual_bytes) = boost_of(kind);
    let count = count as f64;
    let length = 1.0 - LENGTH_SHARE + LENGTH_SHARE * bytes as f64 / usual_bytes;
    boost * count * (SATURATION + 1.0) / (count + SATURATION * length)
}

/// Returns what a kind of text counts, and how long such a text usually is.
fn boost_of(kind: FieldKind) -> (f64, f64) {
    match kind {
        FieldKind::Name => (8.0, 40.0),
        FieldKind::Goal => (5.0, 100.0),
        FieldKind::Message => (3.0, 600.0),
        FieldKind::Plan | FieldKind::Review => (2.5, 800.0),
        FieldKind::Command | FieldKind::Path | FieldKind::Web => (2.0, 80.0),
        FieldKind::Reasoning => (1.5, 400.0),
        FieldKind::Patch => (1.2, 2_000.0),
        FieldKind::Call => (1.2, 200.0),
        FieldKind::Output | FieldKind::Result => (1.0, 4_000.0),
    }
}

/// Makes the page of a query from all that matches.
pub(crate) fn page(
    query: &HistoryQuery,
    mut gathered: Vec<Gathered>,
    now_ms: i64,
    incomplete: Option<HistoryIncomplete>,
) -> HistoryPage {
    let as_of_ms = query.anchor.map_or(now_ms, |anchor| anchor.as_of_ms);
    gathered.retain(|thread| !thread.found.is_empty());
    score(&mut gathered, as_of_ms);
    let facets = query.facets.then(|| facets_of(&gathered));
    let hit_count = gathered.iter().map(|thread| thread.found.len() as u64).sum();
    let thread_count = gathered.len() as u64;
    let mut threads: Vec<HistoryThread> = gathered
        .into_iter()
        .map(|gathered| shown_thread(query, gathered))
        .collect();
    threads.sort_by(|a, b| compare(&place_of(query, b), &place_of(query, a)));
    if let Some(anchor) = query.anchor {
        let last = (anchor.key, anchor.thread_id.to_string());
        threads.retain(|thread| compare(&place_of(query, thread), &last) == Ordering::Less);
    }
    let has_more = threads.len() > query.limit;
    threads.truncate(query.limit);
    let next = threads.last().filter(|_| has_more).map(|last| HistoryAnchor {
        as_of_ms,
        key: place_of(query, last).0,
        thread_id: last.thread.thread_id,
    });
    HistoryPage {
        threads,
        next,
        thread_count,
        hit_count,
        facets,
        incomplete,
    }
}

/// Returns what an answer orders a thread by; greater comes first.
fn place_of(query: &HistoryQuery, thread: &HistoryThread) -> (HistoryKey, String) {
    let key = match query.order {
        HistoryOrder::Ranked => HistoryKey::Score(thread.score),
        HistoryOrder::Newest => HistoryKey::TimeMs(thread.thread.updated_at_ms),
    };
    (key, thread.thread.thread_id.to_string())
}

fn compare((a, a_id): &(HistoryKey, String), (b, b_id): &(HistoryKey, String)) -> Ordering {
    let keys = match (a, b) {
        (HistoryKey::Score(a), HistoryKey::Score(b)) => a.total_cmp(b),
        (HistoryKey::TimeMs(a), HistoryKey::TimeMs(b)) => a.cmp(b),
        // An anchor of the other order names no place in this one: nothing follows it.
        (HistoryKey::Score(_), HistoryKey::TimeMs(_)) => Ordering::Greater,
        (HistoryKey::TimeMs(_), HistoryKey::Score(_)) => Ordering::Less,
    };
    keys.then_with(|| a_id.cmp(b_id))
}

#[expect(clippy::cast_precision_loss, reason = "counts and ages are far below 2^52")]
fn score(gathered: &mut [Gathered], as_of_ms: i64) {
    let mut with_term: BTreeMap<usize, f64> = BTreeMap::new();
    let mut all = 0.0;
    for found in gathered.iter().flat_map(|thread| &thread.found) {
        all += 1.0;
        for (term, _) in &found.terms {
            *with_term.entry(*term).or_default() += 1.0;
        }
    }
    let rarity: BTreeMap<usize, f64> = with_term
        .into_iter()
        .map(|(term, count)| (term, 1.0 + f64::ln((all + 1.0) / (count + 0.5))))
        .collect();
    for found in gathered.iter_mut().flat_map(|thread| &mut thread.found) {
        let fit: f64 = found.terms.iter().map(|(term, weight)| rarity[term] * weight).sum();
        let fit = if found.terms.is_empty() { 1.0 } else { fit };
        let age_days = as_of_ms.saturating_sub(found.hit.time_ms).max(0) as f64 / MS_PER_DAY;
        found.hit.score = fit * (1.0 + FRESH_BONUS * f64::exp2(-age_days / FRESH_HALF_LIFE_DAYS));
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn shown_thread(query: &HistoryQuery, gathered: Gathered) -> HistoryThread {
    let Gathered { thread, found } = gathered;
    let matched = found.len() as u64;
    let mut hits: Vec<HistoryHit> = found.into_iter().map(|found| found.hit).collect();
    let offset = |hit: &HistoryHit| {
        hit.item
            .as_ref()
            .map(|item| (item.position.offset, item.position.ordinal))
    };
    let best = hits.iter().map(|hit| hit.score).fold(0.0, f64::max);
    match query.order {
        HistoryOrder::Ranked => {
            hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| offset(b).cmp(&offset(a))));
        }
        HistoryOrder::Newest => hits.sort_by_key(|hit| std::cmp::Reverse(offset(hit))),
    }
    hits.truncate(query.hits_per_thread);
    HistoryThread {
        thread,
        score: best * (1.0 + MORE_HITS_BONUS * f64::ln(matched.max(1) as f64)),
        matched,
        hits,
    }
}

fn facets_of(gathered: &[Gathered]) -> HistoryFacets {
    let mut projects: BTreeMap<&str, u64> = BTreeMap::new();
    let mut kinds: BTreeMap<FieldKind, u64> = BTreeMap::new();
    let mut months: BTreeMap<String, u64> = BTreeMap::new();
    for thread in gathered {
        *projects.entry(&thread.thread.cwd).or_default() += thread.found.len() as u64;
        for found in &thread.found {
            *kinds.entry(found.hit.kind).or_default() += 1;
            if let Some(month) = month_of(found.hit.time_ms) {
                *months.entry(month).or_default() += 1;
            }
        }
    }
    let mut projects: Vec<(String, u64)> = projects.into_iter().map(|(cwd, n)| (cwd.to_owned(), n)).collect();
    projects.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut kinds: Vec<(FieldKind, u64)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    HistoryFacets {
        projects,
        kinds,
        months: months.into_iter().rev().collect(),
    }
}

/// Returns the month of a time, in UTC; `None` for one that no calendar has.
fn month_of(time_ms: i64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(time_ms).ok()?;
    Some(time.strftime("%Y-%m").to_string())
}

#[cfg(test)]
#[path = "history_rank_tests.rs"]
mod history_rank_tests;
