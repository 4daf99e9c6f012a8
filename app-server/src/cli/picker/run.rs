//! Runs the picker: keys in, questions out, pictures onto the terminal.
//!
//! Of questions that come faster than answers only the last one is asked.

use std::io::IsTerminal;
use std::sync::Arc;

use codex_protocol::rpc::history::{HistorySearchOrder, HistorySearchParams, HistorySearchResponse};
use codex_thread_store::ThreadStore;
use tokio::sync::{mpsc, watch};

use super::state::{Chosen, Effect, Question, State};
use super::terminal::{Report, Terminal, reports};
use super::view::{Frame, picture};
use crate::cli::app::App;
use crate::cli::args::SearchArgs;
use crate::cli::error::{CliError, CliResult};
use crate::cli::history;
use crate::cli::output::Colour;
use crate::transport::Client;

/// Threads that are asked for at a time.
const THREADS: u32 = 30;
/// Hits of a thread that are asked for.
const HITS_PER_THREAD: u32 = 4;

/// What comes back from the server.
enum Answer {
    Found(u64, Result<HistorySearchResponse, String>),
    Preview(Box<Chosen>, String),
}

pub(in crate::cli) async fn run(app: &mut App, store: Arc<dyn ThreadStore>, args: &SearchArgs) -> CliResult {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(CliError::NoTerminal);
    }
    let (answer_sender, mut answers) = mpsc::unbounded_channel();
    let (questions, asked) = watch::channel(None);
    let (previews, wanted) = watch::channel(None);
    let searching = app.client(Arc::clone(&store)).await?;
    let reading = app.client(Arc::clone(&store)).await?;
    tokio::spawn(search(searching, asked, answer_sender.clone()));
    tokio::spawn(read(reading, wanted, answer_sender));

    let order = if args.newest {
        HistorySearchOrder::Newest
    } else {
        HistorySearchOrder::Ranked
    };
    let (mut state, mut effects) = State::new(&args.query.join(" "), history::filter_text(args)?, order);
    let terminal = Terminal::take().map_err(CliError::Output)?;
    let mut reports = reports();
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Search(question) => drop(questions.send_replace(Some(question))),
                Effect::Preview(chosen) => drop(previews.send_replace(Some(*chosen))),
                Effect::End(accepted) => {
                    drop(terminal);
                    return finish(app, store, accepted).await;
                }
            }
        }
        draw(app, &state, &terminal)?;
        effects = tokio::select! {
            report = reports.recv() => match report {
                Some(Report::Key(key)) => state.press(key),
                Some(Report::Resized) => Vec::new(),
                Some(Report::Gone(error)) => return Err(CliError::Output(error)),
                None => return Ok(()),
            },
            Some(answer) = answers.recv() => match answer {
                Answer::Found(number, found) => state.answered(number, found),
                Answer::Preview(chosen, text) => {
                    state.previewed(&chosen, text);
                    Vec::new()
                }
            },
        };
    }
}

fn draw(app: &App, state: &State, terminal: &Terminal) -> CliResult {
    let (width, height) = terminal.size().map_err(CliError::Output)?;
    let frame = Frame {
        width,
        height,
        colour: app.out.colour,
        now_s: app.now_s(),
    };
    terminal.draw(&picture(state, frame)).map_err(CliError::Output)
}

/// Prints what was accepted, as `--open` does.
async fn finish(app: &mut App, store: Arc<dyn ThreadStore>, accepted: Option<Box<Chosen>>) -> CliResult {
    let Some(chosen) = accepted else {
        return Ok(());
    };
    let mut client = app.client(store).await?;
    history::print_opened(app, &mut client, &chosen.thread, &chosen.hit).await
}

/// Answers the last question, again and again, until nobody asks any more.
async fn search(
    mut client: Client,
    mut asked: watch::Receiver<Option<Question>>,
    answers: mpsc::UnboundedSender<Answer>,
) {
    while asked.changed().await.is_ok() {
        let Some(question) = asked.borrow_and_update().clone() else {
            continue;
        };
        let params = HistorySearchParams {
            query: question.query,
            limit: Some(THREADS),
            hits_per_thread: Some(HITS_PER_THREAD),
            order: Some(question.order),
            typing: true,
            ..HistorySearchParams::default()
        };
        let found = client.call(history::METHOD, &params).await;
        let found = found.map_err(|error| error.to_string());
        if answers.send(Answer::Found(question.number, found)).is_err() {
            return;
        }
    }
}

/// Reads the turns around the last selected hit, again and again.
async fn read(mut client: Client, mut wanted: watch::Receiver<Option<Chosen>>, answers: mpsc::UnboundedSender<Answer>) {
    while wanted.changed().await.is_ok() {
        let Some(chosen) = wanted.borrow_and_update().clone() else {
            continue;
        };
        let text = history::opened(Colour::Off, &mut client, &chosen.thread, &chosen.hit).await;
        let text = text.unwrap_or_else(|error| error.report());
        if answers.send(Answer::Preview(Box::new(chosen), text)).is_err() {
            return;
        }
    }
}
