//! Brings deleted threads back out of the trash.
//!
//! Files go back under the locks of their threads, the facts before them. What a crash interrupts is finished by whoever
//! opens the store; what came back before belongs to its users again and is never taken away from them.

use std::io;
use std::path::{Path, PathBuf};

use codex_protocol::ids::ThreadId;
use codex_rollout::journal::{TrashFile, TrashHeader, TrashName, TrashState};
use codex_rollout::recorder::Durability;
use codex_rollout::relocate::move_file;
use codex_rollout::session_index::append_name;
use uuid::Uuid;

use super::delete::deletion_facts;
use super::store::Inner;
use super::trash::trashed_name;
use crate::error::{StoreError, StoreResult};
use crate::trash::RestoreObstacle;
use crate::types::View;

/// A file of a deletion.
pub(super) struct Way {
    /// Its place in the trash.
    pub(super) kept: PathBuf,
    /// Where it was before.
    pub(super) original: PathBuf,
}

/// Where a file of a deletion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the trash.
    Kept,
    /// In the trash, and something else is where it was.
    Blocked,
    /// At both places: its move was interrupted.
    Both,
    /// Where it was.
    Back,
    /// At neither: it came back and was archived or compressed since.
    MovedOn,
}

impl Place {
    fn is_in_trash(self) -> bool {
        match self {
            Self::Kept | Self::Blocked | Self::Both => true,
            Self::Back | Self::MovedOn => false,
        }
    }

    fn has_come_back(self) -> bool {
        match self {
            Self::Both | Self::Back | Self::MovedOn => true,
            Self::Kept | Self::Blocked => false,
        }
    }
}

impl Inner {
    /// Brings back what a deletion took.
    pub(super) fn restore(&self, trash_id: &str) -> StoreResult<Vec<ThreadId>> {
        let _turn = self.lifecycle_turn();
        self.recover_trash()?;
        let not_found = || StoreError::TrashNotFound {
            trash_id: trash_id.to_owned(),
        };
        if !self.kept_operations()?.iter().any(|operation| operation == trash_id) {
            return Err(not_found());
        }
        let header = self.trash.header(trash_id, TrashState::Kept);
        let header = header
            .map_err(|error| self.unreadable_trash(error))?
            .ok_or_else(not_found)?;
        let leases = header.threads.iter().map(|id| self.writers.acquire(*id));
        let _leases = leases.collect::<StoreResult<Vec<_>>>()?;
        self.refuse_restore(&header)?;
        let ways = self.ways_back(&header)?;
        let ways: Vec<_> = ways.into_iter().map(|way| (way, Place::Kept)).collect();
        self.trash
            .turn(trash_id, TrashState::Kept, TrashState::Restoring)
            .map_err(|error| self.trash_error("restore", &header, error))?;
        let restored = self.bring_back(&header, &ways);
        self.catalog.expire();
        restored.map(|()| header.threads)
    }

    /// Finishes what a crash interrupted. The locks of the threads are held.
    pub(super) fn finish_restoring(&self, header: &TrashHeader) -> StoreResult<()> {
        let mut ways = Vec::new();
        for way in self.ways_back(header)? {
            let place = self.place_of(&way, header)?;
            ways.push((way, place));
        }
        self.bring_back(header, &ways)
    }

