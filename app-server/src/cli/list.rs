//! `codex-threads list`.
//!
//! One row per thread, cut to the terminal; ids are as long as they need to be to tell rows apart.

use codex_protocol::rpc::common::SortDirection;
use codex_protocol::rpc::list::{ThreadListCwdFilter, ThreadListParams, ThreadListResponse};
use codex_protocol::rpc::thread::{Thread, ThreadHistoryMode};
use codex_thread_store::{ThreadRecord, View};

use super::app::App;
use super::args::{ListArgs, SortArg};
use super::error::CliResult;
use super::group;
use super::output::{Look, one_line};
use super::table::Table;
use super::when;
use crate::convert::{self, Role};
use crate::limits::MAX_PAGE_ROWS;
use crate::server::lens;
use crate::transport::Client;

/// Shortest id that is shown: the time of creation in a v7 id.
const MIN_ID_CHARS: usize = 13;

pub(super) async fn run(app: &mut App, args: ListArgs) -> CliResult {
    let store = app.store().await?;
    let mut client = app.client(store).await?;
    let json = args.json.json;
    let answer = fetch(&mut client, &args).await?;
    if json {
        return app.out.pretty_json(&answer);
    }
    if answer.data.is_empty() {
        app.out
            .line("No threads fit. Sub-agents need --source, archived threads --archived.")?;
        return Ok(());
    }
    print_threads(app, &answer.data, args.sort)?;
    if answer.next_cursor.is_some() {
        let more = format!(
            "{} threads shown; --all lists every one, -n N more of them.",
            answer.data.len()
        );
        let more = app.out.paint(Look::Dim, &more);
        app.out.line(&more)?;
    }
    Ok(())
}

/// Collects pages until there are enough rows.
async fn fetch(client: &mut Client, args: &ListArgs) -> CliResult<ThreadListResponse> {
    let wanted = if args.all {
        usize::MAX
    } else {
        args.limit.max(1) as usize
    };
    let mut params = ThreadListParams {
        sort_key: Some(args.sort.into()),
        sort_direction: Some(if args.asc {
            SortDirection::Asc
        } else {
            SortDirection::Desc
        }),
        archived: Some(args.archived),
        source_kinds: Some(args.source.iter().map(|source| (*source).into()).collect()),
        model_providers: Some(args.provider.clone()),
        cwd: Some(args.cwd.clone())
            .filter(|cwds| !cwds.is_empty())
            .map(ThreadListCwdFilter::Many),
        section_id: match &args.section {
            Some(wanted) => Some(Some(group::section_id(client, wanted).await?)),
            None => None,
        },
        project_id: match &args.project {
            Some(wanted) => Some(Some(group::project_id(client, wanted).await?)),
            None => None,
        },
        search_term: args.title.clone(),
        ..ThreadListParams::default()
    };
    let mut all: Option<ThreadListResponse> = None;
    loop {
        let missing = wanted.saturating_sub(all.as_ref().map_or(0, |all| all.data.len()));
        params.limit = Some(u32::try_from(missing).unwrap_or(MAX_PAGE_ROWS).min(MAX_PAGE_ROWS));
        let page: ThreadListResponse = client.call("thread/list", &params).await?;
        params.cursor.clone_from(&page.next_cursor);
        let collected = match all.take() {
            Some(mut all) => {
                all.data.extend(page.data);
                all.next_cursor = page.next_cursor;
                if let (Some(states), Some(more)) = (&mut all.read_states, page.read_states) {
                    states.extend(more);
                }
                all
            }
            None => page,
        };
        if collected.next_cursor.is_none() || collected.data.len() >= wanted {
            return Ok(collected);
        }
        all = Some(collected);
    }
}

/// Prints threads as a table, with the time that they are sorted by.
pub(super) fn print_threads(app: &mut App, threads: &[Thread], by: SortArg) -> CliResult {
    let now_s = app.now_s();
    let id_chars = id_chars(threads);
    let time_heading = match by {
        SortArg::Created => "CREATED",
        SortArg::Updated => "CHANGED",
        SortArg::Recent => "LAST TURN",
    };
    let mut table = Table::new(&[
        ("ID", Look::Accent),
        (time_heading, Look::Plain),
        ("STORED", Look::Dim),
        ("FOLDER", Look::Plain),
        ("TITLE", Look::Title),
    ]);
    let time_s = |thread: &Thread| match by {
        SortArg::Created => thread.created_at,
        SortArg::Updated => thread.updated_at,
        SortArg::Recent => thread.recency_at.unwrap_or(thread.created_at),
    };
    for thread in threads {
        table.row(vec![
            thread.id.chars().take(id_chars).collect(),
            when::ago(now_s, time_s(thread)),
            match thread.history_mode {
                ThreadHistoryMode::Legacy => "legacy".to_owned(),
                ThreadHistoryMode::Paginated => "paginated".to_owned(),
            },
            folder(&thread.cwd),
            title(thread),
        ]);
    }
    let text = table.render(app.out.width, app.out.colour);
    app.out.text(&text)
}

/// Prints the threads that an ambiguous text fits.
pub(super) fn print_candidates(app: &mut App, found: Vec<ThreadRecord>) -> CliResult {
    let lens = lens(View::Full);
    let threads: Vec<Thread> = found
        .into_iter()
        .map(|record| convert::thread(record, &lens, Role::Row))
        .collect();
    print_threads(app, &threads, SortArg::Updated)
}

/// Returns what a thread is called: its name, else the beginning of its first message.
pub(super) fn title(thread: &Thread) -> String {
    let name = thread.name.as_deref().filter(|name| !name.trim().is_empty());
    let title = one_line(name.unwrap_or(&thread.preview));
    if title.is_empty() {
        "(no message yet)".to_owned()
    } else {
        title
    }
}

/// Returns the last part of a working directory.
fn folder(cwd: &str) -> String {
    let last = cwd
        .trim_end_matches(['/', '\\'])
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default();
    one_line(if last.is_empty() { cwd } else { last })
}

/// Returns how much of the ids is needed to tell them apart.
fn id_chars(threads: &[Thread]) -> usize {
    let mut ids: Vec<&str> = threads.iter().map(|thread| thread.id.as_str()).collect();
    ids.sort_unstable();
    let shared = |pair: &[&str]| pair[0].bytes().zip(pair[1].bytes()).take_while(|(a, b)| a == b).count() + 1;
    ids.windows(2).map(shared).max().unwrap_or(0).max(MIN_ID_CHARS)
}
