//! A block of items: the rows of all items whose creating lines begin in the same 64 KiB of a rollout, packed into one value.
//!
//! A row of its own costs an item 50 bytes and more before it says anything. Which block an item is in follows from its key
//! alone, so that an index that was made in steps is that of one step, byte for byte. No SQL here.

use super::packed::{Packer, Unpacker};
use crate::error::{StateError, StateResult};
use crate::rows::{FoldKind, ItemClass, ItemRow, RowKey, RowSet, RowSets, Span};
use crate::seal::{seal_bytes, unseal_bytes};

/// Bits of a key that blocks do not tell apart: 64 KiB of a rollout, and the raw bit.
const BLOCK_KEY_BITS: u32 = 17;
const COLUMN: &str = "item_blocks.body";
/// Bytes of a hash in a block.
const HASH_BYTES: usize = 8;
/// Bytes that most items take at most; only spares the vector from growing.
const USUAL_ITEM_BYTES: usize = 20;

// What the first number of an item says, from the lowest bit on.
const SETS_BITS: u64 = 0b111;
const FOLD_SHIFT: u32 = 3;
const CLASS_SHIFT: u32 = 6;
const CODE_BITS: u64 = 0b111;
const SAME_LINK: u64 = 1 << 9;
const OWN_LINE: u64 = 1 << 10;
const HAS_ALIAS: u64 = 1 << 11;
const REMOVED: u64 = 1 << 12;

/// Number of a block within its rollout.
pub(super) type BlockNumber = u32;

/// Returns the block that holds the item with this key.
///
/// # Errors
/// For an offset of 256 TiB and more.
pub(super) fn block_of(key: RowKey) -> StateResult<BlockNumber> {
    BlockNumber::try_from(key.0 >> BLOCK_KEY_BITS).map_err(|_| StateError::Value {
        column: "item_blocks.place",
        detail: format!("no block for key {}", key.0),
    })
}

/// Returns the block that a range of keys reaches to, or the last one there can be.
pub(super) fn last_block_of(high: RowKey) -> BlockNumber {
    block_of(RowKey(high.0.saturating_sub(1))).unwrap_or(BlockNumber::MAX)
}

/// Returns the offset of a block's first byte in the rollout.
pub(super) fn block_offset(block: BlockNumber) -> u64 {
    u64::from(block) << (BLOCK_KEY_BITS - 1)
}

/// Packs the items of a block, which are in the order of their keys.
pub(super) fn encode(place: i64, block: BlockNumber, items: &[&ItemRow]) -> Vec<u8> {
    let mut links: Vec<i64> = Vec::new();
    let mut link_of = Vec::with_capacity(items.len());
    for item in items {
        // Items of a turn lie together, so it is mostly the last one.
        let known = links.iter().rposition(|link| *link == item.turn_link);
        link_of.push(known.unwrap_or_else(|| {
            links.push(item.turn_link);
            links.len() - 1
        }));
    }
    let mut packer = Packer::with_capacity(16 + items.len() * USUAL_ITEM_BYTES + links.len() * HASH_BYTES);
    packer.bytes(&[0; 4]);
    packer.number(items.len() as u64);
    packer.number(links.len() as u64);
    for item in items {
        packer.hash(item.id_hash);
    }
    for link in &links {
        packer.hash(*link);
    }
    let mut before = Before::first_of(block);
    for (item, link) in items.iter().zip(link_of) {
        put_item(&mut packer, &mut before, item, link);
    }
    let mut bytes = packer.into_bytes();
    let seal = seal_bytes(place.cast_unsigned(), &bytes[4..]);
    bytes[..4].copy_from_slice(&seal);
    bytes
}

/// What the values of an item are told apart from: those of the item before it in the block.
#[derive(Debug, Clone, Copy)]
struct Before {
    key: u64,
    ordinal: u64,
    alias: u64,
    link: usize,
}

impl Before {
    fn first_of(block: BlockNumber) -> Self {
        Self {
            key: u64::from(block) << BLOCK_KEY_BITS,
            ordinal: 0,
            alias: 0,
            link: 0,
        }
    }
}

fn put_item(packer: &mut Packer, before: &mut Before, item: &ItemRow, link: usize) {
    let offset = item.key.offset();
    let own_line = match item.spans.as_slice() {
        [span] if span.offset == offset => Some(span.len),
        _ => None,
    };
    let flag = |set: bool, flag: u64| if set { flag } else { 0 };
    packer.number(
        u64::from(item.sets.0) & SETS_BITS
            | (item.fold as u64) << FOLD_SHIFT
            | (item.class as u64) << CLASS_SHIFT
            | flag(link == before.link, SAME_LINK)
            | flag(own_line.is_some(), OWN_LINE)
            | flag(item.alias.is_some(), HAS_ALIAS)
            | flag(item.removed_at.is_some(), REMOVED),
    );
    packer.number(item.key.0 - before.key);
    if link != before.link {
        packer.number(link as u64);
    }
    packer.distance(before.ordinal, item.ordinal);
    if let Some(alias) = item.alias {
        packer.distance(before.alias, alias);
        before.alias = alias;
    }
    if let Some(removed_at) = item.removed_at {
        packer.distance(offset, removed_at);
    }
    match own_line {
        Some(len) => packer.number(u64::from(len)),
        None => packer.spans(offset, &item.spans),
    }
    (before.key, before.ordinal, before.link) = (item.key.0, item.ordinal, link);
}

