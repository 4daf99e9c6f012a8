//! `codex-threads search` over the whole history: the best threads with their hits, counts, or the turn of the best hit.
//!
//! A client of `history/search`. What is printed comes out of threads and is cleaned.

use std::path::Path;
use std::sync::Arc;

use codex_protocol::rpc::common::{SortDirection, TurnItemsView};
use codex_protocol::rpc::history::{
    HistoryQueryFault, HistorySearchCount, HistorySearchFacets, HistorySearchHit, HistorySearchLimit,
    HistorySearchOrder, HistorySearchParams, HistorySearchResponse, HistorySearchThread, HistoryTextKind,
};
use codex_protocol::rpc::turn::{ThreadTurnsListParams, ThreadTurnsListResponse, Turn};
use codex_thread_store::ThreadStore;

use super::app::App;
use super::args::SearchArgs;
use super::error::{CliError, CliResult};
use super::list::title;
use super::output::{Colour, Look, clean, one_line, paint};
use super::render::{Cut, turn_text};
use super::when;
use crate::limits::MAX_PAGE_ROWS;
use crate::transport::{CallError, Client};

/// Name of the method.
pub(super) const METHOD: &str = "history/search";
/// Counts that are shown of each sort.
const SHOWN_COUNTS: usize = 8;

pub(super) async fn run(app: &mut App, store: Arc<dyn ThreadStore>, args: &SearchArgs) -> CliResult {
    let mut client = app.client(store).await?;
    let mut params = HistorySearchParams {
        query: query_text(args)?,
        limit: Some(args.limit.clamp(1, MAX_PAGE_ROWS)),
        hits_per_thread: Some(args.hits.max(1)),
        order: Some(if args.newest {
            HistorySearchOrder::Newest
        } else {
            HistorySearchOrder::Ranked
        }),
        facets: args.facets,
        ..HistorySearchParams::default()
    };
    if args.open {
        params.limit = Some(1);
    }
    let mut answer = search(&mut client, &params).await?;
    if args.open {
        return open(app, &mut client, &answer).await;
    }
    params.facets = false;
    while answer.data.len() < args.limit as usize && answer.next_cursor.is_some() {
        params.cursor = answer.next_cursor.take();
        let page = search(&mut client, &params).await?;
        answer.data.extend(page.data);
        answer.next_cursor = page.next_cursor;
        answer.incomplete = answer.incomplete.or(page.incomplete);
    }
    if args.json.json {
        return app.out.pretty_json(&answer);
    }
    print_answer(app, &answer)
}

/// Calls the search; a query that cannot be read is shown with its fault.
async fn search(client: &mut Client, params: &HistorySearchParams) -> CliResult<HistorySearchResponse> {
    let answer = client.call(METHOD, params).await;
    answer.map_err(|error| query_error(&params.query, error))
}

/// Makes of the refusal of a query an error that shows the place.
pub(super) fn query_error(query: &str, error: CallError) -> CliError {
    let CallError::Refused(refused) = &error else {
        return error.into();
    };
    let data = refused.data.clone().unwrap_or_default();
    let Ok(fault) = serde_json::from_value::<HistoryQueryFault>(data) else {
        return error.into();
    };
    let mut text = clean(&refused.message);
    if let (Some(start), Some(end)) = (fault.start, fault.end) {
        let characters = end.character.saturating_sub(start.character).max(1) as usize;
        let (before, marks) = (" ".repeat(start.character as usize), "^".repeat(characters));
        // One line, so that the marks stand below their characters.
        let shown: String = clean(query).replace(['\n', '\t'], " ");
        text.push_str(&format!("\n  {shown}\n  {before}{marks}"));
    }
    CliError::Query { text }
}

/// Returns the query with the filters that were given as options.
fn query_text(args: &SearchArgs) -> CliResult<String> {
    Ok(args.query.join(" ") + &filter_text(args)?)
}

