//! `codex-threads trash`: what was deleted and is kept, the way back, and the end of it.
//!
//! Asks the same methods as any client.

use codex_protocol::rpc::trash::{
    ThreadTrashEmptyParams, ThreadTrashEmptyResponse, ThreadTrashEntry, ThreadTrashListParams, ThreadTrashListResponse,
    ThreadTrashRestoreParams, ThreadTrashRestoreResponse,
};
use serde_json::json;

use super::app::App;
use super::args::{TrashCommand, TrashEmptyArgs, TrashRestoreArgs};
use super::error::{CliError, CliResult};
use super::list::title;
use super::output::{Look, one_line};
use super::table::Table;
use super::when;
use crate::limits::MAX_PAGE_ROWS;
use crate::transport::Client;

pub(super) async fn run(app: &mut App, command: TrashCommand) -> CliResult {
    let store = app.store().await?;
    let mut client = app.client(store).await?;
    match command {
        TrashCommand::List(args) => list(app, &mut client, args.json).await,
        TrashCommand::Restore(args) => restore(app, &mut client, args).await,
        TrashCommand::Empty(args) => empty(app, &mut client, args).await,
    }
}

async fn list(app: &mut App, client: &mut Client, json: bool) -> CliResult {
    let kept = everything(client).await?;
    if json {
        return app.out.pretty_json(&json!({ "data": kept }));
    }
    if kept.is_empty() {
        return app.out.line("The trash is empty.");
    }
    print(app, &kept)
}

/// Collects all pages.
async fn everything(client: &mut Client) -> CliResult<Vec<ThreadTrashEntry>> {
    let mut params = ThreadTrashListParams {
        cursor: None,
        limit: Some(MAX_PAGE_ROWS),
    };
    let mut kept = Vec::new();
    loop {
        let page: ThreadTrashListResponse = client.call("thread/trash/list", &params).await?;
        kept.extend(page.data);
        if page.next_cursor.is_none() {
            return Ok(kept);
        }
        params.cursor = page.next_cursor;
    }
}

fn print(app: &mut App, kept: &[ThreadTrashEntry]) -> CliResult {
    let now_s = app.now_s();
    let mut table = Table::new(&[
        ("TRASH ID", Look::Accent),
        ("DELETED", Look::Plain),
        ("THREADS", Look::Dim),
        ("BYTES", Look::Dim),
        ("TITLE", Look::Title),
    ]);
    for entry in kept {
        let name = entry.name.as_deref().filter(|name| !name.trim().is_empty());
        table.row(vec![
            entry.trash_id.clone(),
            when::ago(now_s, entry.deleted_at),
            entry.thread_ids.len().to_string(),
            entry.bytes.to_string(),
            one_line(name.unwrap_or(&entry.preview)),
        ]);
    }
    let text = table.render(app.out.width, app.out.colour);
    app.out.text(&text)
}

async fn restore(app: &mut App, client: &mut Client, args: TrashRestoreArgs) -> CliResult {
    let kept = everything(client).await?;
    let wanted = args.wanted.trim().to_lowercase();
    let is_wanted = |entry: &&ThreadTrashEntry| {
        let mut ids = entry.thread_ids.iter().chain([&entry.trash_id]);
        entry.name.as_deref() == Some(args.wanted.as_str())
            || (!wanted.is_empty() && ids.any(|id| id.starts_with(&wanted)))
    };
    let found: Vec<ThreadTrashEntry> = kept.iter().filter(is_wanted).cloned().collect();
    let [entry] = found.as_slice() else {
        if found.is_empty() {
            return Err(CliError::NotInTrash { wanted: args.wanted });
        }
        print(app, &found)?;
        app.out.flush()?;
        return Err(CliError::Ambiguous {
            wanted: args.wanted,
            count: found.len(),
        });
    };
    let params = ThreadTrashRestoreParams {
        trash_id: entry.trash_id.clone(),
    };
    let answer: ThreadTrashRestoreResponse = client.call("thread/trash/restore", &params).await?;
    if args.json.json {
        return app.out.pretty_json(&answer);
    }
    let title = title(&answer.thread);
    app.out.line(&format!("Thread {} is back: {title}", answer.thread.id))
}

async fn empty(app: &mut App, client: &mut Client, args: TrashEmptyArgs) -> CliResult {
    if !args.yes {
        return Err(CliError::Unconfirmed {
            what: "remove what is in the trash for good".to_owned(),
        });
    }
    let params = ThreadTrashEmptyParams {
        trash_ids: Some(args.trash_ids).filter(|ids| !ids.is_empty()),
    };
    let answer: ThreadTrashEmptyResponse = client.call("thread/trash/empty", &params).await?;
    if args.json.json {
        return app.out.pretty_json(&answer);
    }
    let what = match answer.trash_ids.len() {
        1 => "1 deletion".to_owned(),
        count => format!("{count} deletions"),
    };
    app.out.line(&format!("{what} cannot be undone any more."))
}
