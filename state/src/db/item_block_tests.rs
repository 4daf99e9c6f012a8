//! Packing and unpacking items gives back the items; a changed byte or another place is an error.

use proptest::prelude::*;

use super::*;

const PLACE: i64 = 7 << 32 | 3;
const BLOCK: BlockNumber = 3;

prop_compose! {
    fn arbitrary_item()(
        at in 0u64..1 << BLOCK_KEY_BITS,
        sets in 1u8..8,
        turn_link in prop_oneof![any::<i64>(), 0i64..4],
        id_hash in any::<i64>(),
        alias in prop::option::of(0u64..1 << 40),
        ordinal in 0u64..1 << 40,
        class in 0i64..6,
        fold in 0i64..5,
        spans in prop::collection::vec((0u64..1 << 50, any::<u32>()), 0..4),
        own_line in prop::option::of(any::<u32>()),
        removed_at in prop::option::of(0u64..1 << 50),
    ) -> ItemRow {
        let key = RowKey(u64::from(BLOCK) << BLOCK_KEY_BITS | at);
        let spans = match own_line {
            Some(len) => vec![Span { offset: key.offset(), len }],
            None => spans.into_iter().map(|(offset, len)| Span { offset, len }).collect(),
        };
        ItemRow {
            key,
            sets: RowSets(sets),
            turn_link,
            id_hash,
            alias,
            ordinal,
            class: ItemClass::from_code(class).expect("a class"),
            fold: FoldKind::from_code(fold).expect("a fold"),
            spans,
            removed_at,
        }
    }
}

fn unpacked(stored: &[u8]) -> StateResult<Vec<ItemRow>> {
    let items = Block::open(PLACE, BLOCK, stored)?.items()?;
    items.into_iter().map(PackedItem::to_row).collect()
}

proptest! {
    #[test]
    fn unpacking_gives_back_what_was_packed(mut items in prop::collection::vec(arbitrary_item(), 1..20)) {
        items.sort_by_key(|item| item.key);
        items.dedup_by_key(|item| item.key);
        let rows: Vec<&ItemRow> = items.iter().collect();
        let stored = encode(PLACE, BLOCK, &rows);
        prop_assert_eq!(unpacked(&stored).expect("own block"), items);
    }

    #[test]
    fn a_changed_bit_is_an_error(items in prop::collection::vec(arbitrary_item(), 1..4), at in any::<prop::sample::Index>(), bit in 0u32..8) {
        let rows: Vec<&ItemRow> = items.iter().take(1).collect();
        let mut stored = encode(PLACE, BLOCK, &rows);
        let at = at.index(stored.len());
        stored[at] ^= 1u8 << bit;
        prop_assert!(Block::open(PLACE, BLOCK, &stored).is_err());
    }

    #[test]
    fn bytes_that_are_no_block_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut stored = seal_bytes(PLACE.cast_unsigned(), &bytes).to_vec();
        stored.extend(bytes);
        let _rows = unpacked(&stored);
    }
}

#[test]
fn a_block_of_another_place_is_an_error() {
    let stored = encode(PLACE, BLOCK, &[]);
    assert!(Block::open(PLACE, BLOCK, &stored).is_ok());
    assert!(Block::open(PLACE + 1, BLOCK, &stored).is_err());
}

#[test]
fn an_item_of_one_line_takes_fifteen_bytes_beside_its_turn() {
    let item = |at: u64| ItemRow {
        key: RowKey::new(u64::from(BLOCK) << 16 | at, RowSets::BOTH),
        sets: RowSets::BOTH,
        turn_link: i64::MAX,
        id_hash: i64::MIN,
        alias: None,
        ordinal: 100_000 + at / 1_000,
        class: ItemClass::User,
        fold: FoldKind::Canonical,
        spans: vec![Span {
            offset: u64::from(BLOCK) << 16 | at,
            len: 2_000,
        }],
        removed_at: None,
    };
    let items: Vec<ItemRow> = (0..30).map(|n| item(n * 2_000)).collect();
    let rows: Vec<&ItemRow> = items.iter().collect();
    assert_eq!(
        encode(PLACE, BLOCK, &rows).len(),
        4 + 2 + 8 + 30 * (8 + 2 + 2 + 1 + 2) + 1
    );
}
