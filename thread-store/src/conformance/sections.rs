//! Promises about sections.
//!
//! What was acknowledged is there for every later call and list, of every process, with or without an index.

use codex_protocol::ids::ThreadId;

use super::fixture::{StoreFixture, list_query, listed, put_all, read, warm_and_anew};
use super::list::walk;
use super::log::{Form, Log, START_MS, thread};
use crate::error::StoreError;
use crate::organise::{
    MAX_APPEARANCE_BYTES, OrganiseRefusal, PINNED_SECTION_ID, Section, SectionAppearance, SectionMove, SectionPatch,
    Sections,
};
use crate::store::ThreadStore;
use crate::types::{Direction, GroupFilter, ListQuery, ListSort, View};

fn sections(store: &dyn ThreadStore) -> Sections<'_> {
    Sections::of(store.facts().expect("a store that keeps facts"))
}

fn last(section_id: &str) -> SectionMove {
    SectionMove::Last {
        section_id: section_id.to_owned(),
    }
}

fn before(section_id: &str, n: u32) -> SectionMove {
    SectionMove::Before {
        section_id: section_id.to_owned(),
        thread_id: thread(n),
    }
}

fn in_section(section_id: &str) -> ListQuery {
    ListQuery {
        section: GroupFilter::One(section_id.to_owned()),
        sort: ListSort::SectionPosition,
        ..list_query()
    }
}

async fn order(store: &dyn ThreadStore, section_id: &str) -> Vec<ThreadId> {
    listed(store, in_section(section_id)).await
}

async fn put_threads(fixture: &dyn StoreFixture, count: u32) {
    for n in 1..=count {
        let mut log = Log::paginated(n);
        log.turn("t1", "q", "a");
        fixture.put(&log.file()).await;
    }
}

async fn put_in(store: &dyn ThreadStore, n: u32, to: SectionMove) {
    let moved = sections(store).move_thread(thread(n), to).await;
    moved.expect("moves");
}

/// Sections keep names and looks, in the order of their ids; one is built in.
pub async fn sections_are_kept_and_one_is_always_there(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let here = sections(&*store);
    let looks = SectionAppearance {
        icon: Some("i".repeat(MAX_APPEARANCE_BYTES)),
        color: None,
    };
    let work = here
        .create("0b".to_owned(), "  Work ", Some(looks.clone()))
        .await
        .expect("creates");
    assert_eq!((work.name.as_str(), &work.appearance), ("Work", &Some(looks.clone())));
    let other = here
        .create("0a".to_owned(), "Work", None)
        .await
        .expect("names may repeat");
    let renamed = SectionPatch {
        name: "Home ".to_owned(),
        appearance: None,
    };
    let home = here.update("0b", renamed).await.expect("updates");
    assert_eq!((home.name.as_str(), &home.appearance), ("Home", &Some(looks)));
    let plain = SectionPatch {
        name: "Home".to_owned(),
        appearance: Some(None),
    };
    let plain = here.update("0b", plain).await.expect("updates");
    assert_eq!(plain.appearance, None);

    let later = fixture.reopened();
    let page = sections(&*later).list(None, 2).await.expect("lists");
    let pinned = Section {
        id: PINNED_SECTION_ID.to_owned(),
        name: "Pinned".to_owned(),
        appearance: None,
    };
    assert_eq!((page.sections, page.has_more), (vec![pinned, other], true));
    let rest = sections(&*later).list(Some("0a"), 2).await.expect("lists");
    assert_eq!((rest.sections, rest.has_more), (vec![plain], false));
    let beyond = sections(&*later).list(Some("zz"), 2).await.expect("lists");
    assert_eq!((beyond.sections, beyond.has_more), (Vec::new(), false));
    sections(&*later).delete("0b").await.expect("deletes");
    assert_eq!(here.list(None, 9).await.expect("lists").sections.len(), 2);
}

