//! Requests as values, asked of both stores, answers compared.
//!
//! Pages are walked to their end, with the anchors that a client would send.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_thread_store::{
    Anchor, ArchivedFilter, Direction, GroupFilter, HistoryAnchor, HistoryKey, HistoryOrder, HistoryQuery, ItemAnchor,
    ItemPageQuery, ItemsView, ListQuery, ListSort, OccurrenceAnchor, OccurrenceQuery, Position, SearchQuery,
    StoreError, StoreResult, ThreadAnchor, ThreadReadQuery, ThreadSelector, ThreadStore, TimelineAnchor, TimelineEntry,
    TimelineEntryKind, TimelineQuery, TurnAnchor, TurnPageQuery, View, query,
};

use crate::support::block_on;

/// Pages that one walk takes at most.
const MAX_PAGES: usize = 200;

/// A request, or a walk of requests.
#[derive(Debug, Clone)]
pub(crate) enum Probe {
    Read(View, Option<ItemsView>),
    Turns(View, Direction, usize, ItemsView, Marks),
    Items(View, Direction, usize, Option<u8>, Marks),
    ItemsById(View, u8),
    Timeline(View, usize, Marks),
    List(View, ListSort, Direction, usize, ArchivedFilter, Option<&'static str>),
    Search(View, &'static str, Direction, usize),
    Occurrences(View, &'static str, usize, Marks),
    History(&'static str, HistoryOrder, usize),
    Resolve,
    State,
}

/// How a walk names the rows that its pages start from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Marks {
    /// By ordinal and offset.
    Positions,
    /// By ordinal alone where that is unambiguous, as the wire does.
    Wire,
    /// By id.
    Ids,
    /// By position, each anchor included again.
    Overlapping,
}

/// Both stores, and a thread to ask about.
pub(crate) struct Pair<'h> {
    pub local: Arc<dyn ThreadStore>,
    pub memory: &'h dyn ThreadStore,
    /// The folder that the paths of the local store begin with.
    pub home: PathBuf,
    pub thread_id: ThreadId,
}

/// Asks both stores, and compares.
pub(crate) fn check(pair: &Pair<'_>, probe: &Probe) {
    match probe {
        Probe::Read(view, turns) => {
            let query = ThreadReadQuery {
                thread_id: pair.thread_id,
                view: *view,
                turns: *turns,
            };
            pair.same(probe, |store| store.read_thread(query));
        }
        Probe::Turns(view, direction, limit, items_view, marks) => {
            pair.turns(probe, (*view, *direction, *limit), *items_view, *marks);
        }
        Probe::Items(view, direction, limit, turn, marks) => {
            pair.items(probe, (*view, *direction, *limit), *turn, *marks);
        }
        Probe::ItemsById(view, turn) => pair.items_by_id(probe, *view, *turn),
        Probe::Timeline(view, limit, marks) => pair.timeline(probe, *view, *limit, *marks),
        Probe::List(view, sort, direction, limit, archived, term) => {
            let query = ListQuery {
                archived: *archived,
                search_term: term.map(str::to_owned),
                ..list_query(*view, *sort, *direction, *limit)
            };
            pair.list(probe, query);
        }
        Probe::Search(view, term, direction, limit) => pair.search(probe, (*view, *direction, *limit), term),
        Probe::Occurrences(view, term, limit, marks) => pair.occurrences(probe, (*view, *limit), term, *marks),
        Probe::History(text, order, limit) => pair.history(probe, text, *order, *limit),
        Probe::Resolve => {
            let selector = ThreadSelector::Text(pair.thread_id.to_string());
            pair.same(probe, |store| store.resolve(&selector));
        }
        Probe::State => {
            // A state is that before catching up; and a read, or asking, may be what shows that the index is spoilt.
            let query = ThreadReadQuery {
                thread_id: pair.thread_id,
                view: View::Full,
                turns: None,
            };
            let mut readable = true;
            for _ in 0..3 {
                readable = pair.same(probe, |store| store.read_thread(query)).is_some();
                let state = block_on(pair.local.index_state(pair.thread_id));
                assert!(state.is_ok() || !readable, "{state:?}");
            }
            if readable {
                pair.same(probe, |store| store.index_state(pair.thread_id));
            }
        }
    }
}

fn list_query(view: View, sort: ListSort, direction: Direction, limit: usize) -> ListQuery {
    ListQuery {
        view,
        sort,
        direction,
        limit,
        anchor: None,
        archived: ArchivedFilter::Any,
        sources: None,
        providers: None,
        cwds: None,
        search_term: None,
        relation: None,
        section: GroupFilter::Any,
        project: GroupFilter::Any,
        include_attached: false,
        excluded: Vec::new(),
        include_unpreviewed: false,
        database_rows: false,
    }
}

impl Pair<'_> {
    /// Asks both and compares; returns the answer if there is one.
    fn same<'s, T: Debug, F: Future<Output = StoreResult<T>>>(
        &'s self,
        probe: &Probe,
        ask: impl Fn(&'s dyn ThreadStore) -> F,
    ) -> Option<T> {
        let local = block_on(ask(self.local.as_ref()));
        let memory = block_on(ask(self.memory));
        self.assert_same(&format!("{probe:?}"), &local, &memory);
        local.ok()
    }

    /// Compares what both stores answered.
    pub(crate) fn assert_same<T: Debug>(&self, what: &str, local: &StoreResult<T>, memory: &StoreResult<T>) {
        // The readable form takes long to write, so only what differs is written in it.
        if self.text(local, Form::Short) == self.text(memory, Form::Short) {
            return;
        }
        panic!(
            "{what} of thread {}\n{}{}",
            self.thread_id,
            difference(&self.text(local, Form::Readable), &self.text(memory, Form::Readable)),
            local.as_ref().err().map(chain).unwrap_or_default(),
        );
    }

    /// Writes an answer so that equal answers are equal texts.
    ///
    /// Whether an ordinal alone names a place may be known later in a prefix than in the whole file.
    fn text<T: Debug>(&self, answer: &StoreResult<T>, form: Form) -> String {
        match answer {
            Ok(value) => {
                let home = format!("{}/", self.home.display());
                let text = match form {
                    Form::Short => format!("{value:?}"),
                    Form::Readable => format!("{value:#?}"),
                };
                let text = text.replace("unambiguous: true", "unambiguous: false");
                text.replace(&home, "/")
            }
            Err(error) => {
                let name = format!("{error:?}");
                let name = name.split([' ', '{', '(']).next().unwrap_or_default().to_owned();
                format!("error {name}")
            }
        }
    }

    fn turns(&self, probe: &Probe, (view, direction, limit): (View, Direction, usize), items: ItemsView, marks: Marks) {
        let mut query = TurnPageQuery {
            thread_id: self.thread_id,
            view,
            anchor: None,
            limit,
            direction,
            items_view: items,
        };
        for _ in 0..MAX_PAGES {
            let page = self.same(probe, |store| store.list_turns(query.clone()));
            let Some(page) = page.filter(|page| page.has_more) else {
                return;
            };
            let Some(last) = page.turns.last() else { return };
            query.anchor = Some(match marks {
                Marks::Ids => Anchor::Excluding(TurnAnchor::Turn(last.turn_id.clone())),
                Marks::Positions => Anchor::Excluding(TurnAnchor::Position(last.position)),
                Marks::Wire => Anchor::Excluding(TurnAnchor::Position(wire(last.position))),
                Marks::Overlapping if limit == 1 => Anchor::Excluding(TurnAnchor::Position(last.position)),
                Marks::Overlapping => Anchor::Including(TurnAnchor::Position(wire(last.position))),
            });
        }
    }

    fn items(&self, probe: &Probe, (view, direction, limit): (View, Direction, usize), turn: Option<u8>, marks: Marks) {
        let turn_id = turn.and_then(|n| self.turn_id(view, n));
        let mut query = ItemPageQuery {
            thread_id: self.thread_id,
            view,
            turn_id: turn_id.clone(),
            anchor: None,
            limit,
            direction,
        };
        for _ in 0..MAX_PAGES {
            let page = self.same(probe, |store| store.list_items(query.clone()));
            let Some(page) = page.filter(|page| page.has_more) else {
                return;
            };
            let Some(last) = page.items.last() else { return };
            let by_position = |position| Anchor::Excluding(ItemAnchor::Position(position));
            query.anchor = Some(match marks {
                Marks::Ids if turn_id.is_some() => Anchor::Excluding(ItemAnchor::Item(last.item.item.id().to_owned())),
                Marks::Ids | Marks::Positions => by_position(last.position),
                Marks::Wire => by_position(wire(last.position)),
                Marks::Overlapping if limit == 1 => by_position(last.position),
                Marks::Overlapping => Anchor::Including(ItemAnchor::Position(wire(last.position))),
            });
        }
    }

    /// Returns the id of the n-th turn, as the memory store shows it.
    fn turn_id(&self, view: View, n: u8) -> Option<String> {
        let query = ThreadReadQuery {
            thread_id: self.thread_id,
            view,
            turns: Some(ItemsView::NotLoaded),
        };
        let record = block_on(self.memory.read_thread(query)).ok()?;
        let at = usize::from(n).checked_rem(record.turns.len())?;
        Some(record.turns[at].turn_id.clone())
    }

    fn items_by_id(&self, probe: &Probe, view: View, turn: u8) {
        let Some(turn_id) = self.turn_id(view, turn) else {
            return;
        };
        let query = ItemPageQuery {
            thread_id: self.thread_id,
            view,
            turn_id: Some(turn_id.clone()),
            anchor: None,
            limit: 100,
            direction: Direction::Descending,
        };
        let Some(page) = self.same(probe, |store| store.list_items(query.clone())) else {
            return;
        };
        let mut ids: Vec<String> = page
            .items
            .iter()
            .step_by(2)
            .map(|entry| entry.item.item.id().to_owned())
            .collect();
        ids.push("no such item".to_owned());
        ids.extend(ids.first().cloned());
        self.same(probe, |store| store.read_items(self.thread_id, &turn_id, &ids, view));
    }

    fn timeline(&self, probe: &Probe, view: View, limit: usize, marks: Marks) {
        let mut query = TimelineQuery {
            thread_id: self.thread_id,
            view,
            before: None,
            limit,
        };
        for _ in 0..MAX_PAGES {
            let page = self.same(probe, |store| store.list_timeline(query.clone()));
            let Some(page) = page.filter(|page| page.has_more) else {
                return;
            };
            let (position, kind) = match &page.entries[0] {
                TimelineEntry::TurnStarted { position, .. } => (*position, TimelineEntryKind::TurnStarted),
                TimelineEntry::Item(entry) => (entry.position, TimelineEntryKind::Item),
                TimelineEntry::TurnCompleted { position, .. } => (*position, TimelineEntryKind::TurnCompleted),
            };
            let position = if marks == Marks::Positions {
                position
            } else {
                wire(position)
            };
            query.before = Some(TimelineAnchor { position, kind });
        }
    }

    fn list(&self, probe: &Probe, mut query: ListQuery) {
        for _ in 0..MAX_PAGES {
            let page = self.same(probe, |store| store.list_threads(query.clone()));
            let Some(page) = page.filter(|page| page.has_more) else {
                return;
            };
            let Some(last) = page.threads.last() else { return };
            let time_ms = last.sort_key(query.sort);
            query.anchor = Some(ThreadAnchor {
                time_ms,
                thread_id: Some(last.thread_id),
            });
        }
    }

    fn search(&self, probe: &Probe, (view, direction, limit): (View, Direction, usize), term: &str) {
        let mut query = SearchQuery {
            term: term.to_owned(),
            view,
            sort: ListSort::CreatedAt,
            direction,
            limit,
            anchor: None,
            archived: ArchivedFilter::Any,
            sources: None,
            include_attached: true,
        };
        for _ in 0..MAX_PAGES {
            let page = self.same(probe, |store| {
                store.search().expect("both search").search_threads(query.clone())
            });
            let Some(page) = page.filter(|page| page.has_more) else {
                return;
            };
            let Some(last) = page.hits.last() else { return };
            let time_ms = last.thread.created_at_ms;
            query.anchor = Some(ThreadAnchor {
                time_ms,
                thread_id: Some(last.thread.thread_id),
            });
        }
    }

    /// Walks the answers to a query, with hits of the same age in both stores, whatever their clocks say.
    fn history(&self, probe: &Probe, text: &str, order: HistoryOrder, limit: usize) {
        let key = match order {
            HistoryOrder::Ranked => HistoryKey::Score(f64::INFINITY),
            HistoryOrder::Newest => HistoryKey::TimeMs(i64::MAX),
        };
        let mut query = HistoryQuery {
            query: query::parse(text, 0, query::Typing::Done).expect("a query"),
            order,
            limit,
            hits_per_thread: 3,
            anchor: Some(HistoryAnchor {
                as_of_ms: 1_800_000_000_000,
                key,
                thread_id: self.thread_id,
            }),
            facets: true,
        };
        for _ in 0..MAX_PAGES {
            let page = self.same(probe, |store| {
                store.search().expect("both search").search_history(query.clone())
            });
            let Some(next) = page.and_then(|page| page.next) else {
                return;
            };
            query.anchor = Some(next);
        }
        panic!("{probe:?} goes on for ever");
    }

    fn occurrences(&self, probe: &Probe, (view, limit): (View, usize), term: &str, marks: Marks) {
        let mut query = OccurrenceQuery {
            thread_id: self.thread_id,
            view,
            term: term.to_owned(),
            anchor: None,
            limit,
        };
        for _ in 0..MAX_PAGES {
            let search = |store: &'_ dyn ThreadStore| store.search().is_some();
            assert!(search(self.local.as_ref()));
            let page = self.same(probe, |store| {
                store.search().expect("both search").search_occurrences(query.clone())
            });
            let Some(next) = page.and_then(|page| page.next) else {
                return;
            };
            let position = if marks == Marks::Positions {
                next.position
            } else {
                wire(next.position)
            };
            query.anchor = Some(OccurrenceAnchor {
                position,
                index: next.index,
            });
        }
    }
}

/// How an answer is written.
#[derive(Debug, Clone, Copy)]
enum Form {
    Short,
    Readable,
}

fn chain(error: &StoreError) -> String {
    let mut text = format!("{error:?}");
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        text = format!("{text}\n  {error}");
        cause = error.source();
    }
    text
}

/// Shows where two answers differ: a few lines before, then what each of them says up to where they agree again.
fn difference(local: &str, memory: &str) -> String {
    let (local, memory): (Vec<&str>, Vec<&str>) = (local.lines().collect(), memory.lines().collect());
    let same = local
        .iter()
        .zip(&memory)
        .take_while(|(left, right)| left == right)
        .count();
    let rest = local.len().min(memory.len()) - same;
    let tails = local.iter().rev().zip(memory.iter().rev());
    let after = tails.take(rest).take_while(|(left, right)| left == right).count();
    let part = |name: &str, lines: &[&str]| format!("{name}:\n{}\n", lines[same..lines.len() - after].join("\n"));
    let before = local[same.saturating_sub(12)..same].join("\n");
    format!("{before}\n{}{}", part("local", &local), part("memory", &memory))
}

/// What is left of a position on the wire.
fn wire(position: Position) -> Position {
    Position {
        offset: position.offset.filter(|_| !position.unambiguous),
        ..position
    }
}
