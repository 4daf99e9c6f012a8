//! What the command line understands.
//!
//! Declarations only; every command has its own file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use codex_protocol::rpc::list::{ThreadSortKey, ThreadSourceKind};

/// Exit codes, shown at the end of `--help`.
const EXIT_CODES: &str = "\
Exit codes:
  0  done (also when the reader of a pipe went away)
  1  something failed: files, index, server
  2  the command line is wrong
  3  no such thread, or more than one fits
  4  done, but problems were found (verify, index, doctor)

Environment:
  CODEX_HOME         the home when --home is absent (default: ~/.codex)
  CODEX_SQLITE_HOME  the folder of Codex's SQLite files when --sqlite-home is absent (default: the home)
  NO_COLOR           no colour when set
  PAGER              shows long threads on a terminal (default: less)
  RUST_LOG           what to log to stderr (default: warn)";

/// Lists, reads, pages and searches the threads that coding agents recorded.
///
/// Works on any Codex home. Reading changes no rollout; the index is a cache that may be deleted at any time.
#[derive(Debug, Parser)]
#[command(name = "codex-threads", version, after_help = EXIT_CODES, propagate_version = true)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) place: Place,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Where threads and index are.
#[derive(Debug, Clone, Args)]
pub(super) struct Place {
    /// Codex home to open
    #[arg(long, global = true, env = "CODEX_HOME", value_name = "DIR")]
    pub(super) home: Option<PathBuf>,
    /// Folder of the index, when it shall not be inside the home
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) index_dir: Option<PathBuf>,
    /// Folder of Codex's SQLite files, when it is not the home; they are only read
    #[arg(long, global = true, env = "CODEX_SQLITE_HOME", value_name = "DIR")]
    pub(super) sqlite_home: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List threads, newest first
    List(ListArgs),
    /// Show a thread from its first turn to its last
    Show(ShowArgs),
    /// Find anything that was ever said or done
    Search(SearchArgs),
    /// Bring the whole index up to date and print totals
    Index(JsonArgs),
    /// Make the whole index anew from the rollouts and print totals
    Rebuild(JsonArgs),
    /// Compare the index with the rollouts
    Verify(JsonArgs),
    /// Examine the home, or explain why a thread or file is listed or not
    Doctor(DoctorArgs),
    /// Write JSON Schema or TypeScript of the JSON-RPC
    Schema(SchemaArgs),
    /// Answer JSON-RPC on standard input and output, like `codex app-server`
    Serve(ServeArgs),
    /// Delete a thread and the threads that it spawned
    Delete(DeleteArgs),
    /// Show what was deleted and is kept, bring it back, or remove it for good
    #[command(subcommand)]
    Trash(TrashCommand),
    /// Make a small sample home and walk through it
    Demo(DemoArgs),
}

/// Output for programs.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct JsonArgs {
    /// Print JSON instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Most threads to list
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N", conflicts_with = "all")]
    pub(super) limit: u32,
    /// List every thread that fits
    #[arg(long)]
    pub(super) all: bool,
    /// Order
    #[arg(long, value_enum, default_value_t = SortArg::Updated)]
    pub(super) sort: SortArg,
    /// Oldest first
    #[arg(long)]
    pub(super) asc: bool,
    /// Archived threads instead of live ones
    #[arg(long)]
    pub(super) archived: bool,
    /// Only this kind of source; may be repeated (default: started by people)
    #[arg(long, value_enum, value_name = "KIND")]
    pub(super) source: Vec<SourceArg>,
    /// Only this provider of models; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(super) provider: Vec<String>,
    /// Only threads of this working directory; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(super) cwd: Vec<String>,
    /// Only threads of this section, by name or id
    #[arg(long, value_name = "NAME|ID")]
    pub(super) section: Option<String>,
    /// Only threads of this project, by name or id
    #[arg(long, value_name = "NAME|ID")]
    pub(super) project: Option<String>,
    /// Only threads whose name or first message contains this text (case counts)
    #[arg(long, value_name = "TEXT")]
    pub(super) title: Option<String>,
    #[command(flatten)]
    pub(super) json: JsonArgs,
}