/// A stored block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'b> {
    block: BlockNumber,
    ids: &'b [u8],
    links: &'b [u8],
    items: Unpacker<'b>,
}

impl<'b> Block<'b> {
    /// Opens what [`encode`] made for `place`.
    ///
    /// # Errors
    /// When a byte was changed since.
    pub(super) fn open(place: i64, block: BlockNumber, sealed: &'b [u8]) -> StateResult<Self> {
        let bytes = unseal_bytes(COLUMN, place.cast_unsigned(), sealed)?;
        let mut items = Unpacker::new(COLUMN, bytes);
        let (ids, links) = (items.count()?, items.count()?);
        Ok(Self {
            block,
            ids: items.bytes(ids.saturating_mul(HASH_BYTES))?,
            links: items.bytes(links.saturating_mul(HASH_BYTES))?,
            items,
        })
    }

    /// Returns the hashes of the items' ids, in their order.
    pub(super) fn ids(&self) -> impl Iterator<Item = i64> + use<'b> {
        hashes(self.ids)
    }

    /// Returns the links of the turns that the items belong to, each once.
    pub(super) fn links(&self) -> impl Iterator<Item = i64> + use<'b> {
        hashes(self.links)
    }

    /// Reads all items, in the order of their keys.
    pub(super) fn items(&self) -> StateResult<Vec<PackedItem<'b>>> {
        let links: Vec<i64> = self.links().collect();
        let mut packed = self.items;
        let mut before = Before::first_of(self.block);
        let items = self.ids().map(|id| take_item(&mut packed, &mut before, id, &links));
        items.collect()
    }
}

fn hashes(bytes: &[u8]) -> impl Iterator<Item = i64> {
    let (hashes, _) = bytes.as_chunks::<HASH_BYTES>();
    hashes.iter().map(|hash| i64::from_le_bytes(*hash))
}

/// An item of a block; its spans are read when it is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct PackedItem<'b> {
    pub(super) key: RowKey,
    pub(super) sets: RowSets,
    pub(super) turn_link: i64,
    pub(super) id_hash: i64,
    pub(super) class: ItemClass,
    pub(super) removed_at: Option<u64>,
    alias: Option<u64>,
    ordinal: u64,
    fold: FoldKind,
    spans: PackedSpans<'b>,
}

#[derive(Debug, Clone, Copy)]
enum PackedSpans<'b> {
    OwnLine(u32),
    Many(Unpacker<'b>),
}

fn take_item<'b>(
    packed: &mut Unpacker<'b>,
    before: &mut Before,
    id_hash: i64,
    links: &[i64],
) -> StateResult<PackedItem<'b>> {
    let tag = packed.number()?;
    let has = |flag: u64| tag & flag != 0;
    let code = |shift: u32| ((tag >> shift) & CODE_BITS).cast_signed();
    let key = RowKey(before.key.wrapping_add(packed.number()?));
    let offset = key.offset();
    let link = if has(SAME_LINK) { before.link } else { packed.count()? };
    let ordinal = packed.distance(before.ordinal)?;
    let alias = if has(HAS_ALIAS) {
        before.alias = packed.distance(before.alias)?;
        Some(before.alias)
    } else {
        None
    };
    let removed_at = if has(REMOVED) {
        Some(packed.distance(offset)?)
    } else {
        None
    };
    let spans = if has(OWN_LINE) {
        let len = packed.number()?;
        PackedSpans::OwnLine(u32::try_from(len).map_err(|_| packed.bad("length"))?)
    } else {
        let spans = *packed;
        packed.skip_spans()?;
        PackedSpans::Many(spans)
    };
    (before.key, before.ordinal, before.link) = (key.0, ordinal, link);
    Ok(PackedItem {
        key,
        sets: RowSets((tag & SETS_BITS) as u8),
        turn_link: *links.get(link).ok_or_else(|| packed.bad("link"))?,
        id_hash,
        class: ItemClass::from_code(code(CLASS_SHIFT)).ok_or_else(|| packed.bad("class"))?,
        removed_at,
        alias,
        ordinal,
        fold: FoldKind::from_code(code(FOLD_SHIFT)).ok_or_else(|| packed.bad("fold"))?,
        spans,
    })
}

impl PackedItem<'_> {
    /// Returns whether `set` shows the item.
    pub(super) fn is_shown(&self, set: RowSet) -> bool {
        self.sets.contains(set) && self.removed_at.is_none()
    }

    /// Returns the whole row.
    pub(super) fn to_row(self) -> StateResult<ItemRow> {
        let offset = self.key.offset();
        let spans = match self.spans {
            PackedSpans::OwnLine(len) => vec![Span { offset, len }],
            PackedSpans::Many(mut packed) => packed.spans(offset)?,
        };
        Ok(ItemRow {
            key: self.key,
            sets: self.sets,
            turn_link: self.turn_link,
            id_hash: self.id_hash,
            alias: self.alias,
            ordinal: self.ordinal,
            class: self.class,
            fold: self.fold,
            spans,
            removed_at: self.removed_at,
        })
    }
}

#[cfg(test)]
#[path = "item_block_tests.rs"]
mod item_block_tests;
