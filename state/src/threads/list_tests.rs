//! Tests of `list.rs`.

use proptest::prelude::*;
use rusqlite::Connection;

use super::super::filter::RowClass;
use super::{DESCENDANT_NUMS, Scope, list, list_checked, next_class_sql, next_provider_sql, range_sql};
use crate::error::StateError;
use crate::threads::sample::{database, id, row};
use crate::threads::{
    ArchivedRows, CutText, DefaultSources, ListAnchor, ListDirection, ListFilter, ListSort, Membership, Relation,
    SectionPlace, SourceSelector, ThreadRow, Visibility, index_titles, normalise_cwd, upsert,
};

const SORTS: [ListSort; 3] = [ListSort::CreatedAt, ListSort::UpdatedAt, ListSort::RecencyAt];
const DIRECTIONS: [ListDirection; 2] = [ListDirection::Ascending, ListDirection::Descending];

/// A database with these rows, of which the first `indexed` have their trigrams.
fn partly_indexed(rows: &[ThreadRow], indexed: u32) -> Connection {
    let conn = database();
    for row in rows {
        upsert(&conn, row).unwrap();
    }
    index_titles(&conn, indexed).unwrap();
    conn
}

fn database_with(rows: &[ThreadRow]) -> Connection {
    partly_indexed(rows, 1_000)
}

/// Twenty rows like those of a small home: sources, providers, directories, kinship, archive.
fn home() -> Vec<ThreadRow> {
    let mut rows: Vec<ThreadRow> = (1..=9).map(row).collect();
    rows[1].source = "cli".to_owned();
    rows[1].cwd = "/home/user/fx/two/".to_owned();
    rows[2].source = "exec".to_owned();
    rows[3].archived = true;
    rows[4].preview = CutText::default();
    rows[5].model_provider = "openai".to_owned();
    rows[6].source = r#"{"subagent":{"thread_spawn":{}}}"#.to_owned();
    rows[6].parent_thread_id = Some(id(1));
    rows[7].source = r#"{"subagent":"review"}"#.to_owned();
    rows[7].parent_thread_id = Some(id(7));
    rows[8].attached_to = Some(id(1));
    let hidden = ThreadRow {
        codex_hidden: true,
        ..row(10)
    };
    rows.push(hidden);
    rows.push(ThreadRow {
        source: r#"{"custom":"atlas"}"#.to_owned(),
        ..row(11)
    });
    rows.push(ThreadRow {
        source: r#"{"custom":"mine"}"#.to_owned(),
        ..row(12)
    });
    rows
}

fn ids(conn: &Connection, filter: &ListFilter) -> Vec<String> {
    list(conn, filter)
        .unwrap()
        .rows
        .into_iter()
        .map(|row| row.thread_id)
        .collect()
}

fn check(filter: ListFilter, expected: &[u32]) {
    let conn = database_with(&home());
    let filter = ListFilter {
        limit: 100,
        direction: ListDirection::Ascending,
        ..filter
    };
    let expected: Vec<String> = expected.iter().map(|n| id(*n)).collect();
    assert_eq!(ids(&conn, &filter), expected, "{filter:?}");
}

#[test]
fn ordinary_lists_show_interactive_live_previewed_threads_of_all_providers() {
    check(ListFilter::default(), &[1, 2, 6, 11]);
}

#[test]
fn sources_select_kinds() {
    let sources = |sources: &[SourceSelector]| ListFilter {
        sources: Some(sources.to_vec()),
        ..ListFilter::default()
    };
    check(sources(&[SourceSelector::Cli]), &[2]);
    check(sources(&[SourceSelector::Vscode]), &[1, 6, 11]);
    check(sources(&[SourceSelector::Exec, SourceSelector::SubAgent]), &[3, 7, 8]);
    check(sources(&[SourceSelector::SubAgentReview]), &[8]);
    check(sources(&[SourceSelector::Unknown, SourceSelector::AppServer]), &[]);
    check(sources(&[]), &[]);
}