/// Returns the filters that were given as options, each with a space before it.
pub(super) fn filter_text(args: &SearchArgs) -> CliResult<String> {
    let mut text = String::new();
    let mut filter = |field: &str, value: &str| {
        let value = value.replace('"', "\"\"");
        text.push_str(&format!(" {field}:\"{value}\""));
    };
    for folder in &args.cwd {
        filter("cwd", &absolute(folder)?);
    }
    args.provider.iter().for_each(|provider| filter("provider", provider));
    args.model.iter().for_each(|model| filter("model", model));
    args.source.iter().for_each(|source| filter("source", source.word()));
    args.before.iter().for_each(|time| filter("before", time));
    args.after.iter().for_each(|time| filter("after", time));
    if args.archived {
        filter("archived", "yes");
    }
    Ok(text)
}

fn absolute(folder: &Path) -> CliResult<String> {
    let absolute = std::path::absolute(folder).map_err(|source| CliError::File {
        path: folder.to_owned(),
        source,
    })?;
    let text = absolute.to_string_lossy();
    // A trailing separator would make another folder of it.
    let trimmed = text.trim_end_matches(std::path::MAIN_SEPARATOR);
    Ok(if trimmed.is_empty() {
        text.into_owned()
    } else {
        trimmed.to_owned()
    })
}

fn print_answer(app: &mut App, answer: &HistorySearchResponse) -> CliResult {
    if answer.data.is_empty() {
        app.out
            .line("Nothing found. Words are found whole; try a prefix* or 'part of a word'.")?;
    }
    let now_s = app.now_s();
    for found in &answer.data {
        print_thread(app, now_s, found)?;
    }
    if let Some(facets) = &answer.facets {
        print_facets(app, facets)?;
    }
    if let Some(text) = totals(answer) {
        let text = app.out.paint(Look::Dim, &text);
        app.out.line(&text)?;
    }
    Ok(())
}

fn print_thread(app: &mut App, now_s: i64, found: &HistorySearchThread) -> CliResult {
    let head = format!(
        "{}  {}  {}",
        app.out.paint(Look::Accent, &found.thread.id),
        when::ago(now_s, found.thread.updated_at),
        app.out.paint(Look::Title, &title(&found.thread)),
    );
    app.out.line(&head)?;
    for hit in &found.hits {
        let kind = app.out.paint(Look::Dim, &format!("{:>9}", kind_word(hit.kind)));
        let line = format!("  {kind}  {}", hit_text(app.out.colour, hit));
        app.out.line(&line)?;
    }
    let hidden = found.matched.saturating_sub(found.hits.len() as u64);
    if hidden > 0 {
        let more = app.out.paint(Look::Dim, &format!("{:>9}  {hidden} more", ""));
        app.out.line(&format!("  {more}"))?;
    }
    Ok(())
}

/// Returns what was found in words: how much, and why there may be more.
pub(super) fn totals(answer: &HistorySearchResponse) -> Option<String> {
    let mut parts = Vec::new();
    if !answer.data.is_empty() {
        parts.push(format!(
            "{} in {}",
            counted(answer.hit_count, "hit"),
            counted(answer.thread_count, "thread")
        ));
    }
    if answer.next_cursor.is_some() {
        parts.push("there are more: -n N shows them".to_owned());
    }
    if let Some(incomplete) = &answer.incomplete {
        parts.push(match incomplete.reason {
            HistorySearchLimit::Candidates => format!("only the newest {} candidates were looked at", incomplete.limit),
            HistorySearchLimit::Time => format!("stopped after {}", when::duration(milliseconds(incomplete.limit))),
        });
    }
    (!parts.is_empty()).then(|| format!("{}.", parts.join("; ")))
}

fn milliseconds(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn counted(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    }
}

fn print_facets(app: &mut App, facets: &HistorySearchFacets) -> CliResult {
    let sorts = [
        ("folders", &facets.projects),
        ("kinds", &facets.kinds),
        ("months", &facets.months),
    ];
    for (name, counts) in sorts {
        let heading = app.out.paint(Look::Title, name);
        app.out.line(&heading)?;
        for HistorySearchCount { value, count } in counts.iter().take(SHOWN_COUNTS) {
            app.out.line(&format!("  {count:>7}  {}", one_line(value)))?;
        }
        let hidden = counts.len().saturating_sub(SHOWN_COUNTS);
        if hidden > 0 {
            let more = app.out.paint(Look::Dim, &format!("           and {hidden} more"));
            app.out.line(&more)?;
        }
    }
    Ok(())
}

