//! What a reader sees: everything that a store answers, and what of it an operation is judged by.
//!
//! Answers are compared as texts, so that nothing is forgotten.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use codex_protocol::ids::ThreadId;
use codex_rollout::fs::SimFs;
use codex_thread_store::organise::Goals;
use codex_thread_store::{
    Anchor, ArchivedFilter, Direction, GroupFilter, ItemPageQuery, ItemsView, ListQuery, ListSort, LocalStore,
    OccurrenceQuery, SearchQuery, SourceFilter, StoreErrorKind, StoreResult, ThreadReadQuery, ThreadSearch as _,
    ThreadStore, TurnAnchor, TurnPageQuery, View,
};

/// A word that every question contains.
pub(crate) const WORD: &str = "ask";
const PAGE_TURNS: usize = 2;

/// Everything that a store answers, by question.
pub(crate) type Answers = BTreeMap<String, String>;

fn text<T: Debug>(answer: StoreResult<T>) -> String {
    match answer {
        // Whether an ordinal alone names a place may be known later in a prefix than in the whole file.
        Ok(value) => format!("{value:?}").replace("unambiguous: true", "unambiguous: false"),
        Err(error) => format!("error {:?}", error.kind()),
    }
}

/// Asks for all threads of an agent, hidden ones included, oldest first.
pub(crate) fn list_query() -> ListQuery {
    ListQuery {
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Ascending,
        limit: 100,
        anchor: None,
        archived: ArchivedFilter::Any,
        sources: Some(vec![SourceFilter::Exec]),
        providers: None,
        cwds: None,
        search_term: None,
        relation: None,
        section: GroupFilter::Any,
        project: GroupFilter::Any,
        include_attached: true,
        excluded: Vec::new(),
        include_unpreviewed: true,
        database_rows: false,
    }
}

pub(crate) fn search_query(word: &str) -> SearchQuery {
    SearchQuery {
        term: word.to_owned(),
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Ascending,
        limit: 100,
        anchor: None,
        archived: ArchivedFilter::Any,
        sources: Some(vec![SourceFilter::Exec]),
        include_attached: true,
    }
}

pub(crate) fn read_query(thread_id: ThreadId) -> ThreadReadQuery {
    ThreadReadQuery {
        thread_id,
        view: View::Full,
        turns: Some(ItemsView::Full),
    }
}

/// Asks everything.
pub(crate) async fn answers(store: &LocalStore, threads: &[ThreadId]) -> Answers {
    let mut answers = Answers::new();
    answers.insert("list".to_owned(), text(store.list_threads(list_query()).await));
    let found = store.search_threads(search_query(WORD)).await;
    answers.insert(format!("search {WORD}"), text(found));
    for id in threads {
        answers.insert(format!("read {id}"), text(store.read_thread(read_query(*id)).await));
        answers.insert(format!("turns {id}"), turn_pages(store, *id).await);
        let items = ItemPageQuery {
            thread_id: *id,
            view: View::Full,
            turn_id: None,
            anchor: None,
            limit: 5,
            direction: Direction::Descending,
        };
        answers.insert(format!("items {id}"), text(store.list_items(items).await));
        let occurrences = OccurrenceQuery {
            thread_id: *id,
            view: View::Full,
            term: WORD.to_owned(),
            anchor: None,
            limit: 100,
        };
        answers.insert(
            format!("occurrences {id}"),
            text(store.search_occurrences(occurrences).await),
        );
        answers.insert(format!("state {id}"), text(store.index_state(*id).await));
        let goal = Goals::of(store.facts().expect("a store that keeps facts"))
            .get(*id)
            .await;
        answers.insert(format!("goal {id}"), text(goal));
    }
    answers
}

/// Walks the turns of a thread backwards, page by page.
async fn turn_pages(store: &LocalStore, thread_id: ThreadId) -> String {
    let mut query = TurnPageQuery {
        thread_id,
        view: View::Full,
        anchor: None,
        limit: PAGE_TURNS,
        direction: Direction::Descending,
        items_view: ItemsView::Summary,
    };
    let mut pages = String::new();
    for _ in 0..100 {
        let page = store.list_turns(query.clone()).await;
        let last = page.as_ref().ok().filter(|page| page.has_more);
        query.anchor = last
            .and_then(|page| page.turns.last())
            .map(|turn| Anchor::Excluding(TurnAnchor::Position(turn.position)));
        pages += &text(page);
        if query.anchor.is_none() {
            return pages;
        }
    }
    panic!("{thread_id}: pages without end");
}

