//! What is remembered of the locks of other processes.

use codex_protocol::ids::ThreadId;
use uuid::Uuid;

use super::{MAX_PROBES, PROBE_TRUST_MS, Probe, Probes};

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