/// A refused change leaves everything as it was, and says why.
pub async fn sections_are_refused_without_changing_anything(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let here = sections(&*store);
    here.create("s".to_owned(), "S", None).await.expect("creates");
    let patch = |name: &str| SectionPatch {
        name: name.to_owned(),
        appearance: None,
    };
    let wide = SectionAppearance {
        color: Some("é".repeat(MAX_APPEARANCE_BYTES / 2) + "x"),
        icon: None,
    };
    for (refused, why) in [
        (
            here.create("x".to_owned(), " \t", None).await.err(),
            OrganiseRefusal::EmptySectionName,
        ),
        (
            here.create("x".to_owned(), "X", Some(wide)).await.err(),
            OrganiseRefusal::LongAppearance { member: "color" },
        ),
        (here.update("", patch("n")).await.err(), OrganiseRefusal::EmptySectionId),
        (
            here.update(PINNED_SECTION_ID, patch("n")).await.err(),
            OrganiseRefusal::PinnedSectionName,
        ),
        (
            here.update("s", patch(" ")).await.err(),
            OrganiseRefusal::EmptySectionName,
        ),
        (
            here.delete(PINNED_SECTION_ID).await.err(),
            OrganiseRefusal::PinnedSectionDeletion,
        ),
        (here.delete("").await.err(), OrganiseRefusal::EmptySectionId),
        (
            here.delete("t").await.err(),
            OrganiseRefusal::SectionNotFound {
                section_id: "t".to_owned(),
            },
        ),
        (
            here.move_thread(thread(1), last("t")).await.err(),
            OrganiseRefusal::NoSuchSection {
                section_id: "t".to_owned(),
            },
        ),
        (
            here.move_thread(thread(1), last("")).await.err(),
            OrganiseRefusal::EmptySectionId,
        ),
        (
            here.move_thread(thread(1), before("s", 1)).await.err(),
            OrganiseRefusal::ThreadBeforeItself { thread_id: thread(1) },
        ),
        (
            here.move_thread(thread(1), before("s", 2)).await.err(),
            OrganiseRefusal::BeforeThreadElsewhere {
                thread_id: thread(2),
                section_id: "s".to_owned(),
            },
        ),
    ] {
        assert!(
            matches!(&refused, Some(StoreError::Organise(is)) if *is == why),
            "{refused:?} is not {why:?}"
        );
    }
    let page = here.list(None, 9).await.expect("lists");
    let names: Vec<&str> = page.sections.iter().map(|section| section.name.as_str()).collect();
    assert_eq!(names, ["Pinned", "S"]);
}

/// Threads stand where they were put; lists show it, in both directions and page by page, and so do reads.
pub async fn threads_stand_in_a_section_in_their_order(fixture: &dyn StoreFixture) {
    put_threads(fixture, 4).await;
    let store = fixture.store();
    sections(&*store)
        .create("s".to_owned(), "S", None)
        .await
        .expect("creates");
    assert_eq!(order(&*store, "s").await, []);
    for n in [3, 1, 2] {
        put_in(&*store, n, last("s")).await;
    }
    assert_eq!(order(&*store, "s").await, [3, 1, 2].map(thread));
    let entered = entered_at_ms(&*store, 2).await;
    put_in(&*store, 2, before("s", 3)).await;
    assert_eq!(order(&*store, "s").await, [2, 3, 1].map(thread));
    assert_eq!(entered_at_ms(&*store, 2).await, entered, "it has been there since then");
    put_in(&*store, 2, last("s")).await;
    put_in(&*store, 4, before("s", 1)).await;

    for store in warm_and_anew(fixture) {
        assert_eq!(order(&*store, "s").await, [3, 4, 1, 2].map(thread));
        for limit in 1..5 {
            let paged = ListQuery {
                limit,
                ..in_section("s")
            };
            assert_eq!(walk(&*store, paged.clone()).await, [3, 4, 1, 2].map(thread));
            let back = ListQuery {
                direction: Direction::Descending,
                ..paged
            };
            assert_eq!(walk(&*store, back).await, [2, 1, 4, 3].map(thread));
        }
        let by_creation = ListQuery {
            sort: ListSort::CreatedAt,
            ..in_section("s")
        };
        assert_eq!(listed(&*store, by_creation).await, [1, 2, 3, 4].map(thread));
    }
    let store = fixture.store();
    put_in(&*store, 1, SectionMove::Out).await;
    put_in(&*store, 4, last(PINNED_SECTION_ID)).await;
    assert_eq!(order(&*store, "s").await, [3, 2].map(thread));
    assert_eq!(order(&*store, PINNED_SECTION_ID).await, [thread(4)]);
    let none = ListQuery {
        section: GroupFilter::None,
        ..list_query()
    };
    assert_eq!(listed(&*store, none).await, [thread(1)]);
    let record = read(&*store, thread(4), View::Full).await.expect("reads");
    let place = record.section.expect("it is in one");
    assert_eq!(place.section.name, "Pinned");
}

