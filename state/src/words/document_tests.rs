//! Tests of `document.rs`.

use super::{MAX_OFFSET, MAX_ROLLOUT_KEY, place, places, split_place};

#[test]
fn keys_and_offsets_survive_up_to_their_limits() {
    for key in [0, 1, 77, MAX_ROLLOUT_KEY] {
        for offset in [0, 1, MAX_OFFSET] {
            assert_eq!(split_place(place(key, offset).unwrap()), (key, offset));
        }
    }
}

#[test]
fn beyond_the_limits_is_an_error() {
    assert!(place(0, MAX_OFFSET + 1).is_err());
    assert!(place(MAX_ROLLOUT_KEY + 1, 0).is_err());
    assert!(place(-1, 0).is_err());
    assert!(places(-1, &(0..1)).is_err());
}

#[test]
fn ranges_stay_within_their_rollout() {
    let first = place(3, 0).unwrap();
    let end = place(4, 0).unwrap();
    assert_eq!(places(3, &(0..MAX_OFFSET + 1)).unwrap(), first..end);
    assert_eq!(places(3, &(5..9)).unwrap(), first + 5..first + 9);
    assert_eq!(places(3, &(0..u64::MAX)).unwrap(), first..end);
    assert_eq!(places(3, &(u64::MAX..u64::MAX)).unwrap(), end..end);
    assert_eq!(places(MAX_ROLLOUT_KEY, &(0..u64::MAX)).unwrap().end, i64::MAX);
}
