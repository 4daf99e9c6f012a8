//! What every command needs: the home, the store, a server over it and a client of that server.
//!
//! Opens; decides nothing about threads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_thread_store::{
    Clock, EmptyFolder, LocalStore, LocalStoreOptions, ThreadRecord, ThreadSelector, ThreadStore, View, Watching,
};

use super::args::Place;
use super::error::{CliError, CliResult};
use super::list::print_candidates;
use super::output::Output;
use crate::config::{DEFAULT_PROVIDER, top_level_string};
use crate::files::Files;
use crate::identity::Identity;
use crate::recording::{Deletion, RecordingSettings};
use crate::server::{Server, ServerOptions};
use crate::transport::Client;

/// Name of the command line as a client.
const CLIENT_NAME: &str = "codex-threads";

/// Returns our folder among the user's caches, if it is known where they are.
fn cache_folder() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let caches = named.filter(|folder| folder.is_absolute());
    let caches = caches.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    Some(caches?.join(CLIENT_NAME))
}

/// A running command.
pub(super) struct App {
    pub(super) place: Place,
    pub(super) out: Output,
    pub(super) files: Files,
    pub(super) clock: Clock,
}

impl App {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            out: Output::stdout(),
            files: Files::default(),
            clock: Clock::system(),
        }
    }

    /// Returns the present in Unix seconds.
    pub(super) fn now_s(&self) -> i64 {
        self.clock.now_ms().div_euclid(1000)
    }

    /// Returns the home as an absolute path.
    pub(super) fn home(&self) -> CliResult<PathBuf> {
        let named = self.place.home.clone().filter(|home| !home.as_os_str().is_empty());
        let home = match named {
            Some(home) => home,
            None => std::env::home_dir().ok_or(CliError::NoHome)?.join(".codex"),
        };
        std::path::absolute(&home).map_err(|source| CliError::File { path: home, source })
    }

    /// Opens the store on a thread where it may block.
    pub(super) async fn store(&self) -> CliResult<Arc<LocalStore>> {
        self.store_in(EmptyFolder::Refuse, Watching::Off).await
    }

    /// Opens the store of a home, or of a folder that may become one.
    pub(super) async fn store_in(&self, empty_folder: EmptyFolder, watching: Watching) -> CliResult<Arc<LocalStore>> {
        let home = self.home()?;
        let mut options = LocalStoreOptions::new(&home);
        options.index_dir = self.place.index_dir.clone();
        options.fallback_dir = cache_folder();
        options.codex_databases = self
            .place
            .sqlite_home
            .clone()
            .filter(|folder| !folder.as_os_str().is_empty());
        options.default_provider = self.default_provider(&home);
        options.clock = self.clock.clone();
        options.empty_folder = empty_folder;
        options.watching = watching;
        let opened = tokio::task::spawn_blocking(move || LocalStore::open(options)).await;
        Ok(opened.map_err(|error| CliError::Start(std::io::Error::other(error)))??)
    }

    /// Returns the home's configuration; one that cannot be read is reported and passed over.
    fn configuration(&self, home: &Path) -> String {
        let path = home.join("config.toml");
        match self.files.read_small_text(&path) {
            Ok(text) => text.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(path = %path.display(), error = &error as &dyn std::error::Error, "configuration not read");
                String::new()
            }
        }
    }

    /// Returns the provider of the home's configuration.
    fn default_provider(&self, home: &Path) -> String {
        top_level_string(&self.configuration(home), "model_provider").unwrap_or_else(|| DEFAULT_PROVIDER.to_owned())
    }

    /// Starts a server over a store.
    pub(super) fn server(&self, store: Arc<dyn ThreadStore>, view: View, deletion: Deletion) -> CliResult<Arc<Server>> {
        let home = self.home()?;
        Ok(Server::new(ServerOptions {
            store,
            view,
            default_provider: self.default_provider(&home),
            identity: Identity::gather(&home, &self.files),
            recording: RecordingSettings {
                deletion,
                ..RecordingSettings::from_config(&self.configuration(&home))
            },
            clock: self.clock.clone(),
        }))
    }

    /// Connects to a server in this process.
    pub(super) async fn client(&self, store: Arc<dyn ThreadStore>) -> CliResult<Client> {
        Ok(Client::connect(self.server(store, View::Full, Deletion::ForGood)?, CLIENT_NAME).await?)
    }

    /// Finds the one thread that a person means; lists the candidates when there are several.
    pub(super) async fn find(&mut self, store: &dyn ThreadStore, wanted: &str) -> CliResult<ThreadRecord> {
        let mut found = store.resolve(&ThreadSelector::Text(wanted.to_owned())).await?;
        match found.len() {
            0 => Err(CliError::NoSuchThread {
                wanted: wanted.to_owned(),
            }),
            1 => Ok(found.remove(0)),
            count => {
                print_candidates(self, found)?;
                self.out.flush()?;
                Err(CliError::Ambiguous {
                    wanted: wanted.to_owned(),
                    count,
                })
            }
        }
    }
}
