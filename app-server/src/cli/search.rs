//! `codex-threads search`: which search is meant, and the two of literal texts.
//!
//! `--literal` shows threads with a snippet, `--in` every place of one thread. The search of the history is in `history`.

use codex_protocol::rpc::search::{
    ThreadSearchOccurrencesParams, ThreadSearchOccurrencesResponse, ThreadSearchParams, ThreadSearchResponse,
};
use codex_thread_store::ThreadStore;

use super::app::App;
use super::args::SearchArgs;
use super::error::CliResult;
use super::list::title;
use super::output::{Colour, Look, one_line, paint};
use super::{history, picker, when};
use crate::limits::{MAX_OCCURRENCE_ROWS, MAX_PAGE_ROWS};

pub(super) async fn run(app: &mut App, args: SearchArgs) -> CliResult {
    let store = app.store().await?;
    if args.interactive {
        return picker::run(app, store, &args).await;
    }
    match &args.thread {
        Some(wanted) => {
            let thread = app.find(&*store, wanted).await?;
            in_thread(app, store, thread.thread_id.to_string(), &args).await
        }
        None if args.literal => everywhere(app, store, &args).await,
        None => history::run(app, store, &args).await,
    }
}

async fn everywhere(app: &mut App, store: std::sync::Arc<dyn ThreadStore>, args: &SearchArgs) -> CliResult {
    let mut client = app.client(store).await?;
    let mut params = ThreadSearchParams {
        include_attached_threads: true,
        current_account_only: false,
        cursor: None,
        limit: Some(args.limit.clamp(1, MAX_PAGE_ROWS)),
        sort_key: None,
        sort_direction: None,
        source_kinds: Some(args.source.iter().map(|source| (*source).into()).collect()),
        archived: Some(args.archived),
        search_term: args.query.join(" "),
    };
    let mut answer: ThreadSearchResponse = client.call("thread/search", &params).await?;
    while answer.data.len() < args.limit as usize && answer.next_cursor.is_some() {
        params.cursor = answer.next_cursor.take();
        let page: ThreadSearchResponse = client.call("thread/search", &params).await?;
        answer.data.extend(page.data);
        answer.next_cursor = page.next_cursor;
    }
    if args.json.json {
        return app.out.pretty_json(&answer);
    }
    print_hits(app, &answer, &args.query.join(" "))
}

/// Prints threads with their snippets.
pub(super) fn print_hits(app: &mut App, answer: &ThreadSearchResponse, term: &str) -> CliResult {
    if answer.data.is_empty() {
        return app
            .out
            .line("Nothing found. Messages are searched; case makes no difference.");
    }
    let now_s = app.now_s();
    for hit in &answer.data {
        let head = format!(
            "{}  {}  {}",
            app.out.paint(Look::Accent, &hit.thread.id),
            when::ago(now_s, hit.thread.updated_at),
            app.out.paint(Look::Title, &title(&hit.thread)),
        );
        app.out.line(&head)?;
        let snippet = format!("    {}", highlight(app.out.colour, &one_line(&hit.snippet), term));
        app.out.line(&snippet)?;
    }
    if answer.next_cursor.is_some() {
        let more = app.out.paint(Look::Dim, "There are more; -n N shows them.");
        app.out.line(&more)?;
    }
    Ok(())
}

async fn in_thread(app: &mut App, store: std::sync::Arc<dyn ThreadStore>, id: String, args: &SearchArgs) -> CliResult {
    let mut client = app.client(store).await?;
    let mut params = ThreadSearchOccurrencesParams {
        thread_id: id,
        search_term: args.query.join(" "),
        cursor: None,
        limit: Some(args.limit.clamp(1, MAX_OCCURRENCE_ROWS)),
    };
    let mut answer: ThreadSearchOccurrencesResponse = client.call("thread/searchOccurrences", &params).await?;
    while answer.data.len() < args.limit as usize && answer.next_cursor.is_some() {
        params.cursor = answer.next_cursor.take();
        let page: ThreadSearchOccurrencesResponse = client.call("thread/searchOccurrences", &params).await?;
        answer.data.extend(page.data);
        answer.next_cursor = page.next_cursor;
    }
    if args.json.json {
        return app.out.pretty_json(&answer);
    }
    if answer.data.is_empty() {
        return app.out.line("Nothing found in this thread.");
    }
    for found in &answer.data {
        let place = app.out.paint(Look::Dim, &format!("turn {}", found.turn_id));
        let line = format!(
            "{place}  {}",
            highlight(app.out.colour, &one_line(&found.snippet), &args.query.join(" "))
        );
        app.out.line(&line)?;
    }
    if answer.next_cursor.is_some() {
        let more = app.out.paint(Look::Dim, "There are more; -n N shows them.");
        app.out.line(&more)?;
    }
    Ok(())
}

/// Dresses every place where a term occurs, whatever its case.
pub(super) fn highlight(colour: Colour, text: &str, term: &str) -> String {
    let term: Vec<char> = term.trim().chars().flat_map(char::to_lowercase).collect();
    let characters: Vec<char> = text.chars().collect();
    let matches = |from: usize| {
        let mut rest = term.as_slice();
        let mut used = 0;
        for c in &characters[from..] {
            if rest.is_empty() {
                break;
            }
            let lower: Vec<char> = c.to_lowercase().collect();
            rest = rest.strip_prefix(lower.as_slice())?;
            used += 1;
        }
        rest.is_empty().then_some(used)
    };
    let mut dressed = String::new();
    let mut at = 0;
    while at < characters.len() {
        match matches(at).filter(|used| *used > 0) {
            Some(used) => {
                let found: String = characters[at..at + used].iter().collect();
                dressed.push_str(&paint(colour, Look::Match, &found));
                at += used;
            }
            None => {
                dressed.push(characters[at]);
                at += 1;
            }
        }
    }
    dressed
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod search_tests;
