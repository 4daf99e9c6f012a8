//! Promises about what lists leave out.
//!
//! Filters, relatives, and what only one of the views shows.

use codex_protocol::ids::ThreadId;
use serde_json::{Value, json};

use super::fixture::{StoreFixture, list_query, listed, put_all};
use super::log::{Form, Log, thread};
use crate::types::{ArchivedFilter, ListQuery, RelationFilter, SourceFilter, View};

fn said(form: Form, n: u32, members: Value) -> Log {
    let mut log = Log::with_header(form, n, members);
    log.turn("t1", "hello", "hi");
    log
}

async fn check(fixture: &dyn StoreFixture, query: ListQuery, expected: &[u32]) {
    let expected: Vec<ThreadId> = expected.iter().copied().map(thread).collect();
    assert_eq!(listed(&*fixture.store(), query.clone()).await, expected, "{query:?}");
}

/// Archived threads are listed only where they are asked for.
pub async fn archived_threads_are_apart(fixture: &dyn StoreFixture) {
    let archived = said(Form::Legacy, 2, json!({})).archived();
    put_all(fixture, &[&said(Form::Paginated, 1, json!({})), &archived]).await;
    for (filter, expected) in [
        (ArchivedFilter::Live, &[1][..]),
        (ArchivedFilter::Archived, &[2]),
        (ArchivedFilter::Any, &[1, 2]),
    ] {
        check(
            fixture,
            ListQuery {
                archived: filter,
                ..list_query()
            },
            expected,
        )
        .await;
    }
}

/// Providers and directories are matched whole; no list means all, an empty one none.
pub async fn providers_and_directories_match_whole(fixture: &dyn StoreFixture) {
    let other = json!({ "model_provider": "mocking", "cwd": "/home/user/project/" });
    let deeper = json!({ "cwd": "/home/user/project/deeper" });
    let logs = [
        said(Form::Legacy, 1, json!({})),
        said(Form::Paginated, 2, other),
        said(Form::Legacy, 3, deeper),
    ];
    put_all(fixture, &logs.iter().collect::<Vec<_>>()).await;
    let providers = |names: &[&str]| ListQuery {
        providers: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..list_query()
    };
    check(fixture, providers(&["mock"]), &[1, 3]).await;
    check(fixture, providers(&["mock", "mocking"]), &[1, 2, 3]).await;
    check(fixture, providers(&[]), &[]).await;
    let cwds = |names: &[&str]| ListQuery {
        cwds: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..list_query()
    };
    check(fixture, cwds(&["/home/user/project"]), &[1, 2]).await;
    check(fixture, cwds(&["/home/user/project/deeper/"]), &[3]).await;
    check(fixture, cwds(&["/home/user"]), &[]).await;
    check(fixture, cwds(&[]), &[]).await;
}

/// Without a source filter the interactive ones are listed, and none that no filter could ever reach is lost.
pub async fn sources_are_filtered_by_kind(fixture: &dyn StoreFixture) {
    let sources = [
        (1, json!("cli")),
        (2, json!("vscode")),
        (3, json!("exec")),
        (4, json!("mcp")),
        (5, json!({ "subagent": "review" })),
        (6, json!({ "custom": "atlas" })),
        (7, json!({ "custom": "homemade" })),
    ];
    for (n, source) in sources {
        fixture
            .put(&said(Form::Legacy, n, json!({ "source": source })).file())
            .await;
    }
    check(
        fixture,
        ListQuery {
            view: View::Codex,
            ..list_query()
        },
        &[1, 2, 6],
    )
    .await;
    check(fixture, list_query(), &[1, 2, 6, 7]).await;
    for (source, expected) in [
        (SourceFilter::Cli, &[1][..]),
        (SourceFilter::Vscode, &[2, 6]),
        (SourceFilter::Exec, &[3]),
        (SourceFilter::AppServer, &[4]),
        (SourceFilter::SubAgent, &[5]),
        (SourceFilter::SubAgentReview, &[5]),
        (SourceFilter::SubAgentCompact, &[]),
    ] {
        check(
            fixture,
            ListQuery {
                sources: Some(vec![source]),
                ..list_query()
            },
            expected,
        )
        .await;
    }
}

/// A search term is a case-sensitive piece of name or preview; threads can be left out by id.
pub async fn terms_and_exclusions_filter_rows(fixture: &dyn StoreFixture) {
    let mut first = Log::legacy(1);
    first.turn("t1", "fix the Widget 100%_now", "ok");
    put_all(
        fixture,
        &[
            &first,
            &said(Form::Paginated, 2, json!({})),
            &said(Form::Legacy, 3, json!({})),
        ],
    )
    .await;
    fixture.set_name(thread(2), "a Widget by name").await;
    let term = |term: &str| ListQuery {
        search_term: Some(term.to_owned()),
        ..list_query()
    };
    check(fixture, term("Widget"), &[1, 2]).await;
    check(fixture, term("widget"), &[]).await;
    check(fixture, term("100%_now"), &[1]).await;
    check(fixture, term(""), &[1, 2, 3]).await;
    check(
        fixture,
        ListQuery {
            excluded: vec![thread(1), thread(3)],
            ..list_query()
        },
        &[2],
    )
    .await;
}

