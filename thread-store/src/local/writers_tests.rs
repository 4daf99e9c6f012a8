//! What is remembered of the locks of other processes, and how long appends wait to be indexed.

use codex_protocol::ids::ThreadId;
use uuid::Uuid;

use super::{INDEX_DELAY, INDEX_PAUSE, MAX_INDEX_DELAY_MS, MAX_PROBES, PROBE_TRUST_MS, Probe, Probes, index_delay};

fn thread(number: usize) -> ThreadId {
    ThreadId(Uuid::from_u128(number as u128))
}

#[test]
fn probes_are_remembered_up_to_the_limit_and_then_all_forgotten() {
    let probes = Probes::default();
    for number in 0..MAX_PROBES {
        let (at_ms, is_held) = (7, number == 0);
        probes.insert(thread(number), Probe { at_ms, is_held });
    }
    assert_eq!(probes.get(thread(0), 7), Some(true));
    assert_eq!(probes.get(thread(MAX_PROBES - 1), 7), Some(false));
    let (at_ms, is_held) = (7, true);
    probes.insert(thread(MAX_PROBES), Probe { at_ms, is_held });
    assert_eq!(probes.get(thread(0), 7), None);
    assert_eq!(probes.get(thread(MAX_PROBES), 7), Some(true));
}

#[test]
fn a_probe_is_trusted_for_its_time_and_not_before_it() {
    let probes = Probes::default();
    let (at_ms, is_held) = (1_000, true);
    probes.insert(thread(1), Probe { at_ms, is_held });
    for (now_ms, expected) in [
        (999, None),
        (1_000, Some(true)),
        (999 + PROBE_TRUST_MS, Some(true)),
        (1_000 + PROBE_TRUST_MS, None),
    ] {
        assert_eq!(probes.get(thread(1), now_ms), expected, "{now_ms}");
    }
}

#[test]
fn appends_wait_longer_after_a_long_pass_but_not_for_ever() {
    let delay_ms = |last_pass_ms| index_delay(last_pass_ms).as_millis() as u64;
    let least_ms = INDEX_DELAY.as_millis() as u64;
    let longest_ms = MAX_INDEX_DELAY_MS / INDEX_PAUSE;
    for (last_pass_ms, expected) in [
        (0, least_ms),
        (least_ms / INDEX_PAUSE, least_ms),
        (least_ms, least_ms * INDEX_PAUSE),
        (longest_ms, longest_ms * INDEX_PAUSE),
        (longest_ms + 1, MAX_INDEX_DELAY_MS),
        (u64::MAX, MAX_INDEX_DELAY_MS),
    ] {
        assert_eq!(delay_ms(last_pass_ms), expected, "{last_pass_ms}");
    }
}