#[test]
fn sources_that_no_filter_names_are_reachable_when_none_is_asked_for() {
    check(
        ListFilter {
            default_sources: DefaultSources::Reachable,
            ..ListFilter::default()
        },
        &[1, 2, 6, 11, 12],
    );
}

#[test]
fn providers_are_compared_exactly() {
    let providers = |providers: &[&str]| ListFilter {
        providers: Some(providers.iter().map(|provider| (*provider).to_owned()).collect()),
        ..ListFilter::default()
    };
    check(providers(&["openai"]), &[6]);
    check(providers(&["openai", "mock", "mock"]), &[1, 2, 6, 11]);
    check(providers(&["OpenAI"]), &[]);
    check(providers(&[]), &[]);
}

#[test]
fn directories_are_compared_normalised_and_whole() {
    let cwds = |cwds: &[&str]| ListFilter {
        cwds: Some(cwds.iter().map(|cwd| (*cwd).to_owned()).collect()),
        ..ListFilter::default()
    };
    check(cwds(&["/home/user/fx/two"]), &[2]);
    check(cwds(&["/home/user/fx/two//", "/home/user/fx/two", "/x"]), &[2]);
    check(cwds(&["/home/user/fx/one", "/home/user/fx/two"]), &[1, 2, 6, 11]);
    check(cwds(&["/home/user/fx"]), &[]);
    check(cwds(&[""]), &[]);
    check(cwds(&[]), &[]);
}

#[test]
fn archived_threads_are_a_list_of_their_own() {
    check(
        ListFilter {
            archived: ArchivedRows::Archived,
            ..ListFilter::default()
        },
        &[4],
    );
    check(
        ListFilter {
            archived: ArchivedRows::Any,
            ..ListFilter::default()
        },
        &[1, 2, 4, 6, 11],
    );
}

#[test]
fn hidden_rows_are_shown_when_asked_for() {
    check(
        ListFilter {
            unpreviewed: Visibility::Shown,
            ..ListFilter::default()
        },
        &[1, 2, 5, 6, 11],
    );
    check(
        ListFilter {
            attached: Visibility::Shown,
            ..ListFilter::default()
        },
        &[1, 2, 6, 9, 11],
    );
    check(
        ListFilter {
            codex_hidden: Visibility::Shown,
            ..ListFilter::default()
        },
        &[1, 2, 6, 10, 11],
    );
}

#[test]
fn relations_accept_all_sources_unless_some_are_named() {
    let relation = |relation: Relation| ListFilter {
        relation: Some(relation),
        ..ListFilter::default()
    };
    check(relation(Relation::ChildrenOf(id(1))), &[7]);
    check(relation(Relation::DescendantsOf(id(1))), &[7, 8]);
    check(relation(Relation::DescendantsOf(id(7))), &[8]);
    check(relation(Relation::AttachedTo(id(1))), &[9]);
    let reviews = Some(vec![SourceSelector::SubAgentReview]);
    check(
        ListFilter {
            sources: reviews,
            ..relation(Relation::DescendantsOf(id(1)))
        },
        &[8],
    );
}

#[test]
fn sections_and_projects_narrow_a_list_and_ranks_order_it() {
    let mut rows = home();
    let place = |rank| SectionPlace {
        section_id: "s".to_owned(),
        rank,
        entered_at_ms: 7,
    };
    (rows[0].section, rows[1].section, rows[4].section) = (Some(place(30)), Some(place(10)), Some(place(20)));
    (rows[1].project_id, rows[5].project_id) = (Some("p".to_owned()), Some("p".to_owned()));
    let conn = database_with(&rows);
    let one = |id: &str| Membership::One(id.to_owned());
    let check = |section, project, sort, expected: &[u32]| {
        let filter = ListFilter {
            section,
            project,
            sort,
            limit: 100,
            direction: ListDirection::Ascending,
            ..ListFilter::default()
        };
        let expected: Vec<String> = expected.iter().map(|n| id(*n)).collect();
        assert_eq!(ids(&conn, &filter), expected, "{filter:?}");
    };
    let (any, none, created) = (Membership::Any, Membership::None, ListSort::CreatedAt);
    // Thread 5 has no preview: a section shows it all the same.
    check(one("s"), any.clone(), created, &[1, 2, 5]);
    check(one("s"), any.clone(), ListSort::SectionRank, &[2, 5, 1]);
    check(none.clone(), any.clone(), created, &[6, 11]);
    check(any.clone(), one("p"), created, &[2, 6]);
    check(any.clone(), none.clone(), created, &[1, 11]);
    check(one("s"), one("p"), created, &[2]);
    check(one("s"), none.clone(), created, &[1, 5]);
    check(one("t"), any.clone(), created, &[]);
    check(any, none.clone(), ListSort::SectionRank, &[]);
    check(none.clone(), none, ListSort::SectionRank, &[]);
}