fn spawned(n: u32, parent: u32) -> Log {
    let spawn = json!({ "parent_thread_id": thread(parent).to_string(), "depth": 1 });
    said(
        Form::Paginated,
        n,
        json!({ "source": { "subagent": { "thread_spawn": spawn } } }),
    )
}

/// Children are direct, descendants at any depth; neither holds the ancestor, and sources are not filtered.
pub async fn relatives_are_found_at_their_depth(fixture: &dyn StoreFixture) {
    put_all(
        fixture,
        &[
            &said(Form::Legacy, 1, json!({})),
            &spawned(2, 1),
            &spawned(3, 2),
            &spawned(4, 1),
        ],
    )
    .await;
    let related = |relation| ListQuery {
        relation: Some(relation),
        ..list_query()
    };
    check(fixture, related(RelationFilter::ChildrenOf(thread(1))), &[2, 4]).await;
    check(fixture, related(RelationFilter::DescendantsOf(thread(1))), &[2, 3, 4]).await;
    check(fixture, related(RelationFilter::DescendantsOf(thread(3))), &[]).await;
    check(fixture, list_query(), &[1]).await;
}

/// A child that got its task from its parent has no preview; it is listed among its relatives all the same, in the exact
/// view too, and nowhere else there.
pub async fn relatives_need_no_preview(fixture: &dyn StoreFixture) {
    let parent = said(Form::Legacy, 1, json!({}));
    let spawn = json!({ "subagent": { "thread_spawn": { "parent_thread_id": thread(1).to_string(), "depth": 1 } } });
    let silent = Log::with_header(Form::Paginated, 2, json!({ "source": spawn }));
    put_all(fixture, &[&parent, &silent]).await;
    for view in [View::Full, View::Codex] {
        for relation in [
            RelationFilter::ChildrenOf(thread(1)),
            RelationFilter::DescendantsOf(thread(1)),
        ] {
            let related = ListQuery {
                view,
                relation: Some(relation),
                ..list_query()
            };
            check(fixture, related, &[2]).await;
        }
    }
    let everywhere = ListQuery {
        view: View::Codex,
        sources: Some(vec![SourceFilter::SubAgent, SourceFilter::Vscode]),
        ..list_query()
    };
    check(fixture, everywhere, &[1]).await;
}

/// Attached forks are listed under their thread, and elsewhere only where they are asked for.
pub async fn attached_forks_are_listed_where_asked_for(fixture: &dyn StoreFixture) {
    let source = said(Form::Paginated, 1, json!({}));
    let cut = source.cut();
    let base =
        json!({ "thread_id": cut.rollout_id, "end_ordinal_exclusive": cut.ordinal, "end_byte_offset": cut.offset });
    let members = json!({ "forked_from_id": thread(1).to_string(), "history_base": base, "attached_thread": true });
    put_all(fixture, &[&source, &said(Form::Paginated, 2, members)]).await;
    check(fixture, list_query(), &[1]).await;
    check(
        fixture,
        ListQuery {
            include_attached: true,
            ..list_query()
        },
        &[1, 2],
    )
    .await;
    let relation = Some(RelationFilter::AttachedTo(thread(1)));
    check(
        fixture,
        ListQuery {
            relation,
            ..list_query()
        },
        &[2],
    )
    .await;
}

/// The full view lists every thread; the exact view hides those without a user event, as Codex does.
pub async fn only_the_exact_view_hides_threads(fixture: &dyn StoreFixture) {
    let mut bare = Log::bare(1);
    bare.turn("", "a bare question", "a bare answer");
    let mut raw = Log::legacy(2);
    raw.response("user", "asked without an event")
        .response("assistant", "answered");
    let mut headless = Log::headless(Form::Legacy, 3);
    headless.event(json!({ "type": "user_message", "message": "no header above me" }));
    let quiet = Log::paginated(4);
    put_all(
        fixture,
        &[&bare, &raw, &headless, &quiet, &said(Form::Legacy, 5, json!({}))],
    )
    .await;
    check(
        fixture,
        ListQuery {
            view: View::Codex,
            ..list_query()
        },
        &[5],
    )
    .await;
    let all = ListQuery {
        sources: None,
        ..list_query()
    };
    check(fixture, all.clone(), &[1, 2, 3, 4, 5]).await;
    let page = fixture.store().list_threads(all).await.expect("a page");
    let previews: Vec<&str> = page.threads.iter().map(|record| record.preview.as_str()).collect();
    assert_eq!(
        previews,
        [
            "a bare question",
            "asked without an event",
            "no header above me",
            "",
            "hello"
        ]
    );
}
