//! Packing and unpacking a turn gives back the turn; a changed byte or another key is an error.

use proptest::prelude::*;

use super::*;
use crate::rows::Span;

const ROLLOUT: i64 = 7;

fn span() -> impl Strategy<Value = Span> {
    (0u64..1 << 50, any::<u32>()).prop_map(|(offset, len)| Span { offset, len })
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u128>().prop_map(|bits| Uuid::from_u128(bits).to_string()),
        // The same UUID in another spelling must come back in that spelling.
        any::<u128>().prop_map(|bits| Uuid::from_u128(bits).to_string().to_uppercase()),
        any::<u128>().prop_map(|bits| Uuid::from_u128(bits).simple().to_string()),
        "[ -~]{0,12}",
    ]
}

prop_compose! {
    fn times()(
        started_at in any::<Option<i64>>(),
        completed_at in any::<Option<i64>>(),
        duration_ms in any::<Option<i64>>(),
    ) -> (Option<i64>, Option<i64>, Option<i64>) {
        (started_at, completed_at, duration_ms)
    }
}

prop_compose! {
    fn arbitrary_turn()(
        key in 0u64..1 << 50,
        (sets, state) in (1u8..8, 0i64..4),
        turn_id in id(),
        root in prop_oneof![Just(None), Just(Some(None)), id().prop_map(|id| Some(Some(id)))],
        link in prop_oneof![Just(None), any::<i64>().prop_map(Some)],
        is_legacy in any::<bool>(),
        (started_at, completed_at, duration_ms) in times(),
        (ordinal, alias, removed_at) in (any::<u64>(), any::<Option<u64>>(), prop::option::of(0u64..1 << 50)),
        (first_user, final_agent) in (prop::option::of(0u64..1 << 50), prop::option::of(0u64..1 << 50)),
        end in prop::option::of((any::<u64>(), span())),
        error_event in prop::option::of(span()),
        records in prop::collection::vec(span(), 0..4),
    ) -> TurnRow {
        let key = RowKey(key);
        let usual_link = if is_legacy { turn_link_of_key(key) } else { turn_link_of_id(&turn_id) };
        TurnRow {
            key,
            sets: RowSets(sets),
            alias,
            link: link.unwrap_or(usual_link),
            ordinal,
            state: TurnState::from_code(state).expect("a state"),
            started_at,
            completed_at,
            duration_ms,
            root_turn_id: root.map(|root| root.unwrap_or_else(|| turn_id.clone())),
            end: end.map(|(ordinal, span)| TurnEnd { ordinal, span }),
            records,
            first_user: first_user.map(RowKey),
            final_agent: final_agent.map(RowKey),
            error_event,
            removed_at,
            turn_id,
        }
    }
}

proptest! {
    #[test]
    fn unpacking_gives_back_what_was_packed(turn in arbitrary_turn()) {
        prop_assert_eq!(decode(ROLLOUT, turn.key, &encode(ROLLOUT, &turn)).expect("own row"), turn);
    }

    #[test]
    fn a_changed_bit_is_an_error(turn in arbitrary_turn(), at in any::<prop::sample::Index>(), bit in 0u32..8) {
        let mut stored = encode(ROLLOUT, &turn);
        let at = at.index(stored.len());
        stored[at] ^= 1u8 << bit;
        prop_assert!(decode(ROLLOUT, turn.key, &stored).is_err());
    }

    #[test]
    fn bytes_that_are_no_turn_never_panic(key in 0u64..1 << 50, bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut stored = seal_bytes(seal_place(ROLLOUT, RowKey(key)), &bytes).to_vec();
        stored.extend(bytes);
        let _turn = decode(ROLLOUT, RowKey(key), &stored);
    }
}

#[test]
fn a_row_of_another_rollout_or_key_is_an_error() {
    let turn = TurnRow::open(RowKey(10), RowSets::BOTH, "turn".to_owned(), 1, 2);
    let stored = encode(ROLLOUT, &turn);
    assert!(decode(ROLLOUT, RowKey(10), &stored).is_ok());
    assert!(decode(ROLLOUT + 1, RowKey(10), &stored).is_err());
    assert!(decode(ROLLOUT, RowKey(11), &stored).is_err());
}
