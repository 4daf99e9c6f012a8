//! Other processes: this test program once more, with a role given in the environment.
//!
//! A child speaks in lines on its standard output; what the test harness prints there is skipped by a mark.
#![allow(clippy::print_stdout, reason = "a child speaks to its parent")]

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_test_support::agent::Form;
use codex_thread_store::live::{LiveOptions, LiveThread, SystemIds};
use codex_thread_store::{
    Clock, Durability, HistoryMode, LocalStore, LocalStoreOptions, StoreError, StoreResult, ThreadStore,
};

use crate::agent::{new_thread, options, turn_batches};

const ROLE: &str = "RECORDING_CHILD_ROLE";
const HOME: &str = "RECORDING_CHILD_HOME";
const THREAD: &str = "RECORDING_CHILD_THREAD";
const NAME: &str = "RECORDING_CHILD_NAME";
/// What the lines of a child begin with.
const MARK: &str = "child: ";

/// What a child does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Begins or continues the thread and appends turns until it is killed.
    Record(HistoryMode),
    /// Takes the thread as often as it can, for one turn each time.
    Compete,
    /// Takes the thread, says so, and waits for a line.
    Hold,
}

/// A child and its lines.
pub(crate) struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
    input: Option<ChildStdin>,
}

impl Process {
    /// Starts a child; its name tells its turns from those of others.
    pub(crate) fn start(role: Role, home: &Path, thread_id: ThreadId, name: &str) -> Self {
        let role = match role {
            Role::Record(HistoryMode::Legacy) => "record legacy",
            Role::Record(HistoryMode::Paginated) => "record paginated",
            Role::Compete => "compete",
            Role::Hold => "hold",
        };
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "child::works", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(HOME, home)
            .env(THREAD, thread_id.to_string())
            .env(NAME, name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        let input = child.stdin.take();
        Self { child, lines, input }
    }

    /// Returns what the child says next; `None` when it has ended.
    pub(crate) fn next(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).expect("a pipe") == 0 {
                return None;
            }
            // A line that a kill has cut is no acknowledgement.
            if let Some(said) = line.find(MARK).and_then(|at| line[at..].strip_suffix('\n')) {
                return Some(said[MARK.len()..].to_owned());
            }
        }
    }

    /// Kills the child at once.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a child");
    }

    /// Lets a child that waits go on.
    pub(crate) fn let_go(&mut self) {
        self.input = None;
    }

    /// Waits for the end of the child, and returns whether it ended well.
    pub(crate) fn wait(&mut self) -> bool {
        self.child.wait().expect("a child").success()
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{MARK}{text}")
        .and_then(|()| out.flush())
        .expect("a pipe");
}

/// Opens the store of a home on the real disk, with the real clock.
pub(crate) fn open(home: &Path) -> Arc<dyn ThreadStore> {
    LocalStore::open(LocalStoreOptions::new(home)).expect("a home")
}

/// Makes options with ids that no other process makes.
pub(crate) fn real_options() -> LiveOptions {
    LiveOptions {
        ids: Arc::new(SystemIds::new(Clock::system())),
        ..options(Form::Canonical)
    }
}

/// Continues a thread, or begins it.
pub(crate) async fn open_thread(
    store: &Arc<dyn ThreadStore>,
    thread_id: ThreadId,
    mode: HistoryMode,
) -> StoreResult<LiveThread> {
    match LiveThread::resume(Arc::clone(store), thread_id, real_options()).await {
        Err(StoreError::ThreadNotFound { .. }) => {
            LiveThread::create(Arc::clone(store), new_thread(thread_id, mode), real_options()).await
        }
        resumed => resumed,
    }
}

/// Runs async code to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("runtime").block_on(work)
}

/// Does what a parent asks for in the environment, and nothing without a parent.
#[test]
fn works() {
    let variable = |name| std::env::var(name).ok();
    let (Some(role), Some(home), Some(thread), Some(name)) =
        (variable(ROLE), variable(HOME), variable(THREAD), variable(NAME))
    else {
        return;
    };
    let store = open(Path::new(&home));
    let thread_id: ThreadId = thread.parse().expect("an id");
    let taking_turns = async {
        match role.as_str() {
            "record legacy" => record(&store, thread_id, HistoryMode::Legacy, &name).await,
            "record paginated" => record(&store, thread_id, HistoryMode::Paginated, &name).await,
            "compete" => compete(&store, thread_id, Path::new(&home), &name).await,
            _ => hold(&store, thread_id).await,
        }
    };
    block_on(taking_turns).expect("recorded");
}

/// Appends turns for ever. Every acknowledgement names the turn and how many of its batches were taken.
async fn record(store: &Arc<dyn ThreadStore>, thread_id: ThreadId, mode: HistoryMode, name: &str) -> StoreResult<()> {
    let live = open_thread(store, thread_id, mode).await?;
    for number in 0_u64.. {
        let turn = format!("{name}x{number}");
        for (batch, taken) in turn_batches(thread_id, &turn).into_iter().zip(1..) {
            let appended = live.append(&batch, Some(Durability::Written)).await?;
            say(&format!("{turn} {taken} {}", appended.persisted));
        }
    }
    Ok(())
}

/// Takes the thread for one turn, many times. A file that only the writer may make shows that there is no other one.
async fn compete(store: &Arc<dyn ThreadStore>, thread_id: ThreadId, home: &Path, name: &str) -> StoreResult<()> {
    const WINS: u32 = 8;
    let marker = home.join("writer-is-here");
    let mut wins = 0;
    while wins < WINS {
        let live = match LiveThread::resume(Arc::clone(store), thread_id, real_options()).await {
            Err(StoreError::WriterConflict { thread_id: named }) => {
                assert_eq!(named, thread_id);
                say("lost");
                std::thread::yield_now();
                continue;
            }
            resumed => resumed?,
        };
        std::fs::File::create_new(&marker).expect("no other writer");
        for batch in turn_batches(thread_id, &format!("{name}x{wins}")) {
            live.append(&batch, Some(Durability::Written)).await?;
        }
        std::fs::remove_file(&marker).expect("still the only writer");
        live.close().await?;
        wins += 1;
        say("won");
    }
    Ok(())
}

async fn hold(store: &Arc<dyn ThreadStore>, thread_id: ThreadId) -> StoreResult<()> {
    let live = open_thread(store, thread_id, HistoryMode::Paginated).await?;
    let [begin, ..] = turn_batches(thread_id, "held");
    live.append(&begin, None).await?;
    say("holding");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a pipe");
    live.close().await
}
