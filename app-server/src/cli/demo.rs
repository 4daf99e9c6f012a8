//! `codex-threads demo`: a small sample home, and a walk through what can be done with it.
//!
//! Every step makes the same calls that any client makes.

use std::path::Path;
use std::sync::Arc;

use codex_protocol::rpc::common::{SortDirection, TurnItemsView};
use codex_protocol::rpc::diagnostics::{ThreadIndexStateParams, ThreadIndexStateResponse};
use codex_protocol::rpc::list::{ThreadListParams, ThreadListResponse, ThreadSortKey, ThreadSourceKind};
use codex_protocol::rpc::search::{ThreadSearchParams, ThreadSearchResponse};
use codex_protocol::rpc::thread::{Thread, ThreadHistoryMode};
use codex_protocol::rpc::turn::{ThreadTurnsListParams, ThreadTurnsListResponse};
use codex_thread_store::ThreadStore;
use serde_json::json;

use super::app::App;
use super::args::{DemoArgs, SortArg};
use super::demo_home::write_demo_home;
use super::error::CliResult;
use super::output::Look;
use super::render::Cut;
use super::show::{TextSink, TurnSink};
use super::{index, list, search};
use crate::transport::Client;

/// Sources of the sample threads.
const SOURCES: [ThreadSourceKind; 4] = [
    ThreadSourceKind::Cli,
    ThreadSourceKind::Vscode,
    ThreadSourceKind::Exec,
    ThreadSourceKind::Unknown,
];
/// What the search step looks for; said in threads of both modes.
const TERM: &str = "front matter";

pub(super) async fn run(app: &mut App, args: DemoArgs) -> CliResult {
    let home = match args.dir {
        Some(dir) => dir,
        None => std::env::temp_dir().join(format!(
            "codex-threads-demo-{}-{}",
            std::process::id(),
            app.clock.now_ms()
        )),
    };
    write_demo_home(&app.files, &home)?;
    app.place.home = Some(home.clone());
    app.place.index_dir = None;
    let store = app.store().await?;
    let (report, elapsed_ms) = index::build(app, &*store, index::Begin::Here).await?;
    let mut client = app.client(Arc::clone(&store) as Arc<dyn ThreadStore>).await?;
    let walk = Walk::take(&mut client).await?;
    if args.json.json {
        return app.out.pretty_json(&json!({
            "home": home.display().to_string(),
            "threads": walk.threads,
            "newestTurns": walk.page,
            "hits": walk.hits,
            "indexState": walk.state,
        }));
    }
    heading(
        app,
        "A sample home",
        "Six threads as Codex records them: both history modes, a fork, a review, one archived.",
    )?;
    app.out.line(&format!("  {}", home.display()))?;
    heading(
        app,
        "index",
        "The rollouts are the truth; the index holds positions in them and may be deleted at any time.",
    )?;
    index::print(&mut app.out, &report, elapsed_ms)?;
    heading(app, "list", "Every thread, newest first, whatever wrote it.")?;
    list::print_threads(app, &walk.threads.data, SortArg::Created)?;
    print_page(app, &walk)?;
    heading(app, "search", &format!("Where `{TERM}` was said:"))?;
    search::print_hits(app, &walk.hits, TERM)?;
    print_next_steps(app, &home, &walk)
}

/// The answers that the demo shows.
struct Walk {
    threads: ThreadListResponse,
    paged: Thread,
    page: ThreadTurnsListResponse,
    hits: ThreadSearchResponse,
    state: ThreadIndexStateResponse,
}

impl Walk {
    async fn take(client: &mut Client) -> CliResult<Self> {
        let list = ThreadListParams {
            sort_key: Some(ThreadSortKey::CreatedAt),
            source_kinds: Some(SOURCES.to_vec()),
            model_providers: Some(Vec::new()),
            ..ThreadListParams::default()
        };
        let threads: ThreadListResponse = client.call("thread/list", &list).await?;
        let legacy = |thread: &&Thread| thread.history_mode == ThreadHistoryMode::Legacy && thread.name.is_some();
        let paged = threads.data.iter().find(legacy).or(threads.data.first()).cloned();
        let paged = paged.ok_or_else(|| super::error::CliError::NoSuchThread {
            wanted: "any".to_owned(),
        })?;
        let newest = ThreadTurnsListParams {
            thread_id: paged.id.clone(),
            cursor: None,
            limit: Some(1),
            sort_direction: Some(SortDirection::Desc),
            items_view: Some(TurnItemsView::Full),
        };
        let page = client.call("thread/turns/list", &newest).await?;
        let search = ThreadSearchParams {
            include_attached_threads: true,
            current_account_only: false,
            cursor: None,
            limit: None,
            sort_key: None,
            sort_direction: None,
            source_kinds: None,
            archived: None,
            search_term: TERM.to_owned(),
        };
        let hits = client.call("thread/search", &search).await?;
        let state = client
            .call(
                "thread/indexState",
                &ThreadIndexStateParams {
                    thread_id: paged.id.clone(),
                },
            )
            .await?;
        Ok(Self {
            threads,
            paged,
            page,
            hits,
            state,
        })
    }
}

fn heading(app: &mut App, step: &str, text: &str) -> CliResult {
    let step = app.out.paint(Look::Title, step);
    app.out.line("")?;
    app.out.line(&format!("{step}  {text}"))
}

fn print_page(app: &mut App, walk: &Walk) -> CliResult {
    let what = format!(
        "The newest turn of `{}`. A page costs a page: older turns wait behind a cursor.",
        list::title(&walk.paged)
    );
    heading(app, "page", &what)?;
    let mut sink = TextSink {
        out: &mut app.out,
        cut: Cut::LongOutput,
        turns: 0,
    };
    for turn in &walk.page.data {
        sink.turn(turn)?;
    }
    if let Some(cursor) = &walk.page.next_cursor {
        let cursor = app.out.paint(Look::Dim, &format!("  next page: {cursor}"));
        app.out.line(&cursor)?;
    }
    Ok(())
}

fn print_next_steps(app: &mut App, home: &Path, walk: &Walk) -> CliResult {
    heading(app, "Try next", "")?;
    let id: String = walk.paged.id.chars().take(13).collect();
    let home = home.display();
    let steps = [
        (format!("codex-threads --home {home} show {id}"), "the whole thread"),
        (
            format!("codex-threads --home {home} search \"{TERM}\" --in {id}"),
            "every place in one thread",
        ),
        (format!("codex-threads --home {home} doctor {id}"), "why it is listed"),
        ("codex-threads list".to_owned(), "your own threads, from ~/.codex"),
        (
            "codex-threads serve".to_owned(),
            "JSON-RPC for clients of `codex app-server`",
        ),
    ];
    for (command, what) in steps {
        let command = app.out.paint(Look::Accent, &command);
        app.out.line(&format!("  {command}  # {what}"))?;
    }
    Ok(())
}