#[test]
fn excluded_threads_are_left_out() {
    let excluded = vec![id(1), id(6), "x".to_owned()];
    check(
        ListFilter {
            excluded,
            ..ListFilter::default()
        },
        &[2, 11],
    );
}

#[test]
fn a_term_is_a_case_sensitive_raw_substring_of_name_title_or_preview() {
    let text = CutText::new;
    let mut rows: Vec<ThreadRow> = (1..=4).map(row).collect();
    rows[0].name = Some("Indexed name".to_owned());
    rows[1].title = text("beta widget 100%_");
    rows[2].preview = text("日本語 \"quoted\" İx");
    rows[3].first_user_message = text("nowhere widget");
    let conn = database_with(&rows);
    let check = |term: &str, expected: &[u32]| {
        let filter = ListFilter {
            limit: 9,
            direction: ListDirection::Ascending,
            search_term: Some(term.to_owned()),
            ..ListFilter::default()
        };
        let expected: Vec<String> = expected.iter().map(|n| id(*n)).collect();
        assert_eq!(ids(&conn, &filter), expected, "{term}");
    };
    check("Indexed", &[1]);
    check("indexed", &[]);
    check("widget", &[2]);
    check(" widget ", &[2]);
    check(" widget  ", &[]);
    check("%", &[2]);
    check("_", &[2]);
    check("0%_", &[2]);
    check("日", &[3]);
    check("日本語 \"q", &[3]);
    check("\"quoted\"", &[3]);
    check("i\u{307}x", &[]);
    check("", &[1, 2, 3, 4]);
    check("a title\na", &[]);
}

#[test]
fn a_cut_text_is_decided_by_the_caller() {
    let cut = |n| ThreadRow {
        preview: CutText {
            text: "begin".to_owned(),
            cut: true,
        },
        ..row(n)
    };
    let conn = database_with(&[
        row(1),
        cut(2),
        cut(3),
        ThreadRow {
            name: Some("zebra".to_owned()),
            ..cut(4)
        },
    ]);
    for term in ["zebra", "ze"] {
        let filter = ListFilter {
            limit: 9,
            search_term: Some(term.to_owned()),
            ..ListFilter::default()
        };
        let mut asked = Vec::new();
        let page = list_checked(&conn, &filter, &mut |row| {
            asked.push(row.thread_id.clone());
            Ok(row.thread_id == id(2))
        })
        .unwrap();
        asked.sort_unstable();
        assert_eq!(asked, [id(2), id(3)]);
        assert_eq!(
            page.rows.into_iter().map(|row| row.thread_id).collect::<Vec<_>>(),
            [id(4), id(2)]
        );
        assert_eq!(ids(&conn, &filter), [id(4)]);
    }
}

#[test]
fn an_error_of_the_caller_is_passed_on() {
    let conn = database_with(&[ThreadRow {
        preview: CutText {
            text: "x".to_owned(),
            cut: true,
        },
        ..row(1)
    }]);
    let filter = ListFilter {
        limit: 1,
        search_term: Some("zebra".to_owned()),
        ..ListFilter::default()
    };
    let error = list_checked(&conn, &filter, &mut |_| Err(StateError::StaleRow { offset: 7 })).unwrap_err();
    assert!(matches!(error, StateError::StaleRow { offset: 7 }));
}

