//! `codex-threads show`.
//!
//! Pages through a thread and prints each turn as it arrives; a thread is never held in memory whole.

use std::io::IsTerminal;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use codex_protocol::rpc::common::{SortDirection, TurnItemsView};
use codex_protocol::rpc::thread::{Thread, ThreadReadParams, ThreadReadResponse};
use codex_protocol::rpc::turn::{ThreadTurnsListParams, ThreadTurnsListResponse, Turn};
use codex_thread_store::ThreadStore;
use serde_json::json;

use super::app::App;
use super::args::ShowArgs;
use super::error::{CliError, CliResult};
use super::list::title;
use super::output::{Colour, Look, Output, clean};
use super::render::{Cut, turn_text};
use super::when;
use crate::transport::Client;

/// Turns per page.
const PAGE_TURNS: u32 = 20;

pub(super) async fn run(app: &mut App, args: ShowArgs) -> CliResult {
    let store = app.store().await?;
    let thread_id = app.find(&*store, &args.thread).await?.thread_id.to_string();
    let mut client = app.client(Arc::clone(&store) as Arc<dyn ThreadStore>).await?;
    let params = ThreadReadParams {
        thread_id,
        include_turns: false,
    };
    let read: ThreadReadResponse = client.call("thread/read", &params).await?;
    if args.json.json {
        app.out.json(&json!({"thread": &read.thread}))?;
        return print_turns(&mut client, &read.thread.id, &args, &mut JsonSink(&mut app.out)).await;
    }
    let mut pager = Pager::start(&args, &app.out)?;
    let out = pager.as_mut().map_or(&mut app.out, |pager| &mut pager.out);
    let shown = print_thread(out, &mut client, &read.thread, &args).await;
    match pager {
        Some(pager) => pager.finish(shown),
        None => shown,
    }
}

async fn print_thread(out: &mut Output, client: &mut Client, thread: &Thread, args: &ShowArgs) -> CliResult {
    print_header(out, thread)?;
    let cut = if args.full { Cut::Nothing } else { Cut::LongOutput };
    let mut sink = TextSink {
        out: &mut *out,
        cut,
        turns: 0,
    };
    print_turns(client, &thread.id, args, &mut sink).await?;
    if sink.turns == 0 {
        out.line("No turns.")?;
    }
    print_footer(out, thread)
}

/// Where turns go.
pub(super) trait TurnSink {
    /// Takes the next turn.
    fn turn(&mut self, turn: &Turn) -> CliResult;
    /// Shows what has come so far.
    fn page_end(&mut self) -> CliResult;
}

struct JsonSink<'a>(&'a mut Output);

impl TurnSink for JsonSink<'_> {
    fn turn(&mut self, turn: &Turn) -> CliResult {
        self.0.json(&json!({"turn": turn}))
    }

    fn page_end(&mut self) -> CliResult {
        self.0.flush()
    }
}

/// Prints turns for people.
pub(super) struct TextSink<'a> {
    pub(super) out: &'a mut Output,
    pub(super) cut: Cut,
    pub(super) turns: usize,
}

impl TurnSink for TextSink<'_> {
    fn turn(&mut self, turn: &Turn) -> CliResult {
        self.turns += 1;
        let text = turn_text(self.out.colour, turn, self.cut);
        self.out.text(&text)
    }

    fn page_end(&mut self) -> CliResult {
        self.out.flush()
    }
}

async fn print_turns(client: &mut Client, id: &str, args: &ShowArgs, sink: &mut impl TurnSink) -> CliResult {
    let items_view = if args.summary {
        TurnItemsView::Summary
    } else {
        TurnItemsView::Full
    };
    let mut params = ThreadTurnsListParams {
        thread_id: id.to_owned(),
        cursor: None,
        limit: Some(PAGE_TURNS),
        sort_direction: Some(SortDirection::Asc),
        items_view: Some(items_view),
    };
    if let Some(last) = args.last {
        return print_last(client, params, last, sink).await;
    }
    loop {
        let page: ThreadTurnsListResponse = client.call("thread/turns/list", &params).await?;
        for turn in &page.data {
            sink.turn(turn)?;
        }
        sink.page_end()?;
        params.cursor = page.next_cursor;
        if params.cursor.is_none() {
            return Ok(());
        }
    }
}