/// Returns the snippet of a hit on one line, its matches dressed.
pub(super) fn hit_text(colour: Colour, hit: &HistorySearchHit) -> String {
    let units: Vec<u16> = hit.snippet.encode_utf16().collect();
    let piece = |start: usize, end: usize| {
        let units = units.get(start..end).unwrap_or_default();
        clean(&String::from_utf16_lossy(units)).replace(['\n', '\t'], " ")
    };
    let mut text = String::new();
    let mut at = 0;
    for range in &hit.highlights {
        let (start, end) = (range.start as usize, range.end as usize);
        text.push_str(&piece(at, start));
        text.push_str(&paint(colour, Look::Match, &piece(start, end)));
        at = end;
    }
    text + &piece(at, units.len())
}

/// Returns the word for a kind of text.
pub(super) fn kind_word(kind: HistoryTextKind) -> &'static str {
    match kind {
        HistoryTextKind::Name => "name",
        HistoryTextKind::Goal => "goal",
        HistoryTextKind::Message => "message",
        HistoryTextKind::Plan => "plan",
        HistoryTextKind::Reasoning => "reasoning",
        HistoryTextKind::Review => "review",
        HistoryTextKind::Command => "command",
        HistoryTextKind::Output => "output",
        HistoryTextKind::Patch => "patch",
        HistoryTextKind::Path => "path",
        HistoryTextKind::Call => "call",
        HistoryTextKind::Result => "result",
        HistoryTextKind::Web => "web",
    }
}

/// Prints the turn of the best hit between the turns around it.
async fn open(app: &mut App, client: &mut Client, answer: &HistorySearchResponse) -> CliResult {
    let Some((found, hit)) = answer.data.first().and_then(|found| Some((found, found.hits.first()?))) else {
        return print_answer(app, answer);
    };
    print_opened(app, client, found, hit).await
}

/// Prints a hit and its turn between the turns around it.
pub(super) async fn print_opened(
    app: &mut App,
    client: &mut Client,
    found: &HistorySearchThread,
    hit: &HistorySearchHit,
) -> CliResult {
    let now_s = app.now_s();
    let best = HistorySearchThread {
        hits: vec![hit.clone()],
        ..found.clone()
    };
    print_thread(app, now_s, &best)?;
    let text = opened(app.out.colour, client, found, hit).await?;
    app.out.text(&text)?;
    let command = app
        .out
        .paint(Look::Accent, &format!("codex-threads show {}", found.thread.id));
    app.out.line("")?;
    app.out.line(&format!("The whole thread: {command}"))
}

/// Returns the turn of a hit as text, with the turns before and after it; of a hit without a turn, the first turns.
pub(super) async fn opened(
    colour: Colour,
    client: &mut Client,
    found: &HistorySearchThread,
    hit: &HistorySearchHit,
) -> CliResult<String> {
    let turn_cursor = hit.place.as_ref().and_then(|place| place.turn_cursor.clone());
    let mut turns = Vec::new();
    if turn_cursor.is_some() {
        let mut before = page(client, &found.thread.id, turn_cursor.clone(), SortDirection::Desc).await?;
        before.drain(..before.len().min(1));
        turns.append(&mut before);
    }
    turns.append(&mut page(client, &found.thread.id, turn_cursor, SortDirection::Asc).await?);
    Ok(turns
        .iter()
        .map(|turn| turn_text(colour, turn, Cut::LongOutput))
        .collect())
}

/// Reads a turn and the one behind it.
async fn page(
    client: &mut Client,
    thread_id: &str,
    cursor: Option<String>,
    direction: SortDirection,
) -> CliResult<Vec<Turn>> {
    let params = ThreadTurnsListParams {
        thread_id: thread_id.to_owned(),
        cursor,
        limit: Some(2),
        sort_direction: Some(direction),
        items_view: Some(TurnItemsView::Full),
    };
    let page: ThreadTurnsListResponse = client.call("thread/turns/list", &params).await?;
    Ok(page.data)
}

#[cfg(test)]
#[path = "history_sample.rs"]
pub(super) mod sample;

#[cfg(test)]
#[path = "history_tests.rs"]
mod history_tests;
