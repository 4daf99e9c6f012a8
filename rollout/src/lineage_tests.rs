//! Histories that run through several rollouts.

use std::collections::HashMap;

use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::log::{HistoryBase, HistoryMode};

use super::{Cut, LineageError, MAX_LINEAGE_SEGMENTS, Segment, SegmentInfo, resolve};

fn rollout(n: u128) -> RolloutId {
    RolloutId(uuid::Uuid::from_u128(n))
}

fn thread(n: u128) -> ThreadId {
    ThreadId(uuid::Uuid::from_u128(n))
}

/// Rollout `n` of 1000 bytes that inherits from `base` up to (ordinal, byte).
fn info(n: u128, base: Option<(u128, u64, u64)>) -> SegmentInfo {
    SegmentInfo {
        rollout_id: rollout(n),
        named_thread_id: Some(thread(n)),
        thread_id: thread(n),
        history_mode: HistoryMode::Paginated,
        history_base: base.map(|(id, end_ordinal_exclusive, end_byte_offset)| HistoryBase {
            thread_id: rollout(id),
            end_ordinal_exclusive,
            end_byte_offset,
        }),
        subagent_start_ordinal: None,
        plain_len: 1000,
    }
}

/// Resolves the first of `infos`, looking up the others.
fn resolve_first(infos: &[SegmentInfo]) -> Result<Vec<Segment>, LineageError> {
    let known: HashMap<RolloutId, SegmentInfo> = infos.iter().map(|info| (info.rollout_id, info.clone())).collect();
    resolve(&infos[0], &mut |id| Ok(known.get(&id).cloned()))
}

fn segment(n: u128, start_ordinal: u64, end: Option<(u64, u64)>) -> Segment {
    let end = end.map(|(ordinal_exclusive, byte_offset)| Cut {
        ordinal_exclusive,
        byte_offset,
    });
    Segment {
        rollout_id: rollout(n),
        start_ordinal,
        end,
        subagent_start: None,
    }
}

#[test]
fn a_root_is_one_open_segment_after_its_own_meta() {
    assert_eq!(resolve_first(&[info(1, None)]).unwrap(), [segment(1, 1, None)]);
}

/// Edge case 106: cuts 4 and 5, the middle rollout contributes nothing.
#[test]
fn edge_106_an_empty_middle_segment_keeps_its_place() {
    let found = resolve_first(&[info(3, Some((2, 5, 300))), info(2, Some((1, 4, 200))), info(1, None)]).unwrap();
    let expected = [
        segment(1, 1, Some((4, 200))),
        segment(2, 5, Some((5, 300))),
        segment(3, 6, None),
    ];
    assert_eq!(found, expected);
}

#[test]
fn edge_106_a_missing_source_is_an_error() {
    let error = resolve_first(&[info(3, Some((2, 5, 300))), info(2, Some((1, 4, 200)))]).unwrap_err();
    assert!(
        matches!(error, LineageError::MissingSource { rollout_id, base_id } if (rollout_id, base_id) == (rollout(2), rollout(1)))
    );
}

#[test]
fn edge_106_a_cycle_is_an_error_even_of_one() {
    let error = resolve_first(&[info(1, Some((2, 5, 300))), info(2, Some((1, 4, 200)))]).unwrap_err();
    assert!(
        matches!(error, LineageError::Cycle { rollout_id } if rollout_id == rollout(1)),
        "{error:?}"
    );
    let error = resolve_first(&[info(1, Some((1, 5, 300)))]).unwrap_err();
    assert!(matches!(error, LineageError::Cycle { .. }), "{error:?}");
}

#[test]
fn edge_106_a_cut_at_the_end_is_valid_and_one_byte_further_is_not() {
    resolve_first(&[info(2, Some((1, 5, 1000))), info(1, None)]).unwrap();
    let error = resolve_first(&[info(2, Some((1, 5, 1001))), info(1, None)]).unwrap_err();
    assert!(
        matches!(
            error,
            LineageError::CutBeyondEnd {
                byte_offset: 1001,
                plain_len: 1000,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_cut_at_ordinal_zero_is_an_error() {
    let error = resolve_first(&[info(2, Some((1, 0, 0))), info(1, None)]).unwrap_err();
    assert!(
        matches!(error, LineageError::CutAtZero { rollout_id } if rollout_id == rollout(2)),
        "{error:?}"
    );
}

#[test]
fn a_legacy_ancestor_is_an_error_and_a_legacy_head_is_one_segment() {
    let mut legacy = info(1, Some((9, 4, 4)));
    legacy.history_mode = HistoryMode::Legacy;
    let error = resolve_first(&[info(2, Some((1, 5, 300))), legacy.clone()]).unwrap_err();
    assert!(matches!(error, LineageError::NotPaginated { .. }), "{error:?}");
    assert_eq!(resolve_first(&[legacy]).unwrap(), [segment(1, 0, None)]);
}

#[test]
fn a_head_of_another_thread_than_the_file_name_says_is_an_error() {
    let mut parent = info(1, None);
    parent.thread_id = thread(77);
    let error = resolve_first(&[info(2, Some((1, 5, 300))), parent.clone()]).unwrap_err();
    assert!(
        matches!(error, LineageError::OtherThread { found, .. } if found == thread(77)),
        "{error:?}"
    );
    parent.named_thread_id = None;
    assert_eq!(resolve_first(&[info(2, Some((1, 5, 300))), parent]).unwrap().len(), 2);
}

#[test]
fn a_revert_stays_with_its_thread_and_a_subagent_keeps_its_own_start() {
    let mut revision = info(2, Some((1, 5, 300)));
    (revision.thread_id, revision.named_thread_id) = (thread(1), Some(thread(1)));
    revision.subagent_start_ordinal = Some(9);
    let found = resolve_first(&[revision, info(1, None)]).unwrap();
    assert_eq!(found[1].subagent_start, Some(9));
}

#[test]
fn a_failing_lookup_is_passed_on_with_its_cause() {
    let error = resolve(&info(2, Some((1, 5, 300))), &mut |_| Err("no permission".into())).unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no permission");
}

#[test]
fn histories_end_at_the_named_depth() {
    let chain = |len: usize| -> Vec<SegmentInfo> {
        (1..=len as u128)
            .rev()
            .map(|n| info(n, (n > 1).then(|| (n - 1, 5, 300))))
            .collect()
    };
    assert_eq!(
        resolve_first(&chain(MAX_LINEAGE_SEGMENTS)).unwrap().len(),
        MAX_LINEAGE_SEGMENTS
    );
    let error = resolve_first(&chain(MAX_LINEAGE_SEGMENTS + 1)).unwrap_err();
    assert!(matches!(error, LineageError::TooDeep { .. }), "{error:?}");
}
