//! An agent with a scripted model: records threads into a Codex home, and resumes what it or Codex has recorded.
//!
//! `cargo run -p codex-thread-store --example scripted_agent -- HOME` makes HOME if it is missing and records one legacy and
//! one paginated thread, resuming them in between. More in `USAGE`. Prints a line per thread and per turn.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "an example speaks to people, and sets up its own folder"
)]

mod script;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_thread_store::live::{IdSource, LiveOptions, LiveThread, RawItem, SystemIds};
use codex_thread_store::{Clock, HistoryMode, LocalStore, LocalStoreOptions, NewThread, ThreadStore};

const USAGE: &str = "usage:
  scripted_agent HOME                                        plays the script into a legacy and a paginated thread
  scripted_agent HOME --start legacy|paginated --say TEXT..  starts a thread; each TEXT is a turn
  scripted_agent HOME --resume THREAD [--say TEXT].. [--hold]
                                                             continues a thread; --hold waits, as its writer, until the
                                                             standard input ends, before it says anything";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scripted_agent: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let order = Order::from_arguments(std::env::args().skip(1))?;
    std::fs::create_dir_all(order.home.join("sessions"))?;
    let agent = Agent::new(LocalStore::open(LocalStoreOptions::new(&order.home))?);
    match order.what {
        What::Script => {
            for mode in [HistoryMode::Legacy, HistoryMode::Paginated] {
                agent.play_script(mode).await?;
            }
        }
        What::Start(mode) => agent.say_all(agent.start(mode).await?, &order.texts).await?,
        What::Resume(thread_id, opened) => {
            let live = agent.resume(thread_id).await?;
            if opened == Opened::Hold {
                println!("holding {thread_id}");
                std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
            }
            agent.say_all(live, &order.texts).await?;
        }
    }
    Ok(())
}

/// What the command line asks for.
struct Order {
    home: PathBuf,
    what: What,
    texts: Vec<String>,
}

/// Which thread.
enum What {
    Script,
    Start(HistoryMode),
    Resume(ThreadId, Opened),
}

/// What follows once the thread is open.
#[derive(PartialEq)]
enum Opened {
    Proceed,
    Hold,
}

impl Order {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let home = arguments.next().filter(|home| !home.starts_with("--")).ok_or(USAGE)?;
        let mut order = Self {
            home: PathBuf::from(home),
            what: What::Script,
            texts: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(USAGE);
            match (argument.as_str(), &mut order.what) {
                ("--start", what) => *what = What::Start(mode(&value()?)?),
                ("--resume", what) => *what = What::Resume(ThreadId::from_str(&value()?)?, Opened::Proceed),
                ("--say", What::Start(_) | What::Resume(..)) => order.texts.push(value()?),
                ("--hold", What::Resume(_, opened)) => *opened = Opened::Hold,
                _ => return Err(USAGE.into()),
            }
        }
        Ok(order)
    }
}

fn mode(text: &str) -> Result<HistoryMode, &'static str> {
    match text {
        "legacy" => Ok(HistoryMode::Legacy),
        "paginated" => Ok(HistoryMode::Paginated),
        _ => Err(USAGE),
    }
}

/// Records into one store.
struct Agent {
    store: Arc<dyn ThreadStore>,
    clock: Clock,
    ids: SystemIds,
}

impl Agent {
    fn new(store: Arc<dyn ThreadStore>) -> Self {
        let clock = Clock::system();
        let ids = SystemIds::new(clock.clone());
        Self { store, clock, ids }
    }

    async fn start(&self, mode: HistoryMode) -> Result<LiveThread, Box<dyn Error>> {
        let mut new = NewThread::new(ThreadId(self.ids.uuid_v7()), mode, "/home/user/project");
        new.originator = "scripted agent".to_owned();
        new.model_provider = "mock".to_owned();
        println!("{mode:?} {}", new.thread_id);
        Ok(LiveThread::create(Arc::clone(&self.store), new, self.options()).await?)
    }

    async fn resume(&self, thread_id: ThreadId) -> Result<LiveThread, Box<dyn Error>> {
        Ok(LiveThread::resume(Arc::clone(&self.store), thread_id, self.options()).await?)
    }

    fn options(&self) -> LiveOptions {
        LiveOptions::new(self.clock.clone())
    }

    /// Plays the whole script into a new thread, closing and resuming it before every other turn.
    async fn play_script(&self, mode: HistoryMode) -> Result<(), Box<dyn Error>> {
        let mut live = self.start(mode).await?;
        for (number, play) in script::TURNS.iter().enumerate() {
            if number % 2 == 1 {
                live.close().await?;
                live = self.resume(live.thread_id()).await?;
            }
            self.play(&live, play).await?;
        }
        Ok(live.close().await?)
    }

    /// Says each text in a turn of its own, then closes the thread.
    async fn say_all(&self, live: LiveThread, texts: &[String]) -> Result<(), Box<dyn Error>> {
        for text in texts {
            self.play(&live, |turn| script::say(turn, text)).await?;
        }
        Ok(live.close().await?)
    }

    async fn play(
        &self,
        live: &LiveThread,
        play: impl Fn(&script::Turn) -> Vec<Vec<RawItem>>,
    ) -> Result<(), Box<dyn Error>> {
        let turn = script::Turn {
            thread_id: live.thread_id(),
            turn_id: self.ids.uuid_v7().to_string(),
            now_ms: self.clock.now_ms(),
        };
        // An agent appends as things happen; what it was told is durable when the call returns.
        for step in play(&turn) {
            live.append(&step, None).await?;
        }
        println!("turn {} {}", turn.thread_id, turn.turn_id);
        Ok(())
    }
}