#[test]
fn a_full_last_page_has_no_more() {
    let conn = database_with(&(1..=3).map(row).collect::<Vec<_>>());
    for (limit, more) in [(0, true), (2, true), (3, false), (4, false)] {
        let page = list(
            &conn,
            &ListFilter {
                limit,
                ..ListFilter::default()
            },
        )
        .unwrap();
        assert_eq!((page.rows.len(), page.has_more), (limit.min(3), more));
    }
}

#[test]
fn a_bare_time_starts_strictly_beyond_it() {
    let conn = database_with(
        &(1..=3)
            .map(|n| ThreadRow {
                created_at_ms: 5,
                ..row(n)
            })
            .collect::<Vec<_>>(),
    );
    for (direction, time_ms, expected) in [
        (ListDirection::Ascending, 5, 0),
        (ListDirection::Ascending, 4, 3),
        (ListDirection::Descending, 5, 0),
        (ListDirection::Descending, 6, 3),
    ] {
        let anchor = Some(ListAnchor {
            time_ms,
            thread_id: None,
        });
        assert_eq!(
            ids(
                &conn,
                &ListFilter {
                    limit: 9,
                    direction,
                    anchor,
                    ..ListFilter::default()
                }
            )
            .len(),
            expected
        );
    }
}

#[test]
fn threads_without_a_turn_sort_by_creation_in_lists_by_recency() {
    let conn = database_with(&[
        ThreadRow {
            recency_at_ms: Some(2_500),
            ..row(1)
        },
        row(2),
        ThreadRow {
            recency_at_ms: Some(100),
            ..row(3)
        },
    ]);
    let filter = ListFilter {
        limit: 9,
        sort: ListSort::RecencyAt,
        ..ListFilter::default()
    };
    assert_eq!(ids(&conn, &filter), [id(1), id(2), id(3)]);
}

/// What SQLite does for a statement, with the names of the indexes; parameters are null.
fn plan(conn: &Connection, sql: &str) -> String {
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = statement.raw_query();
    let mut steps: Vec<String> = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get(3).unwrap());
    }
    steps.join("; ")
}

#[test]
fn relations_and_texts_start_from_an_index() {
    let conn = database();
    for sql in [
        "SELECT thread_num FROM threads WHERE parent_thread_id = ?1",
        "SELECT thread_num FROM threads WHERE attached_to = ?1",
        "SELECT thread_num FROM threads WHERE name = ?1",
        DESCENDANT_NUMS,
    ] {
        let plan = plan(&conn, sql);
        assert!(
            plan.contains(" INDEX threads_") && !plan.contains("SCAN threads"),
            "{plan}"
        );
    }
}

#[test]
fn every_range_is_read_in_order_from_a_covering_index() {
    let conn = database();
    let mut plans = Vec::new();
    let in_a_section = [ListSort::SectionRank];
    for sort in SORTS.iter().chain(&in_a_section).copied() {
        for direction in DIRECTIONS {
            for scope in [Scope::All, Scope::Directory(""), Scope::Section(""), Scope::Project("")] {
                if sort == ListSort::SectionRank && scope != Scope::Section("") {
                    continue;
                }
                // With directories, ranges of sections and projects are narrowed by what the index covers.
                let filter = ListFilter {
                    sort,
                    direction,
                    cwds: Some(Vec::new()),
                    ..ListFilter::default()
                };
                let range = plan(&conn, &range_sql(&filter, scope));
                assert!(!range.contains("TEMP B-TREE") && !range.contains("SCAN"), "{range}");
                plans.push(range);
                for sql in [next_provider_sql(sort, scope), next_class_sql(sort, scope)] {
                    let next = plan(&conn, &sql);
                    assert!(!next.contains("TEMP B-TREE") && !next.contains("SCAN"), "{next}");
                    plans.push(next);
                }
            }
        }
    }
    plans.sort_unstable();
    plans.dedup();
    insta::assert_snapshot!(plans.join("\n"));
}