    /// Refuses to bring back what has no place any more, or is not there. The locks of the threads are held.
    fn refuse_restore(&self, header: &TrashHeader) -> StoreResult<()> {
        self.look_everywhere()?;
        for thread_id in &header.threads {
            match self.repairing(|| self.files_of(*thread_id, View::Full)) {
                Ok(_) => {
                    let thread_id = *thread_id;
                    return Err(blocked(header, RestoreObstacle::ThreadExists { thread_id }));
                }
                Err(StoreError::ThreadNotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        for way in self.ways_back(header)? {
            if self.is_there(&way.original, header)? {
                let path = self.path_below_home(&way.original);
                return Err(blocked(header, RestoreObstacle::FileInTheWay { path }));
            }
            if !self.is_there(&way.kept, header)? {
                let reason = format!("{} is gone from the trash", way.kept.display());
                return Err(Self::lifecycle_error("restore", header.thread_id)(reason.into()));
            }
        }
        self.saw_everything()?;
        self.refuse_baseless(header)
    }

    /// Refuses to bring back what continues a rollout that the last look did not find.
    fn refuse_baseless(&self, header: &TrashHeader) -> StoreResult<()> {
        let sweep = self.catalog.last_sweep();
        let is_known = |id: &String| id.parse().is_ok_and(|id: Uuid| sweep.rollout(id).is_some());
        match header.needs.iter().find(|id| !is_known(id)) {
            Some(rollout_id) => Err(blocked(
                header,
                RestoreObstacle::MissingBase {
                    rollout_id: rollout_id.clone(),
                },
            )),
            None => Ok(()),
        }
    }

    /// Returns where the files of a deletion are, and where they were.
    pub(super) fn ways_back(&self, header: &TrashHeader) -> StoreResult<Vec<Way>> {
        let way = |file: &TrashFile| {
            let original = self.home.join(&file.path);
            // Recovery goes by the names in the trash alone: both have to lead to the same place.
            let leads_back = |kept: &PathBuf| {
                let named = kept.file_name().and_then(|name| trashed_name(name.to_str()?));
                named.is_some_and(|(operation, path)| operation == header.operation && path == Path::new(&file.path))
            };
            let kept = self.trash_path(&header.operation, &original).filter(leads_back);
            let kept = kept.ok_or_else(|| {
                let reason = format!("{} is no place in the home", file.path);
                Self::lifecycle_error("restore", header.thread_id)(reason.into())
            })?;
            Ok(Way { kept, original })
        };
        header.files.iter().map(way).collect()
    }

    fn place_of(&self, way: &Way, header: &TrashHeader) -> StoreResult<Place> {
        let (is_kept, is_back) = (self.is_there(&way.kept, header)?, self.is_there(&way.original, header)?);
        Ok(match (is_kept, is_back) {
            (true, false) => Place::Kept,
            (true, true) if self.is_one_file(way, header)? => Place::Both,
            (true, true) => Place::Blocked,
            (false, true) => Place::Back,
            (false, false) => Place::MovedOn,
        })
    }

    fn is_there(&self, path: &Path, header: &TrashHeader) -> StoreResult<bool> {
        match self.fs.stat(path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Self::lifecycle_error("restore", header.thread_id)(Box::new(error))),
        }
    }

    fn is_one_file(&self, way: &Way, header: &TrashHeader) -> StoreResult<bool> {
        let number = |path: &Path| match self.fs.stat(path) {
            Ok(stat) => Ok((stat.fingerprint.dev, stat.fingerprint.ino)),
            Err(error) => Err(Self::lifecycle_error("restore", header.thread_id)(Box::new(error))),
        };
        Ok(number(&way.kept)? == number(&way.original)?)
    }

    /// Puts everything back, or undoes that.
    fn bring_back(&self, header: &TrashHeader, ways: &[(Way, Place)]) -> StoreResult<()> {
        let restored = self.put_back(header, ways);
        let may_be_undone = match &restored {
            Ok(()) => false,
            // Nobody could read it without what it continues.
            Err(StoreError::RestoreBlocked { .. }) => true,
            // What had come back before may have been written to since: the rest of it has to follow.
            Err(_) => !ways.iter().any(|(_, place)| place.has_come_back()),
        };
        if may_be_undone {
            self.take_back(header, ways);
        }
        restored
    }

    /// Puts facts and files back where they were; goes on where an earlier attempt stopped.
    fn put_back(&self, header: &TrashHeader, ways: &[(Way, Place)]) -> StoreResult<()> {
        // Facts come first: a thread never shows without them, and what is changed once it shows is not overwritten.
        if !ways.iter().any(|(_, place)| place.has_come_back()) {
            self.put_facts_back(header)?;
        }
        for (way, _) in ways.iter().filter(|(_, place)| place.is_in_trash()) {
            move_file(self.fs.as_ref(), &self.home, &way.kept, &way.original)
                .map_err(|error| Self::lifecycle_error("restore", header.thread_id)(Box::new(error)))?;
        }
        let has_moved_on = ways.iter().any(|(_, place)| *place == Place::MovedOn);
        if !header.needs.is_empty() && !has_moved_on {
            // Whoever deleted a base after it was looked for saw no fork: it was in the trash. Now one of us sees the other.
            self.look_everywhere()?;
            self.refuse_baseless(header)?;
        }
        if let Err(error) = self.trash.remove(&header.operation, TrashState::Restoring) {
            let error: &dyn std::error::Error = &error;
            // Everything is back; the manifest goes when a store is opened here again.
            tracing::warn!(error, "a manifest of the trash stays behind");
        }
        Ok(())
    }

    fn put_facts_back(&self, header: &TrashHeader) -> StoreResult<()> {
        let facts = self.trash.facts(&header.operation, TrashState::Restoring);
        let facts = facts.map_err(|error| self.trash_error("restore", header, error))?;
        self.journal
            .journal
            .append(&facts, Durability::Synced)
            .map_err(|error| self.trash_error("restore", header, error))?;
        // What an earlier attempt wrote is written anew, so that no name is there twice.
        self.forget_names_of(header, "restore")?;
        for TrashName {
            thread_id,
            name,
            updated_at,
        } in &header.names
        {
            append_name(self.fs.as_ref(), &self.home, *thread_id, name, updated_at)
                .map_err(|error| Self::lifecycle_error("restore", header.thread_id)(Box::new(error)))?;
        }
        Ok(())
    }

    /// Undoes what was put back of a deletion; what cannot be undone is brought back when a store is opened here again.
    fn take_back(&self, header: &TrashHeader, ways: &[(Way, Place)]) {
        let undo = || {
            for (way, _) in ways.iter().rev() {
                self.take_file_back(way, header)?;
            }
            let facts = deletion_facts(&header.operation, &header.threads, self.clock.now_ms());
            let forgotten = self.journal.journal.append(&facts, Durability::Synced);
            forgotten.map_err(|error| self.trash_error("restore", header, error))?;
            self.forget_names_of(header, "restore")?;
            self.trash
                .turn(&header.operation, TrashState::Restoring, TrashState::Kept)
                .map_err(|error| self.trash_error("restore", header, error))
        };
        if let Err(error) = undo() {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, thread = %header.thread_id, "a thread stays half way between the trash and its place");
        }
    }

    fn take_file_back(&self, way: &Way, header: &TrashHeader) -> StoreResult<()> {
        match self.place_of(way, header)? {
            // What is in the way is somebody else's, which is why the thread could not come back.
            Place::Kept | Place::Blocked | Place::MovedOn => Ok(()),
            Place::Both | Place::Back => move_file(self.fs.as_ref(), &self.home, &way.original, &way.kept)
                .map_err(|error| Self::lifecycle_error("restore", header.thread_id)(Box::new(error))),
        }
    }
}

fn blocked(header: &TrashHeader, obstacle: RestoreObstacle) -> StoreError {
    StoreError::RestoreBlocked {
        trash_id: header.operation.clone(),
        obstacle,
    }
}
