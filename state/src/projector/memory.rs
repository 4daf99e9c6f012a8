//! Rows in memory: what a fold has changed, over an optional base of stored rows.
//!
//! An answer is base plus overlay, so a reader never waits for the index's writer. The same overlay is later stored.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::row_store::{KeyRange, Order, RowReader, RowStore};
use crate::error::StateResult;
use crate::rows::{DamageRow, ItemClass, ItemRow, RowKey, RowSet, RowSets, TurnRow};

/// Rows of the base that are fetched at once when some of them may be overridden.
const BASE_BATCH_ROWS: usize = 64;

/// Changed rows of one rollout.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowChanges {
    /// Turns to insert or replace.
    pub turns: BTreeMap<RowKey, TurnRow>,
    /// Items to insert or replace.
    pub items: BTreeMap<RowKey, ItemRow>,
    /// Damaged lines to add.
    pub damage: Vec<DamageRow>,
    /// Whether all stored rows of the raw set are to be deleted first.
    pub raw_removed: bool,
}

impl RowChanges {
    /// Returns the number of changed rows.
    pub fn len(&self) -> usize {
        self.turns.len() + self.items.len() + self.damage.len()
    }

    /// Returns whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && !self.raw_removed
    }
}

/// What the base can hold, known since the first byte of a rollout and handed from one step of a fold to the next.
#[derive(Debug, Default)]
pub struct KnownIds {
    /// Hashes of all ids.
    ids: HashSet<i64>,
    /// Links of the turns that stored items belong to.
    links: HashSet<i64>,
}

/// Rows of one rollout in memory over an optional base.
pub struct MemoryRows<B> {
    base: Option<B>,
    changes: RowChanges,
    turn_ids: HashMap<i64, Vec<RowKey>>,
    item_ids: HashMap<i64, Vec<RowKey>>,
    turn_items: HashMap<i64, Vec<RowKey>>,
    /// What the base can hold, if that is known: what is absent here needs no look at the base.
    known: Option<KnownIds>,
}

impl<B> fmt::Debug for MemoryRows<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRows")
            .field("changed_rows", &self.changes.len())
            .finish_non_exhaustive()
    }
}

impl<B: RowReader> MemoryRows<B> {
    /// Starts a rollout that has no stored rows yet.
    pub fn empty() -> Self {
        Self {
            base: None,
            changes: RowChanges::default(),
            turn_ids: HashMap::new(),
            item_ids: HashMap::new(),
            turn_items: HashMap::new(),
            known: Some(KnownIds::default()),
        }
    }

    /// Starts over `base`, knowing nothing about its ids.
    pub fn over_unknown(base: B) -> Self {
        Self {
            base: Some(base),
            known: None,
            ..Self::empty()
        }
    }

    /// Returns the changes so far.
    pub fn changes(&self) -> &RowChanges {
        &self.changes
    }

    /// Continues a fold in steps: over what is stored by now, with the ids known since the first byte, if so.
    pub fn resume(base: Option<B>, known: Option<KnownIds>) -> Self {
        Self {
            base,
            known,
            ..Self::empty()
        }
    }

    /// Takes out the changes, and the known ids for the next step.
    pub fn into_parts(self) -> (RowChanges, Option<KnownIds>) {
        let mut known = self.known;
        if let Some(known) = &mut known {
            known.links.extend(self.turn_items.keys());
        }
        (self.changes, known)
    }

    fn base_for_id(&self, id_hash: i64) -> Option<&B> {
        let known_absent = self.known.as_ref().is_some_and(|known| !known.ids.contains(&id_hash));
        if known_absent { None } else { self.base.as_ref() }
    }

    fn base_turn_visible(&self, row: &TurnRow) -> bool {
        !(self.changes.turns.contains_key(&row.key) || self.changes.raw_removed && row.sets == RowSets::RAW)
    }

    fn base_item_visible(&self, row: &ItemRow) -> bool {
        !(self.changes.items.contains_key(&row.key) || self.changes.raw_removed && row.sets == RowSets::RAW)
    }
}

/// The rows that a query asks for.
#[derive(Clone, Copy)]
struct Window {
    range: KeyRange,
    order: Order,
    limit: usize,
}