/// Order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SortArg {
    /// By creation
    Created,
    /// By last change
    Updated,
    /// By start of the newest turn
    Recent,
}

impl From<SortArg> for ThreadSortKey {
    fn from(sort: SortArg) -> Self {
        match sort {
            SortArg::Created => Self::CreatedAt,
            SortArg::Updated => Self::UpdatedAt,
            SortArg::Recent => Self::RecencyAt,
        }
    }
}

/// Kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SourceArg {
    /// The terminal program
    Cli,
    /// Editors and other clients
    Vscode,
    /// `codex exec`
    Exec,
    /// Programs that speak MCP
    AppServer,
    /// Any sub-agent
    SubAgent,
    /// Review agents
    Review,
    /// Compaction agents
    Compact,
    /// Agents that another agent spawned
    Spawned,
    /// Other sub-agents
    OtherAgent,
    /// Not known
    Unknown,
}

impl SourceArg {
    /// Returns the word that queries name the source by.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Vscode => "vscode",
            Self::Exec => "exec",
            Self::AppServer => "appServer",
            Self::SubAgent => "subAgent",
            Self::Review => "subAgentReview",
            Self::Compact => "subAgentCompact",
            Self::Spawned => "subAgentThreadSpawn",
            Self::OtherAgent => "subAgentOther",
            Self::Unknown => "unknown",
        }
    }
}

impl From<SourceArg> for ThreadSourceKind {
    fn from(source: SourceArg) -> Self {
        match source {
            SourceArg::Cli => Self::Cli,
            SourceArg::Vscode => Self::Vscode,
            SourceArg::Exec => Self::Exec,
            SourceArg::AppServer => Self::AppServer,
            SourceArg::SubAgent => Self::SubAgent,
            SourceArg::Review => Self::SubAgentReview,
            SourceArg::Compact => Self::SubAgentCompact,
            SourceArg::Spawned => Self::SubAgentThreadSpawn,
            SourceArg::OtherAgent => Self::SubAgentOther,
            SourceArg::Unknown => Self::Unknown,
        }
    }
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Id, unique beginning of one, or name of the thread
    pub(super) thread: String,
    /// Only the newest turns
    #[arg(long, value_name = "N")]
    pub(super) last: Option<u32>,
    /// Only the first user message and the final answer of each turn
    #[arg(long)]
    pub(super) summary: bool,
    /// Print outputs and diffs uncut
    #[arg(long)]
    pub(super) full: bool,
    /// Do not start a pager
    #[arg(long)]
    pub(super) no_pager: bool,
    #[command(flatten)]
    pub(super) json: JsonArgs,
}

