//! Finds and reads the blocks of a rollout's items.
//!
//! Blocks are found by number. Where the items of a turn or those with an id are is told by `item_places`, which knows the
//! blocks by 24 bits of a hash; the first blocks of a rollout are always looked at and have no places, so that the many
//! small rollouts of a home need none.

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use super::history::{bucket_of, direction};
use super::item_block::{Block, BlockNumber, PackedItem, block_of, last_block_of};
use crate::error::{StateError, StateResult};
use crate::projector::{KeyRange, Order};

/// Blocks from the first byte on that no place is stored for: 256 KiB of a rollout.
pub(super) const HEAD_BLOCKS: BlockNumber = 4;
/// Bits of a block's place that are its number; above are those of the rollout.
const NUMBER_BITS: u32 = 32;

/// Which blocks can hold what is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Candidates {
    /// All of them.
    All,
    /// Those with an item of this id hash.
    OfId(i64),
    /// Those with an item of this turn link.
    OfTurn(i64),
}

impl Candidates {
    fn include(self, block: &Block<'_>) -> bool {
        match self {
            Self::All => true,
            Self::OfId(hash) => block.ids().any(|id| id == hash),
            Self::OfTurn(link) => block.links().any(|other| other == link),
        }
    }
}

/// Returns where a block is stored.
///
/// # Errors
/// When there are more rollouts than places for them.
pub(super) fn place_of(rollout: i64, block: BlockNumber) -> StateResult<i64> {
    let rollout = i32::try_from(rollout).map_err(|_| StateError::Value {
        column: "item_blocks.place",
        detail: format!("no place for rollout {rollout}"),
    })?;
    Ok(i64::from(rollout) << NUMBER_BITS | i64::from(block))
}

/// Returns the rollout and number of the block at a place.
pub(super) fn split_place(place: i64) -> (i64, BlockNumber) {
    (place >> NUMBER_BITS, place as BlockNumber)
}

/// Blocks of one rollout.
#[derive(Debug, Clone, Copy)]
pub(super) struct ItemBlocks<'c> {
    connection: &'c Connection,
    rollout: i64,
}

/// A part of a rollout's blocks, first and last included, and which items of them.
#[derive(Clone, Copy)]
struct Walk {
    first: BlockNumber,
    last: BlockNumber,
    range: KeyRange,
    order: Order,
    candidates: Candidates,
}

type Take<'t> = dyn FnMut(PackedItem<'_>) -> StateResult<bool> + 't;

impl<'c> ItemBlocks<'c> {
    /// Reads the blocks of the rollout with this key.
    pub(super) fn new(connection: &'c Connection, rollout: i64) -> Self {
        Self { connection, rollout }
    }

    /// Hands the items of the candidates in a range of keys to `take`, in order, until it has enough.
    pub(super) fn each_item(
        &self,
        range: KeyRange,
        order: Order,
        candidates: Candidates,
        take: &mut Take<'_>,
    ) -> StateResult<()> {
        let Ok(first) = block_of(range.low) else {
            return Ok(()); // above every block that there can be
        };
        if range.low >= range.high {
            return Ok(());
        }
        let walk = Walk {
            first,
            last: last_block_of(range.high),
            range,
            order,
            candidates,
        };
        let hash = match candidates {
            Candidates::All => return self.walk_all(walk, take).map(|_| ()),
            Candidates::OfId(hash) | Candidates::OfTurn(hash) => hash,
        };
        let head = Walk {
            last: walk.last.min(HEAD_BLOCKS - 1),
            ..walk
        };
        let rest = Walk {
            first: walk.first.max(HEAD_BLOCKS),
            ..walk
        };
        let goes_on = match order {
            Order::Ascending => self.walk_all(head, take)?,
            Order::Descending => self.walk_placed(rest, hash, take)?,
        };
        if goes_on {
            match order {
                Order::Ascending => self.walk_placed(rest, hash, take)?,
                Order::Descending => self.walk_all(head, take)?,
            };
        }
        Ok(())
    }

    /// Looks at one block after the other; returns whether `take` wants more.
    fn walk_all(&self, walk: Walk, take: &mut Take<'_>) -> StateResult<bool> {
        let sql = match walk.order {
            Order::Ascending => "SELECT place, body FROM item_blocks WHERE place BETWEEN ?1 AND ?2 ORDER BY place",
            Order::Descending => {
                "SELECT place, body FROM item_blocks WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC"
            }
        };
        if walk.first > walk.last {
            return Ok(true);
        }
        let (first, last) = (place_of(self.rollout, walk.first)?, place_of(self.rollout, walk.last)?);
        let mut statement = self.connection.prepare_cached(sql)?;
        each_block(&mut statement, params![first, last], walk, take)
    }

    /// Looks at the blocks that are known to hold something with this hash; returns whether `take` wants more.
    fn walk_placed(&self, walk: Walk, hash: i64, take: &mut Take<'_>) -> StateResult<bool> {
        if walk.first > walk.last {
            return Ok(true);
        }
        let sql = format!(
            "SELECT item_blocks.place, item_blocks.body FROM item_places \
             CROSS JOIN item_blocks ON item_blocks.place = (item_places.rollout << {NUMBER_BITS} | item_places.block) \
             WHERE item_places.rollout = ?1 AND item_places.bucket = ?2 AND item_places.block BETWEEN ?3 AND ?4 \
             ORDER BY item_places.block {}",
            direction(walk.order)
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let values = params![self.rollout, bucket_of(hash), walk.first, walk.last];
        each_block(&mut statement, values, walk, take)
    }

    /// Returns the key of the rollout.
    pub(super) fn rollout(&self) -> i64 {
        self.rollout
    }

    /// Returns the bytes of a block.
    pub(super) fn stored(&self, block: BlockNumber) -> StateResult<Option<Vec<u8>>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT body FROM item_blocks WHERE place = ?1")?;
        let found = statement.query_row([place_of(self.rollout, block)?], |row| row.get(0));
        Ok(found.optional()?)
    }

    /// Returns the numbers of all blocks.
    pub(super) fn numbers(&self) -> StateResult<Vec<BlockNumber>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT place FROM item_blocks WHERE place BETWEEN ?1 AND ?2 ORDER BY place")?;
        let (first, last) = (place_of(self.rollout, 0)?, place_of(self.rollout, BlockNumber::MAX)?);
        let places = statement.query_map([first, last], |row| row.get::<_, i64>(0))?;
        places.map(|place| Ok(split_place(place?).1)).collect()
    }
}

fn each_block(
    statement: &mut CachedStatement<'_>,
    values: impl rusqlite::Params,
    walk: Walk,
    take: &mut Take<'_>,
) -> StateResult<bool> {
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        let place = row.get(0)?;
        let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let block = Block::open(place, split_place(place).1, body)?;
        if !walk.candidates.include(&block) {
            continue;
        }
        let mut items = block.items()?;
        items.retain(|item| walk.range.contains(item.key));
        if walk.order == Order::Descending {
            items.reverse();
        }
        for item in items {
            if !take(item)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