/// Merges rows of the base with changed rows, both in the window's order.
fn merge<T>(
    window: Window,
    key_of: impl Fn(&T) -> RowKey,
    changed: impl Iterator<Item = T>,
    mut base_page: impl FnMut(KeyRange, usize) -> StateResult<Vec<T>>,
    visible: impl Fn(&T) -> bool,
) -> StateResult<Vec<T>> {
    let Window {
        mut range,
        order,
        limit,
    } = window;
    let changed: Vec<T> = changed.take(limit).collect();
    let mut base: Vec<T> = Vec::new();
    let batch = limit.saturating_add(BASE_BATCH_ROWS);
    loop {
        let rows = base_page(range, batch)?;
        let full = rows.len() == batch;
        if let Some(last) = rows.last() {
            match order {
                Order::Ascending => range.low = RowKey(key_of(last).0 + 1),
                Order::Descending => range.high = key_of(last),
            }
        }
        base.extend(rows.into_iter().filter(&visible));
        if !full || base.len() >= limit {
            break;
        }
    }
    let mut merged: Vec<T> = base.into_iter().chain(changed).collect();
    match order {
        Order::Ascending => merged.sort_by_key(|row| key_of(row)),
        Order::Descending => merged.sort_by_key(|row| std::cmp::Reverse(key_of(row))),
    }
    merged.truncate(limit);
    Ok(merged)
}

fn in_range<V>(rows: &BTreeMap<RowKey, V>, range: KeyRange, order: Order) -> Box<dyn Iterator<Item = &V> + '_> {
    if range.low >= range.high {
        return Box::new(std::iter::empty());
    }
    let rows = rows.range(range.low..range.high).map(|(_, row)| row);
    match order {
        Order::Ascending => Box::new(rows),
        Order::Descending => Box::new(rows.rev()),
    }
}

impl<B: RowReader> RowReader for MemoryRows<B> {
    fn turn(&self, key: RowKey) -> StateResult<Option<TurnRow>> {
        if let Some(row) = self.changes.turns.get(&key) {
            return Ok(Some(row.clone()));
        }
        let Some(base) = &self.base else { return Ok(None) };
        Ok(base.turn(key)?.filter(|row| self.base_turn_visible(row)))
    }

    fn turn_by_id(&self, id_hash: i64, set: RowSet) -> StateResult<Option<TurnRow>> {
        Ok(self.turns_by_id(id_hash, set)?.pop())
    }

    fn turns_by_id(&self, id_hash: i64, set: RowSet) -> StateResult<Vec<TurnRow>> {
        // A changed row hides its stored form, not other stored rows with the same id: legacy turn ids can repeat.
        let changed = self.turn_ids.get(&id_hash).into_iter().flatten();
        let mut rows: Vec<TurnRow> = changed.filter_map(|key| self.changes.turns.get(key)).cloned().collect();
        if let Some(base) = self.base_for_id(id_hash) {
            rows.extend(
                base.turns_by_id(id_hash, set)?
                    .into_iter()
                    .filter(|row| self.base_turn_visible(row)),
            );
        }
        rows.retain(|row| row.removed_at.is_none() && row.sets.contains(set));
        rows.sort_by_key(|row| row.key);
        Ok(rows)
    }