async fn entered_at_ms(store: &dyn ThreadStore, n: u32) -> i64 {
    let record = read(store, thread(n), View::Full).await.expect("reads");
    record.section.expect("it is in one").entered_at_ms
}

/// However often threads are put between two others, there is room.
pub async fn a_section_has_room_for_ever(fixture: &dyn StoreFixture) {
    put_threads(fixture, 4).await;
    let store = fixture.store();
    for n in 1..=4 {
        put_in(&*store, n, last(PINNED_SECTION_ID)).await;
    }
    let mut expected: Vec<u32> = vec![1, 2, 3, 4];
    for step in 0..60 {
        // The third goes before the second, then the second before the third: the room between halves each time.
        let (mover, other) = if step % 2 == 0 {
            (expected[2], expected[1])
        } else {
            (expected[1], expected[0])
        };
        put_in(&*store, mover, before(PINNED_SECTION_ID, other)).await;
        expected.retain(|n| *n != mover);
        let at = expected.iter().position(|n| *n == other).expect("it is there");
        expected.insert(at, mover);
        let ids: Vec<ThreadId> = expected.iter().map(|n| thread(*n)).collect();
        assert_eq!(order(&*store, PINNED_SECTION_ID).await, ids, "after {} moves", step + 1);
    }
}

/// The threads of a section that goes are in none, for every process.
pub async fn threads_leave_a_section_that_goes(fixture: &dyn StoreFixture) {
    put_threads(fixture, 2).await;
    let store = fixture.store();
    sections(&*store)
        .create("s".to_owned(), "S", None)
        .await
        .expect("creates");
    put_in(&*store, 1, last("s")).await;
    assert_eq!(order(&*store, "s").await, [thread(1)]);
    sections(&*store).delete("s").await.expect("deletes");
    let none = ListQuery {
        section: GroupFilter::None,
        ..list_query()
    };
    for store in warm_and_anew(fixture) {
        assert_eq!(order(&*store, "s").await, []);
        assert_eq!(listed(&*store, none.clone()).await, [1, 2].map(thread));
        let record = read(&*store, thread(1), View::Full).await.expect("reads");
        assert_eq!(record.section, None);
    }
}

/// A section shows threads that nobody has spoken to, which other lists of the exact view hide.
pub async fn sections_show_threads_that_wait(fixture: &dyn StoreFixture) {
    let silent = Log::created(Form::Paginated, 1, START_MS, serde_json::json!({}));
    let mut spoken = Log::paginated(2);
    spoken.turn("t1", "q", "a");
    put_all(fixture, &[&silent, &spoken]).await;
    let store = fixture.store();
    for n in [1, 2] {
        put_in(&*store, n, last(PINNED_SECTION_ID)).await;
    }
    for view in [View::Full, View::Codex] {
        let pinned = ListQuery {
            view,
            ..in_section(PINNED_SECTION_ID)
        };
        assert_eq!(listed(&*store, pinned).await, [1, 2].map(thread), "{view:?}");
    }
    let all = ListQuery {
        view: View::Codex,
        ..list_query()
    };
    assert_eq!(listed(&*store, all).await, [thread(2)]);
}

/// A deleted thread is in no section, and the others keep their places.
pub async fn members_go_with_their_thread(fixture: &dyn StoreFixture) {
    put_threads(fixture, 3).await;
    let store = fixture.store();
    for n in [2, 1, 3] {
        put_in(&*store, n, last(PINNED_SECTION_ID)).await;
    }
    let lifecycle = store.lifecycle().expect("a store that deletes");
    lifecycle.delete_thread(thread(1)).await.expect("deletes");
    for store in warm_and_anew(fixture) {
        assert_eq!(order(&*store, PINNED_SECTION_ID).await, [2, 3].map(thread));
    }
    let store = fixture.store();
    let refused = sections(&*store)
        .move_thread(thread(2), before(PINNED_SECTION_ID, 1))
        .await;
    assert!(matches!(
        refused,
        Err(StoreError::Organise(OrganiseRefusal::BeforeThreadElsewhere { .. }))
    ));
}
