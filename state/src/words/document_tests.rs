use super::{MAX_OFFSET, MAX_ROLLOUT_KEY, document_num, document_nums, split_num};

#[test]
fn keys_and_offsets_survive_up_to_their_limits() {
    for key in [0, 1, 77, MAX_ROLLOUT_KEY] {
        for offset in [0, 1, MAX_OFFSET] {
            assert_eq!(split_num(document_num(key, offset).unwrap()), (key, offset));
        }
    }
}

#[test]
fn beyond_the_limits_is_an_error() {
    assert!(document_num(0, MAX_OFFSET + 1).is_err());
    assert!(document_num(MAX_ROLLOUT_KEY + 1, 0).is_err());
    assert!(document_num(-1, 0).is_err());
    assert!(document_nums(-1, &(0..1)).is_err());
}

#[test]
fn ranges_stay_within_their_rollout() {
    let first = document_num(3, 0).unwrap();
    let end = document_num(4, 0).unwrap();
    assert_eq!(document_nums(3, &(0..MAX_OFFSET + 1)).unwrap(), first..end);
    assert_eq!(document_nums(3, &(5..9)).unwrap(), first + 5..first + 9);
    assert_eq!(document_nums(3, &(0..u64::MAX)).unwrap(), first..end);
    assert_eq!(document_nums(3, &(u64::MAX..u64::MAX)).unwrap(), end..end);
    assert_eq!(document_nums(MAX_ROLLOUT_KEY, &(0..u64::MAX)).unwrap().end, i64::MAX);
}