    fn turns(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<TurnRow>> {
        let shown = |row: &&TurnRow| row.sets.contains(set) && row.removed_at.is_none();
        let changed = in_range(&self.changes.turns, range, order).filter(shown);
        let Some(base) = &self.base else {
            return Ok(changed.take(limit).cloned().collect());
        };
        if self.changes.turns.is_empty() && !self.changes.raw_removed {
            return base.turns(set, range, order, limit);
        }
        let page = |range, rows| base.turns(set, range, order, rows);
        merge(
            Window { range, order, limit },
            |row| row.key,
            changed.cloned(),
            page,
            |row| self.base_turn_visible(row),
        )
    }

    fn item(&self, key: RowKey) -> StateResult<Option<ItemRow>> {
        if let Some(row) = self.changes.items.get(&key) {
            return Ok(Some(row.clone()));
        }
        let Some(base) = &self.base else { return Ok(None) };
        Ok(base.item(key)?.filter(|row| self.base_item_visible(row)))
    }

    fn items_by_id(&self, id_hash: i64) -> StateResult<Vec<ItemRow>> {
        let changed = self.item_ids.get(&id_hash).into_iter().flatten();
        let mut rows: Vec<ItemRow> = changed.filter_map(|key| self.changes.items.get(key)).cloned().collect();
        if let Some(base) = self.base_for_id(id_hash) {
            rows.extend(
                base.items_by_id(id_hash)?
                    .into_iter()
                    .filter(|row| self.base_item_visible(row)),
            );
        }
        rows.retain(|row| row.removed_at.is_none());
        rows.sort_by_key(|row| row.key);
        Ok(rows)
    }

    fn items(
        &self,
        set: RowSet,
        turn_link: Option<i64>,
        range: KeyRange,
        order: Order,
        limit: usize,
    ) -> StateResult<Vec<ItemRow>> {
        let shown = |row: &&ItemRow| row.sets.contains(set) && row.removed_at.is_none();
        let changed: Box<dyn Iterator<Item = &ItemRow>> = match turn_link {
            None => in_range(&self.changes.items, range, order),
            Some(link) => {
                let keys = self.turn_items.get(&link).map_or(&[][..], Vec::as_slice);
                let rows = keys.iter().filter(move |key| range.contains(**key));
                let rows = rows.filter_map(|key| self.changes.items.get(key));
                match order {
                    Order::Ascending => Box::new(rows),
                    Order::Descending => {
                        let mut rows: Vec<_> = rows.collect();
                        rows.reverse();
                        Box::new(rows.into_iter())
                    }
                }
            }
        };
        let changed = changed.filter(shown);
        let absent = |link| self.known.as_ref().is_some_and(|known| !known.links.contains(&link));
        let base = self.base.as_ref().filter(|_| !turn_link.is_some_and(absent));
        let Some(base) = base else {
            return Ok(changed.take(limit).cloned().collect());
        };
        if self.changes.items.is_empty() && !self.changes.raw_removed {
            return base.items(set, turn_link, range, order, limit);
        }
        let page = |range, rows| base.items(set, turn_link, range, order, rows);
        merge(
            Window { range, order, limit },
            |row| row.key,
            changed.cloned(),
            page,
            |row| self.base_item_visible(row),
        )
    }

    fn messages(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<ItemRow>> {
        let shown =
            |row: &&ItemRow| row.sets.contains(set) && row.removed_at.is_none() && row.class != ItemClass::Other;
        let changed = in_range(&self.changes.items, range, order).filter(shown);
        let Some(base) = &self.base else {
            return Ok(changed.take(limit).cloned().collect());
        };
        let page = |range, rows| base.messages(set, range, order, rows);
        merge(
            Window { range, order, limit },
            |row| row.key,
            changed.cloned(),
            page,
            |row| self.base_item_visible(row),
        )
    }

    fn ended_turns(&self, set: RowSet, range: KeyRange, order: Order, limit: usize) -> StateResult<Vec<TurnRow>> {
        let end_of = |row: &TurnRow| row.end_key().unwrap_or(RowKey(0));
        let shown = |row: &&TurnRow| {
            let ended = row.end_key().is_some_and(|key| range.contains(key));
            ended && row.sets.contains(set) && row.removed_at.is_none()
        };
        let mut changed: Vec<TurnRow> = self.changes.turns.values().filter(shown).cloned().collect();
        match order {
            Order::Ascending => changed.sort_by_key(end_of),
            Order::Descending => changed.sort_by_key(|row| std::cmp::Reverse(end_of(row))),
        }
        let Some(base) = &self.base else {
            changed.truncate(limit);
            return Ok(changed);
        };
        let page = |range, rows| base.ended_turns(set, range, order, rows);
        merge(
            Window { range, order, limit },
            end_of,
            changed.into_iter(),
            page,
            |row| self.base_turn_visible(row),
        )
    }

    fn item_count(&self, set: RowSet) -> StateResult<u64> {
        let counts = |row: &ItemRow| row.sets.contains(set) && row.removed_at.is_none();
        let mut count = self.changes.items.values().filter(|row| counts(row)).count() as u64;
        if let Some(base) = &self.base {
            count += base.item_count(set)?;
            for key in self.changes.items.keys() {
                if base.item(*key)?.is_some_and(|row| counts(&row)) {
                    count -= 1;
                }
            }
        }
        Ok(count)
    }
}

/// Inserts a key into a list that is sorted.
fn insert_sorted(keys: &mut Vec<RowKey>, key: RowKey) {
    if let Err(at) = keys.binary_search(&key) {
        keys.insert(at, key);
    }
}

impl<B: RowReader> RowStore for MemoryRows<B> {
    fn changed_rows(&self) -> usize {
        self.changes.len()
    }

    fn put_turn(&mut self, row: TurnRow) -> StateResult<()> {
        let hash = crate::rows::id_hash(&row.turn_id);
        if let Some(known) = &mut self.known {
            known.ids.insert(hash);
        }
        insert_sorted(self.turn_ids.entry(hash).or_default(), row.key);
        self.changes.turns.insert(row.key, row);
        Ok(())
    }

    fn put_item(&mut self, row: ItemRow) -> StateResult<()> {
        if let Some(known) = &mut self.known {
            known.ids.insert(row.id_hash);
        }
        insert_sorted(self.item_ids.entry(row.id_hash).or_default(), row.key);
        insert_sorted(self.turn_items.entry(row.turn_link).or_default(), row.key);
        self.changes.items.insert(row.key, row);
        Ok(())
    }

    fn put_damage(&mut self, row: DamageRow) -> StateResult<()> {
        self.changes.damage.push(row);
        Ok(())
    }

    fn remove_raw(&mut self) -> StateResult<()> {
        self.changes.raw_removed = true;
        self.changes.turns.retain(|_, row| row.sets != RowSets::RAW);
        self.changes.items.retain(|_, row| row.sets != RowSets::RAW);
        Ok(())
    }
}