/// Says where two answers differ.
pub(crate) fn difference(left: &Answers, right: &Answers) -> Option<String> {
    for (question, answer) in left {
        let other = right.get(question).map_or("nothing", String::as_str);
        if answer != other {
            let same = answer.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
            let part = |text: &str| {
                text.chars()
                    .skip(same.saturating_sub(300))
                    .take(900)
                    .collect::<String>()
            };
            return Some(format!(
                "{question}, at {same}:\n{}\nbut:\n{}",
                part(answer),
                part(other)
            ));
        }
    }
    None
}

/// What of a thread an operation is judged by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    pub(crate) archived: bool,
    pub(crate) name: Option<String>,
    pub(crate) branch: Option<String>,
    pub(crate) section: Option<String>,
    pub(crate) goal: Option<String>,
    /// Turn and item, in order.
    pub(crate) items: Vec<String>,
}

/// All threads, as they are seen.
pub(crate) type SeenAll = BTreeMap<ThreadId, Seen>;

/// Reads all threads; each may be listed once at most, and exactly if it can be read.
pub(crate) async fn seen(store: &LocalStore, threads: &[ThreadId]) -> Result<SeenAll, String> {
    let page = store.list_threads(list_query()).await;
    let page = page.map_err(|error| format!("no list: {error:?}"))?;
    let mut seen = SeenAll::new();
    for id in threads {
        let record = match store.read_thread(read_query(*id)).await {
            Ok(record) => record,
            Err(error) if error.kind() == StoreErrorKind::NotFound => continue,
            // A file that came to be without its header is no thread yet.
            Err(error) if error.kind() == StoreErrorKind::Unreadable => continue,
            Err(error) => return Err(format!("no answer of {id}: {error:?}")),
        };
        let goals = Goals::of(store.facts().expect("a store that keeps facts"));
        let goal = goals.get(*id).await.map_err(|error| format!("no goals: {error:?}"))?;
        let items = record.turns.iter().flat_map(|turn| {
            let items = turn.items.iter();
            items.map(|item| format!("{} {}", turn.turn_id, item.item.id()))
        });
        let one = Seen {
            archived: record.archived,
            name: record.name.clone(),
            branch: record.git.as_ref().and_then(|git| git.branch.clone()),
            section: record.section.as_ref().map(|place| place.section.id.clone()),
            goal: goal.map(|goal| goal.objective),
            items: items.collect(),
        };
        let listed: Vec<_> = page.threads.iter().filter(|other| other.thread_id == *id).collect();
        if listed.len() != 1 || listed[0].archived != one.archived || listed[0].name != one.name {
            return Err(format!("{id} is read, but listed {} times: {listed:#?}", listed.len()));
        }
        seen.insert(*id, one);
    }
    match page.threads.iter().find(|record| !seen.contains_key(&record.thread_id)) {
        Some(record) => Err(format!("{} is listed, but cannot be read", record.thread_id)),
        None => Ok(seen),
    }
}

/// Returns the plain rollouts with lines that are no JSON: whoever reads them must say so.
pub(crate) fn damaged_rollouts(disk: &SimFs) -> Vec<String> {
    let is_line = |line: &[u8]| {
        line.iter().all(u8::is_ascii_whitespace) || serde_json::from_slice::<serde_json::Value>(line).is_ok()
    };
    let rollouts = disk.files().into_iter().filter(|path| {
        let is_rollout = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("rollout-"));
        is_rollout && path.extension().is_some_and(|end| end == "jsonl") && !path.starts_with("/home/codex-threads")
    });
    let damaged = rollouts.filter(|path| {
        let bytes = disk.bytes(Path::new(path)).expect("a file");
        !bytes.split(|byte| *byte == b'\n').all(is_line)
    });
    damaged.map(|path| path.to_string_lossy().into_owned()).collect()
}