/// Walks back over the newest turns, then prints them forward.
async fn print_last(
    client: &mut Client,
    mut params: ThreadTurnsListParams,
    last: u32,
    sink: &mut impl TurnSink,
) -> CliResult {
    params.sort_direction = Some(SortDirection::Desc);
    let mut turns: Vec<Turn> = Vec::new();
    while turns.len() < last as usize {
        let missing = last as usize - turns.len();
        params.limit = Some(u32::try_from(missing).unwrap_or(PAGE_TURNS).min(PAGE_TURNS));
        let page: ThreadTurnsListResponse = client.call("thread/turns/list", &params).await?;
        turns.extend(page.data);
        params.cursor = page.next_cursor;
        if params.cursor.is_none() {
            break;
        }
    }
    for turn in turns.iter().rev() {
        sink.turn(turn)?;
    }
    sink.page_end()
}

fn print_header(out: &mut Output, thread: &Thread) -> CliResult {
    let heading = out.paint(Look::Title, &title(thread));
    out.line(&heading)?;
    let model = match (&thread.model, &thread.reasoning_effort) {
        (Some(model), Some(effort)) => format!("{model} ({effort}), {}", thread.model_provider),
        (Some(model), None) => format!("{model}, {}", thread.model_provider),
        (None, _) => thread.model_provider.clone(),
    };
    let mut rows = vec![
        ("id", thread.id.clone()),
        ("folder", clean(&thread.cwd)),
        ("created", format!("{} UTC", when::minute(thread.created_at))),
        ("changed", format!("{} UTC", when::minute(thread.updated_at))),
        ("model", clean(&model)),
    ];
    if let Some(source) = &thread.forked_from_id {
        rows.push(("fork of", source.clone()));
    }
    if let Some(parent) = &thread.parent_thread_id {
        rows.push(("spawned by", parent.clone()));
    }
    if let Some(branch) = thread.git_info.as_ref().and_then(|git| git.branch.as_ref()) {
        rows.push(("branch", clean(branch)));
    }
    rows.extend(thread.path.as_ref().map(|path| ("rollout", clean(path))));
    for (name, value) in rows {
        let name = out.paint(Look::Dim, &format!("{name:>10}"));
        out.line(&format!("{name}  {value}"))?;
    }
    Ok(())
}

fn print_footer(out: &mut Output, thread: &Thread) -> CliResult {
    let command = out.paint(Look::Accent, &format!("codex resume {}", thread.id));
    out.line("")?;
    out.line(&format!("Continue in Codex: {command}"))
}

/// A pager that shows what is written to it.
struct Pager {
    child: Child,
    out: Output,
}

impl Pager {
    /// Starts one when people look at a terminal.
    fn start(args: &ShowArgs, out: &Output) -> CliResult<Option<Self>> {
        if args.no_pager || !std::io::stdout().is_terminal() {
            return Ok(None);
        }
        let wanted = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
        let mut command = match &wanted {
            Some(pager) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", pager]);
                shell
            }
            None => Command::new("less"),
        };
        if std::env::var_os("LESS").is_none() {
            command.env("LESS", if out.colour == Colour::On { "FRX" } else { "FX" });
        }
        // Without a pager the thread is printed as it is.
        let Ok(mut child) = command.stdin(Stdio::piped()).spawn() else {
            return Ok(None);
        };
        let input = child
            .stdin
            .take()
            .ok_or_else(|| CliError::Start(std::io::ErrorKind::BrokenPipe.into()))?;
        Ok(Some(Self {
            out: out.redirect(input),
            child,
        }))
    }

    /// Closes the pager's input and waits until it is left.
    fn finish(mut self, shown: CliResult) -> CliResult {
        let flushed = self.out.flush();
        drop(self.out);
        self.child.wait().map_err(CliError::Start)?;
        // Leaving the pager before the end is no failure.
        match shown.and(flushed) {
            Err(error) if error.is_broken_pipe() => Ok(()),
            result => result,
        }
    }
}