fn any_row() -> impl Strategy<Value = ThreadRow> {
    let flags = (any::<bool>(), 0u8..4, 0u8..4, 0u8..4);
    let section = prop::option::of((prop::sample::select(vec!["s1", "s2"]), 0i64..4));
    let project = prop::option::of(prop::sample::select(vec!["p1", "p2"]));
    let source = prop::sample::select(vec![
        "cli",
        "vscode",
        "exec",
        "mcp",
        r#"{"subagent":"review"}"#,
        "unknown",
    ]);
    let cwd = prop::sample::select(vec!["/a", "/a/", "/b"]);
    let provider = prop::sample::select(vec!["mock", "openai"]);
    let text = prop::sample::select(vec!["walrus", "zebra walrus", "x"]);
    (
        0u32..40,
        0i64..6,
        0i64..6,
        prop::option::of(0i64..6),
        flags,
        source,
        cwd,
        provider,
        (text, section, project),
    )
        .prop_map(
            |(
                n,
                created,
                updated,
                recency,
                (archived, empty, parent, attached),
                source,
                cwd,
                provider,
                (text, section, project),
            )| {
                ThreadRow {
                    section: section.map(|(section_id, rank)| SectionPlace {
                        section_id: section_id.to_owned(),
                        rank,
                        entered_at_ms: created,
                    }),
                    project_id: project.map(str::to_owned),
                    created_at_ms: created,
                    updated_at_ms: updated,
                    recency_at_ms: recency,
                    archived,
                    preview: if empty == 0 {
                        CutText::default()
                    } else {
                        CutText::new(text)
                    },
                    parent_thread_id: (parent == 0).then(|| id(n / 3)),
                    attached_to: (attached == 0).then(|| id(1)),
                    source: source.to_owned(),
                    cwd: cwd.to_owned(),
                    model_provider: provider.to_owned(),
                    ..row(n)
                }
            },
        )
}

fn any_filter() -> impl Strategy<Value = ListFilter> {
    let sources = prop::option::of(prop::sample::select(vec![
        vec![SourceSelector::Exec, SourceSelector::SubAgent],
        vec![SourceSelector::Vscode, SourceSelector::Cli, SourceSelector::Unknown],
    ]));
    let defaults = prop::sample::select(vec![DefaultSources::Interactive, DefaultSources::Reachable]);
    let providers = prop::option::of(Just(vec!["mock".to_owned()]));
    let cwds = prop::option::of(prop::sample::select(vec![
        vec!["/a".to_owned()],
        vec!["/b/".to_owned(), "/a".to_owned()],
    ]));
    let term = prop::option::of(prop::sample::select(vec!["walrus", "zebra w", "x", "none"]).prop_map(str::to_owned));
    let relation = prop::option::weighted(
        0.3,
        prop::sample::select(vec![
            Relation::ChildrenOf(id(1)),
            Relation::DescendantsOf(id(0)),
            Relation::AttachedTo(id(1)),
        ]),
    );
    let membership = |id: &str| {
        let id = id.to_owned();
        prop::sample::select(vec![
            Membership::Any,
            Membership::Any,
            Membership::None,
            Membership::One(id),
        ])
    };
    let shown = || prop::sample::select(vec![Visibility::Hidden, Visibility::Shown]);
    (
        (
            prop::sample::select(SORTS.to_vec()),
            prop::sample::select(DIRECTIONS.to_vec()),
            1usize..5,
        ),
        prop::sample::select(vec![ArchivedRows::Live, ArchivedRows::Archived, ArchivedRows::Any]),
        (sources, defaults, providers, cwds, term),
        relation,
        (shown(), shown(), membership("s1"), membership("p1")),
        (
            prop::collection::vec((0u32..40).prop_map(id), 0..3),
            prop::option::weighted(0.3, prop::collection::btree_set(0i64..40, 0..20)),
        ),
    )
        .prop_map(
            |(
                (sort, direction, limit),
                archived,
                (sources, default_sources, providers, cwds, search_term),
                relation,
                shown,
                (excluded, rollouts),
            )| {
                ListFilter {
                    sort: match &shown.2 {
                        Membership::One(_) if limit == 4 => ListSort::SectionRank,
                        _ => sort,
                    },
                    section: shown.2,
                    project: shown.3,
                    direction,
                    limit,
                    archived,
                    sources,
                    default_sources,
                    providers,
                    cwds,
                    search_term,
                    relation,
                    attached: shown.0,
                    unpreviewed: shown.1,
                    excluded,
                    rollouts,
                    ..ListFilter::default()
                }
            },
        )
}

