//! A home with two threads and the databases that Codex keeps of them.

use std::path::Path;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_test_support::codex_db::{CodexDb, STATE_SCHEMA};
use codex_test_support::{Header, HomeBuilder, Mode, RolloutBuilder};
use codex_thread_store::{
    ArchivedFilter, Direction, GitPatch, GroupFilter, ListQuery, ListSort, LocalStore, LocalStoreOptions,
    MetadataPatch, ThreadReadQuery, ThreadRecord, ThreadStore, View,
};
use serde_json::json;

use crate::support::{LocalHome, block_on};

/// A paginated thread.
pub(crate) const A: &str = "01a0c400-0000-7000-8000-00000000000a";
/// A legacy thread.
pub(crate) const B: &str = "01a0c400-0000-7000-8000-00000000000b";
/// When both were made.
pub(crate) const START_MS: i64 = codex_test_support::clock::DEFAULT_START_MS;

/// Where Codex says its files are, which is not where they are.
const OTHER_HOME: &str = "/home/user/.codex";

pub(crate) struct CodexHome {
    home: LocalHome,
    pub(crate) state: CodexDb,
}

impl CodexHome {
    /// Makes the home; both threads have a row that says what their rollouts say.
    pub(crate) fn new() -> Self {
        let home = LocalHome::new();
        let mut files = HomeBuilder::new();
        for (mode, id) in [(Mode::Paginated, A), (Mode::Legacy, B)] {
            let header = Header {
                git: Some(json!({ "commit_hash": "c0ffee", "branch": "main" })),
                ..Header::new(mode, id)
            };
            files.session(&rollout(header));
        }
        files.write_to(home.path()).expect("writes");
        let state = CodexDb::create(
            &home.path().join("state_5.sqlite"),
            &format!("{STATE_SCHEMA} INSERT INTO _sqlx_migrations VALUES (1, 'first', '2026-09-01 00:00:00')"),
        );
        let this = Self { home, state };
        for (id, mode) in [(A, "paginated"), (B, "legacy")] {
            let path = this.rollout_path(id);
            this.state.run(&format!(
                "INSERT INTO threads (id, rollout_path, created_at, updated_at, history_mode, git_sha, git_branch, title,
                     first_user_message)
                 VALUES ('{id}', '{path}', 1, 1, '{mode}', 'c0ffee', 'main', 'hello', 'hello')"
            ));
        }
        this.home.reopen();
        this
    }

    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn options(&self) -> LocalStoreOptions {
        self.home.options()
    }

    pub(crate) fn store(&self) -> Arc<LocalStore> {
        self.home.store()
    }

    /// Opens the store again, as a new process does.
    pub(crate) fn reopen(&self) {
        self.home.reopen();
    }

    /// Closes the store, changes the home, and opens the store again.
    pub(crate) fn with_closed_store(&self, change: impl FnOnce()) {
        self.home.with_closed_store(|_| change());
    }

    /// Opens the store again without the index.
    pub(crate) fn reopen_without_index(&self) {
        self.home
            .with_closed_store(|index| std::fs::remove_file(index).expect("an index"));
    }

    /// The path of a thread's first rollout, as Codex stores it.
    pub(crate) fn rollout_path(&self, id: &str) -> String {
        let mode = if id == A { Mode::Paginated } else { Mode::Legacy };
        stored_path(&rollout(Header::new(mode, id)))
    }

    pub(crate) fn listed(&self, id: &str) -> ThreadRecord {
        let page = block_on(self.store().list_threads(all_threads())).expect("lists");
        page.threads
            .into_iter()
            .find(|thread| thread.thread_id.to_string() == id)
            .expect("listed")
    }

    pub(crate) fn read(&self, id: &str) -> ThreadRecord {
        let query = ThreadReadQuery {
            thread_id: thread(id),
            turns: None,
            view: View::Full,
        };
        block_on(self.store().read_thread(query)).expect("reads")
    }

    /// The name as read and as listed, which are the same.
    pub(crate) fn name(&self, id: &str) -> Option<String> {
        let name = self.read(id).name;
        assert_eq!(name, self.listed(id).name);
        name
    }

    /// The branch as read and as listed, which are the same.
    pub(crate) fn branch(&self, id: &str) -> Option<String> {
        let git = self.read(id).git;
        assert_eq!(git, self.listed(id).git);
        git.and_then(|git| git.branch)
    }

    pub(crate) fn update(&self, id: &str, patch: MetadataPatch) {
        let store = self.store();
        let writes = store.writes().expect("writes");
        block_on(writes.update_metadata(thread(id), patch)).expect("updates");
    }

    pub(crate) fn set_name(&self, id: &str, name: &str) {
        self.update(
            id,
            MetadataPatch {
                name: Some(name.to_owned()),
                ..MetadataPatch::default()
            },
        );
    }

    pub(crate) fn set_branch(&self, id: &str, branch: &str) {
        let git = GitPatch {
            branch: Some(Some(branch.to_owned())),
            ..GitPatch::default()
        };
        self.update(
            id,
            MetadataPatch {
                git,
                ..MetadataPatch::default()
            },
        );
    }

    /// What Codex does when a name is given to a paginated thread.
    pub(crate) fn codex_names(&self, id: &str, name: &str, column: &str) {
        self.state
            .run(&format!("UPDATE threads SET {column} = '{name}' WHERE id = '{id}'"));
    }

    pub(crate) fn journal(&self) -> String {
        let path = self.path().join("codex-threads/journal/facts.jsonl");
        std::fs::read_to_string(path).unwrap_or_default()
    }
}

pub(crate) fn thread(id: &str) -> ThreadId {
    id.parse().expect("an id")
}

/// A rollout with one turn.
pub(crate) fn rollout(header: Header) -> RolloutBuilder {
    let mut rollout = RolloutBuilder::new(header);
    rollout.start_turn().user("hello").agent("hi").complete_turn();
    rollout
}

/// The path of a rollout as Codex stores it in another home.
pub(crate) fn stored_path(rollout: &RolloutBuilder) -> String {
    Path::new(OTHER_HOME)
        .join(rollout.file().relative_path)
        .display()
        .to_string()
}

/// Asks for all threads in one page.
pub(crate) fn all_threads() -> ListQuery {
    ListQuery {
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Descending,
        limit: 100,
        anchor: None,
        archived: ArchivedFilter::Live,
        sources: None,
        providers: None,
        cwds: None,
        search_term: None,
        relation: None,
        section: GroupFilter::Any,
        project: GroupFilter::Any,
        include_attached: false,
        excluded: Vec::new(),
        include_unpreviewed: false,
        database_rows: false,
    }
}
