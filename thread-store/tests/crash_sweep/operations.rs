//! The operations that are swept: each a few steps of an agent or a client.

use std::path::Path;
use std::sync::Arc;

use codex_rollout::fs::SimFs;
use codex_rollout::journal::Journal;
use codex_test_support::RolloutFile;
use codex_thread_store::live::{LiveThread, RawItem};
use codex_thread_store::organise::{GoalPatch, Goals, PINNED_SECTION_ID, SectionMove, Sections};
use codex_thread_store::{
    Durability, ForkCut, ForkRequest, GitPatch, HistoryMode, MetadataPatch, StoreError, StoreResult, ThreadSearch as _,
    ThreadStore, ThreadWrites as _,
};

use crate::agent::{new_thread, thread, turn_batches};
use crate::answers::{WORD, search_query, seen};
use crate::machine::{HOME, Process};
use crate::world::{ARCHIVED, FORK, LEGACY, NEW, PLAIN, REVERTED, lifecycle, threads};

/// One thing that is done, and acknowledged.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Create(u32, HistoryMode),
    Resume(u32),
    /// A part of a turn of the open thread, at a class; by default the ends of turns are synced, all else is written.
    Append(&'static str, usize, Option<Durability>),
    Flush(Durability),
    Close,
    Fork(u32, ForkCut),
    Revert(u32, &'static str),
    /// The owner of the open thread reverts it.
    RevertOpen(&'static str),
    Archive(u32),
    Unarchive(u32),
    Delete(u32),
    Compress,
    Name(u32, &'static str),
    Branch(u32, &'static str),
    Pin(u32),
    Goal(u32, &'static str),
    CompactJournal,
    /// All threads are listed, read and searched, so the index catches up.
    Look,
}

impl Step {
    /// Whether it adds to the end of a thread, so that a part of it may be found.
    pub(crate) fn adds(&self) -> bool {
        matches!(
            self,
            Self::Create(..) | Self::Resume(_) | Self::Append(..) | Self::Flush(_) | Self::Close | Self::Look
        )
    }

    /// Whether all lines of the open thread are handed to the system once it is acknowledged.
    pub(crate) fn writes(&self) -> bool {
        !matches!(self, Self::Create(..) | Self::Resume(_))
    }

    /// Whether all lines of the open thread are on stable storage once it is acknowledged.
    pub(crate) fn syncs(&self) -> bool {
        match self {
            Self::Append(_, _, Some(Durability::Synced)) | Self::Flush(Durability::Synced) | Self::Close => true,
            Self::Append(_, part, None) => *part == 2,
            Self::Branch(number, _) => *number == LEGACY,
            Self::Append(..) | Self::Flush(_) | Self::Create(..) | Self::Resume(_) | Self::Look => false,
            Self::Name(..) | Self::Pin(_) | Self::Goal(..) | Self::CompactJournal | Self::Compress => false,
            Self::Fork(..) | Self::Revert(..) | Self::RevertOpen(_) => true,
            Self::Archive(_) | Self::Unarchive(_) | Self::Delete(_) => true,
        }
    }
}

/// A named sequence of steps over the world.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) steps: Vec<Step>,
    /// What is changed on the disk of the world first; the index does not know of it.
    pub(crate) prepare: fn(&SimFs),
}

/// Takes the steps of an operation.
#[derive(Default)]
pub(crate) struct Player {
    live: Option<LiveThread>,
    /// Whether the batch that could not be written is acknowledged as queued: it is not handed in again.
    is_queued: bool,
}

impl Player {
    /// Takes a step.
    pub(crate) fn take(&mut self, process: &Process, step: &Step) -> StoreResult<()> {
        process.run(self.act(process, step))
    }

    fn live(&self) -> &LiveThread {
        self.live.as_ref().expect("the operation opens the thread first")
    }

    async fn act(&mut self, process: &Process, step: &Step) -> StoreResult<()> {
        let store = &process.store;
        let shared = || Arc::clone(store) as Arc<dyn ThreadStore>;
        let patched = async |number: &u32, patch| store.update_metadata(thread(*number), patch).await;
        match step {
            Step::Create(number, mode) => {
                let new = new_thread(thread(*number), *mode);
                self.live = Some(LiveThread::create(shared(), new, process.options(1)).await?);
            }
            Step::Resume(number) => {
                self.live = Some(LiveThread::resume(shared(), thread(*number), process.options(2)).await?);
            }
            Step::Append(turn, part, durability) => {
                if !self.is_queued {
                    let items: Vec<RawItem> = turn_batches(self.live().thread_id(), turn)[*part].clone();
                    let appended = self.live().append(&items, *durability).await?;
                    assert!(durability.is_none_or(|asked| appended.durability >= asked));
                    self.is_queued = *durability == Some(Durability::Queued);
                }
                if self.is_queued {
                    // What is only queued is written a moment later; waiting makes that moment the same in every run.
                    self.live().flush(Durability::Written).await?;
                    self.is_queued = false;
                }
            }
            Step::Flush(durability) => self.live().flush(*durability).await?,
            Step::Close => self.live().close().await?,
            Step::Fork(source, cut) => {
                let request = ForkRequest {
                    cut: cut.clone(),
                    ..ForkRequest::new(thread(*source), thread(NEW))
                };
                lifecycle(&**store).fork_thread(request).await?;
            }
            Step::Revert(number, turn) => {
                lifecycle(&**store).revert_thread(thread(*number), turn).await?;
            }
            Step::RevertOpen(turn) => {
                self.live().revert(turn).await?;
            }
            Step::Archive(number) => {
                lifecycle(&**store).archive_thread(thread(*number)).await?;
            }
            Step::Unarchive(number) => {
                lifecycle(&**store).unarchive_thread(thread(*number)).await?;
            }
            Step::Delete(number) => {
                lifecycle(&**store).delete_thread(thread(*number)).await?;
            }
            Step::Compress => {
                let maintenance = store.maintenance().expect("a store that is maintained");
                let report = maintenance.compress().await?;
                if let Some((path, problem)) = report.problems.into_iter().next() {
                    return Err(StoreError::Read {
                        path,
                        offset: 0,
                        source: problem.into(),
                    });
                }
            }
            Step::Name(number, name) => {
                let name = Some((*name).to_owned());
                patched(
                    number,
                    MetadataPatch {
                        name,
                        ..MetadataPatch::default()
                    },
                )
                .await?;
            }
            Step::Branch(number, branch) => {
                let git = GitPatch {
                    branch: Some(Some((*branch).to_owned())),
                    ..GitPatch::default()
                };
                patched(
                    number,
                    MetadataPatch {
                        git,
                        ..MetadataPatch::default()
                    },
                )
                .await?;
            }
            Step::Pin(number) => {
                let to = SectionMove::Last {
                    section_id: PINNED_SECTION_ID.to_owned(),
                };
                Sections::of(store.facts().expect("facts"))
                    .move_thread(thread(*number), to)
                    .await?;
            }
            Step::Goal(number, objective) => {
                let patch = GoalPatch {
                    objective: Some((*objective).to_owned()),
                    ..GoalPatch::default()
                };
                Goals::of(store.facts().expect("facts"))
                    .set(thread(*number), patch)
                    .await?;
            }
            Step::CompactJournal => {
                let journal = Journal::new(Arc::new(process.faults.clone()), Path::new(HOME));
                journal.compact().map_err(|error| StoreError::Read {
                    path: journal.path().to_owned(),
                    offset: 0,
                    source: Box::new(error),
                })?;
            }
            Step::Look => {
                let failed = |reason: String| StoreError::Read {
                    path: HOME.into(),
                    offset: 0,
                    source: reason.into(),
                };
                seen(store, &threads()).await.map_err(failed)?;
                store.search_threads(search_query(WORD)).await?;
            }
        }
        Ok(())
    }
}

/// Returns the path of a thread's newest plain rollout.
pub(crate) fn rollout_of(disk: &SimFs, number: u32) -> std::path::PathBuf {
    let end = format!("{}.jsonl", thread(number));
    let files = disk.files().into_iter();
    let found = files.filter(|path| path.to_string_lossy().ends_with(&end)).max();
    found.expect("the thread has a rollout")
}

/// Compresses as Codex does.
pub(crate) fn compressed_bytes(bytes: Vec<u8>) -> Vec<u8> {
    let file = RolloutFile {
        relative_path: "rollout.jsonl".into(),
        bytes,
        modified_ms: 0,
    };
    file.compressed().bytes
}

fn nothing(_: &SimFs) {}

/// What a foreign writer left: half of a line.
fn tear(disk: &SimFs) {
    let path = rollout_of(disk, PLAIN);
    let mut bytes = disk.bytes(&path).expect("a file");
    bytes.extend_from_slice(br#"{"timestamp":"2026-03-02T09:00:00.000Z","ordinal":99,"type":"event_m"#);
    disk.put(&path, &bytes).expect("in memory");
}

/// A complete line that only lacks its newline.
fn unterminate(disk: &SimFs) {
    let path = rollout_of(disk, PLAIN);
    let mut bytes = disk.bytes(&path).expect("a file");
    let ordinal = bytes.iter().filter(|byte| **byte == b'\n').count();
    let line = format!(
        r#"{{"timestamp":"2027-03-02T09:00:00.000Z","ordinal":{ordinal},"type":"event_msg","payload":{{"type":"token_count","info":null,"rate_limits":null}}}}"#
    );
    bytes.extend_from_slice(line.as_bytes());
    disk.put(&path, &bytes).expect("in memory");
}

/// Compressed by somebody else.
fn press(disk: &SimFs) {
    use codex_rollout::fs::LogFs as _;
    let path = rollout_of(disk, PLAIN);
    let bytes = disk.bytes(&path).expect("a file");
    let compressed = std::path::PathBuf::from(format!("{}.zst", path.display()));
    disk.put(&compressed, &compressed_bytes(bytes)).expect("in memory");
    disk.remove(&path).expect("in memory");
    for folder in path.ancestors().skip(1) {
        disk.sync_dir(folder).expect("in memory");
    }
}

/// Appended by somebody else: the index is behind, with a bad line in between.
fn append_foreign(disk: &SimFs) {
    for number in [LEGACY, PLAIN] {
        let path = rollout_of(disk, number);
        let mut bytes = disk.bytes(&path).expect("a file");
        bytes.extend_from_slice(b"{\"timestamp\":\"2026-03-0\n");
        let message =
            r#"{"type":"agent_message","message":"from elsewhere","phase":"commentary","memory_citation":null}"#;
        let line =
            format!("{{\"timestamp\":\"2027-03-02T09:00:00.000Z\",\"type\":\"event_msg\",\"payload\":{message}}}\n");
        bytes.extend_from_slice(line.as_bytes());
        disk.put(&path, &bytes).expect("in memory");
    }
}

fn operation(name: &'static str, steps: &[Step]) -> Operation {
    Operation {
        name,
        steps: steps.to_vec(),
        prepare: nothing,
    }
}

fn prepared(name: &'static str, prepare: fn(&SimFs), steps: &[Step]) -> Operation {
    Operation {
        prepare,
        ..operation(name, steps)
    }
}

/// A turn in three batches at a class.
fn turn(name: &'static str, durability: Option<Durability>) -> [Step; 3] {
    [0, 1, 2].map(|part| Step::Append(name, part, durability))
}

/// Operations that add to the end of a thread.
pub(crate) fn appends() -> Vec<Operation> {
    use Durability as D;
    use Step as S;
    let mut all = Vec::new();
    let modes = [(HistoryMode::Legacy, LEGACY), (HistoryMode::Paginated, PLAIN)];
    let names = [
        [
            "create legacy",
            "append queued legacy",
            "append written legacy",
            "append synced legacy",
        ],
        [
            "create paginated",
            "append queued paginated",
            "append written paginated",
            "append synced paginated",
        ],
    ];
    for ((mode, number), names) in modes.into_iter().zip(names) {
        let [ask, work, answer] = turn("t", None);
        let create = [S::Create(NEW, mode), ask, S::Look, work, S::Look, answer, S::Close];
        all.push(operation(names[0], &create));
        for (name, class) in names[1..].iter().zip([D::Queued, D::Written, D::Synced]) {
            let flush = [S::Flush(D::Written), S::Look];
            let steps = [
                &[S::Resume(number)][..],
                &turn("t", Some(class)),
                &flush,
                &turn("u", Some(class)),
                &[S::Close],
            ];
            all.push(operation(name, &steps.concat()));
        }
    }
    let go_on = [&[S::Resume(PLAIN)][..], &turn("t", None), &[S::Close]].concat();
    all.push(prepared("resume torn", tear, &go_on));
    all.push(prepared("resume unterminated", unterminate, &go_on));
    all.push(prepared("resume compressed", press, &go_on));
    all
}

/// Operations that change what threads there are.
pub(crate) fn lifecycles() -> Vec<Operation> {
    use Step as S;
    let last = |turn: &str| ForkCut::LastTurn(turn.to_owned());
    vec![
        operation("fork by reference", &[S::Fork(REVERTED, last("b"))]),
        operation("fork of a whole thread", &[S::Fork(PLAIN, ForkCut::Whole)]),
        operation("fork by copy", &[S::Fork(LEGACY, last("b"))]),
        operation("fork of an archived thread", &[S::Fork(ARCHIVED, last("a"))]),
        prepared("fork of a compressed thread", press, &[S::Fork(PLAIN, last("b"))]),
        operation("revert paginated", &[S::Revert(REVERTED, "b")]),
        operation("revert legacy", &[S::Revert(LEGACY, "c")]),
        operation("revert an open thread", &[S::Resume(PLAIN), S::RevertOpen("c")]),
        operation("revert an open legacy thread", &[S::Resume(LEGACY), S::RevertOpen("b")]),
        operation("archive", &[S::Archive(REVERTED)]),
        operation("archive legacy", &[S::Archive(LEGACY)]),
        operation("unarchive", &[S::Unarchive(ARCHIVED)]),
        operation("delete", &[S::Delete(REVERTED)]),
        operation("delete a fork", &[S::Delete(FORK)]),
    ]
}

/// Operations that change no history: forms of files, facts, the index.
pub(crate) fn others() -> Vec<Operation> {
    use Step as S;
    vec![
        operation("compress", &[S::Compress]),
        operation("name", &[S::Name(LEGACY, "one"), S::Name(PLAIN, "two")]),
        operation("branch", &[S::Branch(LEGACY, "main"), S::Branch(PLAIN, "side")]),
        operation("section", &[S::Pin(PLAIN), S::Pin(ARCHIVED)]),
        operation("goal", &[S::Goal(LEGACY, "first"), S::Goal(LEGACY, "second")]),
        operation(
            "journal compaction",
            &[S::Goal(PLAIN, "a"), S::Goal(PLAIN, "b"), S::CompactJournal],
        ),
        prepared("catch-up", append_foreign, &[S::Look]),
    ]
}