fn sort_time(sort: ListSort, row: &ThreadRow) -> i64 {
    match sort {
        ListSort::CreatedAt => row.created_at_ms,
        ListSort::UpdatedAt => row.updated_at_ms,
        ListSort::RecencyAt => row.recency_or_creation_ms(),
        ListSort::SectionRank => row.section.as_ref().map_or(0, |place| place.rank),
    }
}

/// The whole list, by looking at every row.
fn expected(rows: &[ThreadRow], filter: &ListFilter) -> Vec<String> {
    let related = |row: &ThreadRow| match &filter.relation {
        None => true,
        Some(Relation::AttachedTo(thread)) => row.attached_to.as_ref() == Some(thread),
        Some(Relation::ChildrenOf(thread)) => row.parent_thread_id.as_ref() == Some(thread),
        Some(Relation::DescendantsOf(thread)) => {
            let mut seen = vec![row.thread_id.clone()];
            let mut parent = row.parent_thread_id.clone();
            while let Some(above) = parent {
                if above == *thread {
                    return row.thread_id != *thread;
                }
                if seen.contains(&above) {
                    return false;
                }
                seen.push(above.clone());
                parent = rows
                    .iter()
                    .find(|row| row.thread_id == above)
                    .and_then(|row| row.parent_thread_id.clone());
            }
            false
        }
    };
    let wanted_cwd = |row: &ThreadRow| {
        filter
            .cwds
            .as_ref()
            .is_none_or(|cwds| cwds.iter().any(|cwd| normalise_cwd(cwd) == normalise_cwd(&row.cwd)))
    };
    let mut wanted: Vec<&ThreadRow> = rows
        .iter()
        .filter(|row| filter.accepts_class(RowClass::of(row)))
        .filter(|row| {
            filter
                .section
                .accepts(row.section.as_ref().map(|place| place.section_id.as_str()))
        })
        .filter(|row| filter.project.accepts(row.project_id.as_deref()))
        .filter(|row| filter.accepts_provider(&row.model_provider) && filter.accepts_rollout(row.rollout_key))
        .filter(|row| wanted_cwd(row) && related(row) && !filter.excluded.contains(&row.thread_id))
        .filter(|row| {
            filter
                .search_term
                .as_ref()
                .is_none_or(|term| row.stored_text_contains(term))
        })
        .collect();
    wanted.sort_by_key(|row| (sort_time(filter.sort, row), row.thread_id.clone()));
    if filter.direction == ListDirection::Descending {
        wanted.reverse();
    }
    wanted.into_iter().map(|row| row.thread_id.clone()).collect()
}

proptest! {
    #[test]
    fn pages_together_are_the_whole_list_in_order(
        rows in prop::collection::vec(any_row(), 0..25),
        filter in any_filter(),
        indexed in 0u32..25,
    ) {
        let rows: Vec<ThreadRow> =
            rows.iter().enumerate().filter(|(at, row)| rows[at + 1..].iter().all(|later| later.thread_id != row.thread_id))
                .map(|(_, row)| row.clone()).collect();
        let conn = partly_indexed(&rows, indexed);
        let mut filter = filter;
        let whole = expected(&rows, &filter);
        let mut walked = Vec::new();
        loop {
            let page = list(&conn, &filter).unwrap();
            let last = page.rows.last().cloned();
            walked.extend(page.rows.into_iter().map(|row| row.thread_id));
            prop_assert!(walked.len() <= whole.len());
            let Some(last) = last.filter(|_| page.has_more) else { break };
            filter.anchor =
                Some(ListAnchor { time_ms: sort_time(filter.sort, &last), thread_id: Some(last.thread_id) });
        }
        prop_assert_eq!(walked, whole);
    }
}
