//! The home that every operation begins with: threads of both modes, one of them reverted, one archived, one a fork.

use std::sync::{Arc, OnceLock};

use codex_protocol::ids::ThreadId;
use codex_rollout::fs::{Crash, LogFs as _, SimFs};
use codex_thread_store::live::LiveThread;
use codex_thread_store::organise::{GoalPatch, Goals, PINNED_SECTION_ID, SectionMove, Sections};
use codex_thread_store::{
    ForkRequest, GitPatch, HistoryMode, MetadataPatch, ThreadLifecycle, ThreadStore, ThreadWrites as _,
};

use crate::agent::{NOW_MS, new_thread, thread, turn_batches};
use crate::machine::{HOME, IndexFiles, IndexFolder, Machine, Process};

/// The legacy thread.
pub(crate) const LEGACY: u32 = 1;
/// A paginated thread that was reverted once.
pub(crate) const REVERTED: u32 = 2;
/// A paginated thread that another one continues.
pub(crate) const PLAIN: u32 = 3;
/// A fork of [`PLAIN`].
pub(crate) const FORK: u32 = 4;
/// An archived paginated thread that was reverted once.
pub(crate) const ARCHIVED: u32 = 5;
/// The thread that an operation makes.
pub(crate) const NEW: u32 = 9;

/// When operations begin: long after the world was made, so that its rollouts are cold.
pub(crate) const BEGIN_MS: i64 = NOW_MS + 30 * 24 * 3_600_000;

/// All threads that there may be.
pub(crate) fn threads() -> Vec<ThreadId> {
    [LEGACY, REVERTED, PLAIN, FORK, ARCHIVED, NEW].map(thread).into()
}

/// A disk, and the index of it.
pub(crate) struct World {
    pub(crate) disk: SimFs,
    pub(crate) index: IndexFiles,
}

pub(crate) fn lifecycle(store: &dyn ThreadStore) -> &dyn ThreadLifecycle {
    store.lifecycle().expect("a store that forks")
}

/// Returns the world; it is made once.
pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(make)
}

fn make() -> World {
    let disk = SimFs::new();
    disk.put(std::path::Path::new(&format!("{HOME}/config.toml")), b"")
        .expect("in memory");
    let machine = Machine::new(disk, NOW_MS);
    let index = IndexFolder::empty();
    let process = Process::start(&machine, index.path(), 1 << 40).expect("a home");
    let record = |number: u32, mode, turns: &[&str]| {
        let (id, options) = (thread(number), process.options(u64::from(number)));
        let store: Arc<dyn ThreadStore> = process.store.clone();
        process.run(async {
            let live = match LiveThread::resume(Arc::clone(&store), id, options.clone()).await {
                Ok(live) => live,
                Err(_) => LiveThread::create(store, new_thread(id, mode), options)
                    .await
                    .expect("a new thread"),
            };
            for turn in turns {
                for batch in turn_batches(id, turn) {
                    machine.wait(2_000);
                    live.append(&batch, None).await.expect("recorded");
                }
            }
            live.close().await.expect("closed");
        });
    };
    record(LEGACY, HistoryMode::Legacy, &["a", "b", "c"]);
    for number in [REVERTED, PLAIN, ARCHIVED] {
        record(number, HistoryMode::Paginated, &["a", "b", "c"]);
    }
    for number in [REVERTED, ARCHIVED] {
        machine.wait(2_000);
        let reverted = lifecycle(&*process.store).revert_thread(thread(number), "c");
        process.run(reverted).expect("reverted");
        record(number, HistoryMode::Paginated, &["d"]);
    }
    machine.wait(2_000);
    let fork = ForkRequest::new(thread(PLAIN), thread(FORK));
    process
        .run(lifecycle(&*process.store).fork_thread(fork))
        .expect("forked");
    machine.wait(2_000);
    let archived = lifecycle(&*process.store).archive_thread(thread(ARCHIVED));
    process.run(archived).expect("archived");
    machine.wait(2_000);
    process.run(async {
        for number in [LEGACY, REVERTED, FORK] {
            let goal = GoalPatch {
                objective: Some(format!("goal {number}")),
                ..GoalPatch::default()
            };
            let facts = process.store.facts().expect("a store that keeps facts");
            Goals::of(facts).set(thread(number), goal).await.expect("set");
            let to = SectionMove::Last {
                section_id: PINNED_SECTION_ID.to_owned(),
            };
            Sections::of(facts)
                .move_thread(thread(number), to)
                .await
                .expect("pinned");
            let patch = MetadataPatch {
                name: Some(format!("name {number}")),
                git: GitPatch {
                    branch: Some(Some("trunk".to_owned())),
                    ..GitPatch::default()
                },
                ..MetadataPatch::default()
            };
            process
                .store
                .update_metadata(thread(number), patch)
                .await
                .expect("patched");
        }
    });
    machine.wait(2_000);
    process.run(crate::answers::answers(&process.store, &threads()));
    drop(process);
    // Everything of it is on stable storage.
    let disk = machine.disk.crash(Crash::Process);
    for path in disk.files() {
        disk.open_append(&path)
            .and_then(|mut file| file.sync())
            .expect("in memory");
        for folder in path.ancestors().skip(1) {
            disk.sync_dir(folder).expect("in memory");
        }
    }
    World {
        disk,
        index: index.files(),
    }
}