/// Arguments of `search`.
#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// What to find: words, "phrases", prefix*, -not, OR, 'literal', /regex/, in:command, path:, cwd:, after:7d, ...
    #[arg(value_name = "QUERY", required_unless_present = "interactive")]
    pub(super) query: Vec<String>,
    /// Search as you type, with the thread beside the hits
    #[arg(long, short = 'i', conflicts_with_all = ["literal", "thread", "open", "facets", "json"])]
    pub(super) interactive: bool,
    /// Find the text as it is, in messages only, newest threads first
    #[arg(long)]
    pub(super) literal: bool,
    /// Only in this thread: every place where the text occurs as it is
    #[arg(long = "in", value_name = "THREAD")]
    pub(super) thread: Option<String>,
    /// Most threads (with --in, most places)
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N")]
    pub(super) limit: u32,
    /// Hits to show of each thread
    #[arg(long, default_value_t = 3, value_name = "N", conflicts_with_all = ["literal", "thread"])]
    pub(super) hits: u32,
    /// Threads changed last first, instead of the best
    #[arg(long, conflicts_with_all = ["literal", "thread"])]
    pub(super) newest: bool,
    /// Count the hits by folder, kind and month
    #[arg(long, conflicts_with_all = ["literal", "thread"])]
    pub(super) facets: bool,
    /// Print the turn of the best hit, between the turns around it
    #[arg(long, conflicts_with_all = ["literal", "thread", "facets", "json"])]
    pub(super) open: bool,
    /// Archived threads only (default: all; with --literal, live ones)
    #[arg(long, conflicts_with = "thread")]
    pub(super) archived: bool,
    /// Only this kind of source; may be repeated (default: all; with --literal, started by people)
    #[arg(long, value_enum, value_name = "KIND", conflicts_with = "thread")]
    pub(super) source: Vec<SourceArg>,
    /// Only threads of this working directory or of folders in it; may be repeated
    #[arg(long, value_name = "DIR", conflicts_with_all = ["literal", "thread"])]
    pub(super) cwd: Vec<PathBuf>,
    /// Only this provider of models; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with_all = ["literal", "thread"])]
    pub(super) provider: Vec<String>,
    /// Only models with this in their names; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with_all = ["literal", "thread"])]
    pub(super) model: Vec<String>,
    /// Only what was said or done before this: 2026-03-31, 7d (ago)
    #[arg(long, value_name = "TIME", conflicts_with_all = ["literal", "thread"])]
    pub(super) before: Option<String>,
    /// Only what was said or done from this time on
    #[arg(long, value_name = "TIME", conflicts_with_all = ["literal", "thread"])]
    pub(super) after: Option<String>,
    #[command(flatten)]
    pub(super) json: JsonArgs,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Thread id, or path of a rollout file; the home as a whole when absent
    #[arg(value_name = "THREAD|PATH")]
    pub(super) subject: Option<String>,
    #[command(flatten)]
    pub(super) json: JsonArgs,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct SchemaArgs {
    /// Write one JSON Schema per type into this folder
    #[arg(long, value_name = "OUT")]
    pub(super) json: Option<PathBuf>,
    /// Write one TypeScript module per type into this folder
    #[arg(long, value_name = "OUT")]
    pub(super) ts: Option<PathBuf>,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Answer exactly as Codex does: its ids, its items, its hidden threads
    #[arg(long)]
    pub(super) exact: bool,
    /// Keep deleted threads in the trash unless a client says otherwise
    #[arg(long)]
    pub(super) trash: bool,
}

/// Arguments of `delete`.
#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// Id, unique beginning of one, or name of the thread
    pub(super) thread: String,
    /// Keep it in the trash, from where it can come back
    #[arg(long)]
    pub(super) trash: bool,
    /// Delete for good without asking
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) json: JsonArgs,
}

/// What to do with the trash.
#[derive(Debug, Subcommand)]
pub(super) enum TrashCommand {
    /// List what was deleted and is kept, last deleted first
    List(JsonArgs),
    /// Bring a deleted thread back to where it was
    Restore(TrashRestoreArgs),
    /// Remove what is kept for good
    Empty(TrashEmptyArgs),
}

/// Arguments of `trash restore`.
#[derive(Debug, Args)]
pub(super) struct TrashRestoreArgs {
    /// Trash id, id of a thread, unique beginning of one, or name of the thread
    #[arg(value_name = "THREAD|TRASH_ID")]
    pub(super) wanted: String,
    #[command(flatten)]
    pub(super) json: JsonArgs,
}

/// Arguments of `trash empty`.
#[derive(Debug, Args)]
pub(super) struct TrashEmptyArgs {
    /// Only these deletions (default: all)
    #[arg(value_name = "TRASH_ID")]
    pub(super) trash_ids: Vec<String>,
    /// Remove without asking
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) json: JsonArgs,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Where to make the sample home (default: a new folder for temporary files)
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) json: JsonArgs,
}
