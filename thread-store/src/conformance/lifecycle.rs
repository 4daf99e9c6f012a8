//! Promises about forking, reverting, archiving and deleting threads.
//!
//! Every call leaves one thread per id in the lists, and the history of every other thread as it was.

use codex_protocol::ids::ThreadId;
use codex_protocol::item::TurnStatus;
use serde_json::json;

use super::fixture::{
    StoreFixture, append, item_texts, list_query, listed, put_all, read, turn_ids, turn_texts, turns,
};
use super::log::{Form, Log, thread};
use super::recording;
use crate::error::{StoreError, StoreErrorKind};
use crate::lifecycle::{ForkAttachment, ForkCut, ForkRequest, ThreadLifecycle};
use crate::store::ThreadStore;
use crate::types::{ArchivedFilter, GitInfo, HistoryMode, ListQuery, ThreadRecord, View};
use crate::writes::Durability;

const MODES: [HistoryMode; 2] = [HistoryMode::Legacy, HistoryMode::Paginated];

fn lifecycle(store: &dyn ThreadStore) -> &dyn ThreadLifecycle {
    store.lifecycle().expect("a store that forks")
}

fn log(mode: HistoryMode, n: u32) -> Log {
    match mode {
        HistoryMode::Legacy => Log::legacy(n),
        HistoryMode::Paginated => Log::paginated(n),
    }
}

fn three_turns(mode: HistoryMode, n: u32) -> Log {
    let mut log = log(mode, n);
    log.turn("t1", "q1", "one")
        .turn("t2", "q2", "two")
        .turn("t3", "q3", "three");
    log
}

fn last(turn: &str) -> ForkCut {
    ForkCut::LastTurn(turn.to_owned())
}

fn before(turn: &str) -> ForkCut {
    ForkCut::BeforeTurn(turn.to_owned())
}

async fn fork(store: &dyn ThreadStore, source: u32, n: u32, cut: ForkCut) -> Result<ThreadRecord, StoreError> {
    let request = ForkRequest {
        cut,
        ..ForkRequest::new(thread(source), thread(n))
    };
    lifecycle(store).fork_thread(request).await
}

async fn ids(store: &dyn ThreadStore, n: u32) -> Vec<String> {
    turns(store, thread(n))
        .await
        .into_iter()
        .map(|turn| turn.turn_id)
        .collect()
}

async fn shown(store: &dyn ThreadStore, archived: ArchivedFilter) -> Vec<ThreadId> {
    let mut found = listed(
        store,
        ListQuery {
            archived,
            include_unpreviewed: true,
            include_attached: true,
            ..list_query()
        },
    )
    .await;
    found.sort_by_key(ToString::to_string);
    found
}

/// Whether threads are archived, also those that lists leave out.
async fn are_archived(store: &dyn ThreadStore, threads: &[u32]) -> Vec<bool> {
    let mut found = Vec::new();
    for n in threads {
        let record = read(store, thread(*n), View::Full).await.expect("a thread");
        found.push(record.archived);
    }
    found
}

/// A fork begins with what its source has recorded up to the cut, under the source's turn ids, in the source's mode.
pub async fn forks_begin_with_the_history_up_to_the_cut(fixture: &dyn StoreFixture) {
    for (first, mode) in [(1, MODES[0]), (11, MODES[1])] {
        let mut source = three_turns(mode, first);
        fixture.put(&source.file()).await;
        let store = fixture.store();
        for (n, cut, expected) in [
            (1, ForkCut::Whole, &["t1", "t2", "t3"][..]),
            (2, last("t2"), &["t1", "t2"]),
            (3, before("t3"), &["t1", "t2"]),
            (4, last("t3"), &["t1", "t2", "t3"]),
            (5, before("t1"), &[]),
        ] {
            let record = fork(&*store, first, first + n, cut.clone()).await.expect("a fork");
            assert_eq!(record.thread_id, thread(first + n));
            assert_eq!(record.forked_from, Some(thread(first)));
            assert_eq!(record.history_mode, mode);
            assert_eq!(ids(&*store, first + n).await, expected, "{mode:?} {cut:?}");
        }
        append(fixture, &mut source, |log| {
            log.turn("later", "not inherited", "no");
        })
        .await;
        assert_eq!(ids(&*store, first + 1).await, ["t1", "t2", "t3"], "{mode:?}");
        assert_eq!(ids(&*store, first).await, ["t1", "t2", "t3", "later"]);
    }
    assert_eq!(shown(&*fixture.store(), ArchivedFilter::Live).await.len(), 12);
}

/// A cut that lies in what a source inherits itself continues the ancestor; what comes after it in the source is hidden.
pub async fn forks_of_forks_and_of_reverted_threads_read_in_full(fixture: &dyn StoreFixture) {
    fixture.put(&three_turns(HistoryMode::Paginated, 1).file()).await;
    let store = fixture.store();
    fork(&*store, 1, 2, last("t2")).await.expect("a fork");
    let live = recording::resume(fixture, thread(2)).await;
    live.append(&recording::turn(thread(2), "own"), None)
        .await
        .expect("recorded");
    live.close().await.expect("closed");
    fork(&*store, 2, 3, last("t1")).await.expect("below the fork point");
    fork(&*store, 2, 4, before("own")).await.expect("at the fork point");
    fork(&*store, 2, 5, ForkCut::Whole).await.expect("behind it");
    let reverted = lifecycle(&*store).revert_thread(thread(2), "t2").await;
    assert_eq!(reverted.expect("reverted below its fork point").thread_id, thread(2));
    fork(&*store, 2, 6, ForkCut::Whole).await.expect("of a reverted thread");
    fork(&*store, 6, 7, ForkCut::Whole)
        .await
        .expect("of a fork without turns");
    for (n, expected) in [
        (2, &["t1"][..]),
        (3, &["t1"]),
        (4, &["t1", "t2"]),
        (5, &["t1", "t2", "own"]),
        (6, &["t1"]),
        (7, &["t1"]),
    ] {
        assert_eq!(ids(&*store, n).await, expected, "thread {n}");
    }
    let beyond = fork(&*store, 2, 9, last("t2")).await.expect_err("not visible any more");
    assert_eq!(beyond.kind(), StoreErrorKind::NotFound, "{beyond:?}");
    assert_eq!(item_texts(&*store, thread(5)).await.len(), 6);
}

/// Where the inherited history ends inside a turn, the fork has that turn as interrupted, also while it is written.
pub async fn forks_in_mid_turn_interrupt_the_turn(fixture: &dyn StoreFixture) {
    for (first, mode) in [(1, MODES[0]), (11, MODES[1])] {
        let live = recording::create(fixture, first, mode).await;
        live.append(&recording::turn(thread(first), "t1"), None)
            .await
            .expect("recorded");
        let begun = [recording::start("t2"), recording::user(thread(first), "t2", "going on")];
        live.append(&begun, Some(Durability::Queued)).await.expect("recorded");
        let store = fixture.store();
        let early = fork(&*store, first, first + 2, last("t2"))
            .await
            .expect_err("not ended");
        assert!(matches!(early, StoreError::TurnInProgress { .. }), "{early:?}");
        fork(&*store, first, first + 1, ForkCut::Whole).await.expect("a fork");
        let forked = recording::resume(fixture, thread(first + 1)).await;
        let inherited = turns(&*store, thread(first + 1)).await;
        assert_eq!(turn_ids(&inherited), ["t1", "t2"], "{mode:?}");
        assert_eq!(inherited[1].status, TurnStatus::Interrupted, "{mode:?}");
        assert_eq!(inherited[1].completed_at, None);
        assert!(turn_texts(&inherited).contains(&"going on".to_owned()), "{mode:?}");
        forked
            .append(&recording::turn(thread(first + 1), "t3"), None)
            .await
            .expect("the fork goes on");
        live.append(&[recording::end("t2")], None)
            .await
            .expect("so does the source");
        live.close().await.expect("closed");
        forked.close().await.expect("closed");
        assert_eq!(ids(&*store, first).await, ["t1", "t2"]);
        assert_eq!(ids(&*store, first + 1).await, ["t1", "t2", "t3"]);
    }
}

/// A fork of a thread that has recorded nothing makes both files; it begins empty.
pub async fn threads_without_records_can_be_forked(fixture: &dyn StoreFixture) {
    for (first, mode) in [(1, MODES[0]), (11, MODES[1])] {
        let live = recording::create(fixture, first, mode).await;
        let store = fixture.store();
        fork(&*store, first, first + 1, ForkCut::Whole).await.expect("a fork");
        live.append(&recording::turn(thread(first), "t1"), None)
            .await
            .expect("recorded");
        live.close().await.expect("closed");
        assert_eq!(ids(&*store, first + 1).await, Vec::<String>::new());
        assert_eq!(ids(&*store, first).await, ["t1"]);
    }
}

/// A fork has its source's name and settings, unless something else is asked for; it has no git state of its source.
pub async fn forks_inherit_names_and_settings(fixture: &dyn StoreFixture) {
    let git = json!({ "git": { "branch": "main" }, "agent_nickname": "Hegel" });
    let mut source = Log::with_header(Form::Paginated, 1, git);
    source.turn("t1", "q1", "one");
    fixture.put(&source.file()).await;
    fixture.set_name(thread(1), "the name").await;
    let store = fixture.store();
    let plain = fork(&*store, 1, 2, ForkCut::Whole).await.expect("a fork");
    assert_eq!(plain.name.as_deref(), Some("the name"));
    assert_eq!(
        (plain.preview.as_str(), plain.cwd.as_str()),
        ("q1", "/home/user/project")
    );
    assert_eq!((plain.git, plain.agent_nickname), (None, None));
    assert_eq!(plain.model_provider, "mock");
    let mut request = ForkRequest::new(thread(1), thread(3));
    request.attachment = ForkAttachment::Attached;
    request.overrides.cwd = Some("/elsewhere".to_owned());
    request.overrides.thread_source = Some("my-tool".to_owned());
    request.overrides.model_provider = Some("other".to_owned());
    request.overrides.git = Some(GitInfo {
        branch: Some("side".to_owned()),
        ..GitInfo::default()
    });
    let own = lifecycle(&*store).fork_thread(request).await.expect("a fork");
    assert_eq!((own.cwd.as_str(), own.model_provider.as_str()), ("/elsewhere", "other"));
    assert_eq!(own.thread_source.as_deref(), Some("my-tool"));
    assert_eq!(own.git.and_then(|git| git.branch).as_deref(), Some("side"));
    assert_eq!(own.attached_to, Some(thread(1)));
    assert_eq!(listed(&*store, list_query()).await, [thread(1), thread(2)]);
}

/// Forks that cannot be made say why, and leave nothing.
pub async fn impossible_forks_leave_nothing(fixture: &dyn StoreFixture) {
    let legacy = three_turns(HistoryMode::Legacy, 1);
    let paginated = three_turns(HistoryMode::Paginated, 11);
    let mut bare = Log::bare(21);
    bare.turn("", "ask", "answer");
    put_all(fixture, &[&legacy, &paginated, &bare]).await;
    let store = fixture.store();
    for source in [1, 11] {
        for cut in [last("zz"), before("zz")] {
            let error = fork(&*store, source, 31, cut).await.expect_err("no such turn");
            assert!(matches!(error, StoreError::TurnNotFound { .. }), "{error:?}");
        }
        let taken = fork(&*store, source, source, ForkCut::Whole).await;
        assert!(taken.is_err(), "the id is taken");
    }
    let unknown = fork(&*store, 99, 31, ForkCut::Whole).await.expect_err("no such thread");
    assert_eq!(unknown.kind(), StoreErrorKind::NotFound);
    let bare = fork(&*store, 21, 31, ForkCut::Whole).await.expect_err("no envelopes");
    assert_eq!(bare.kind(), StoreErrorKind::Unsupported);
    let attached = ForkRequest {
        attachment: ForkAttachment::Attached,
        ..ForkRequest::new(thread(1), thread(31))
    };
    let attached = lifecycle(&*store).fork_thread(attached).await;
    assert_eq!(attached.expect_err("a copy").kind(), StoreErrorKind::Unsupported);
    assert_eq!(
        shown(&*store, ArchivedFilter::Any).await,
        [thread(1), thread(11), thread(21)]
    );
}

/// A reverted thread has lost the turn and what came after it; it goes on behind the rest, and others keep theirs.
pub async fn reverted_threads_go_on_behind_the_kept_prefix(fixture: &dyn StoreFixture) {
    for (first, mode) in [(1, MODES[0]), (11, MODES[1])] {
        fixture.put(&three_turns(mode, first).file()).await;
        let store = fixture.store();
        fork(&*store, first, first + 1, ForkCut::Whole).await.expect("a fork");
        for (turn, kept, next) in [
            ("t3", &["t1", "t2"][..], "t4"),
            ("t4", &["t1", "t2"], "t5"),
            ("t2", &["t1"], "t6"),
            ("t1", &[], "t7"),
        ] {
            let record = lifecycle(&*store).revert_thread(thread(first), turn).await;
            assert_eq!(record.expect("reverted").thread_id, thread(first));
            assert_eq!(ids(&*store, first).await, kept, "{mode:?} before {turn}");
            let live = recording::resume(fixture, thread(first)).await;
            live.append(&recording::turn(thread(first), next), None)
                .await
                .expect("goes on");
            live.close().await.expect("closed");
            let mut expected = kept.to_vec();
            expected.push(next);
            assert_eq!(ids(&*store, first).await, expected, "{mode:?} behind {turn}");
        }
        assert_eq!(ids(&*store, first + 1).await, ["t1", "t2", "t3"], "{mode:?}");
        let gone = lifecycle(&*store).revert_thread(thread(first), "t3").await;
        assert_eq!(gone.expect_err("not there any more").kind(), StoreErrorKind::NotFound);
    }
    assert_eq!(
        shown(&*fixture.store(), ArchivedFilter::Any).await,
        [thread(1), thread(2), thread(11), thread(12)]
    );
}

/// A thread that is open stays open when it is reverted: what is appended next follows the kept prefix.
pub async fn open_threads_stay_open_when_reverted(fixture: &dyn StoreFixture) {
    for (first, mode) in [(1, MODES[0]), (11, MODES[1])] {
        let live = recording::create(fixture, first, mode).await;
        for turn in ["t1", "t2"] {
            live.append(&recording::turn(thread(first), turn), None)
                .await
                .expect("recorded");
        }
        let store = fixture.store();
        let unknown = lifecycle(&*store).revert_thread(thread(first), "zz").await;
        assert_eq!(unknown.expect_err("no such turn").kind(), StoreErrorKind::NotFound);
        lifecycle(&*store)
            .revert_thread(thread(first), "t2")
            .await
            .expect("reverted");
        let second = store.writes().expect("records").resume_thread(thread(first)).await;
        assert_eq!(second.expect_err("still open").kind(), StoreErrorKind::Conflict);
        live.append(&recording::turn(thread(first), "t3"), None)
            .await
            .expect("goes on");
        live.close().await.expect("closed");
        assert_eq!(ids(&*store, first).await, ["t1", "t3"], "{mode:?}");
    }
}

/// Archiving takes all revisions and what the thread spawned; unarchiving brings all back. Lists show each thread once.
pub async fn archived_threads_come_back_as_they_were(fixture: &dyn StoreFixture) {
    let spawned = |n: u32, parent: u32| {
        let spawn = json!({ "parent_thread_id": thread(parent).to_string(), "depth": 1, "agent_path": null, "agent_nickname": null, "agent_role": null });
        let source = json!({ "source": { "subagent": { "thread_spawn": spawn } } });
        let mut log = Log::with_header(Form::Paginated, n, source);
        log.turn("c1", "child", "yes");
        log
    };
    let root = three_turns(HistoryMode::Paginated, 1);
    put_all(
        fixture,
        &[
            &root,
            &spawned(2, 1),
            &spawned(3, 2),
            &three_turns(HistoryMode::Legacy, 4),
        ],
    )
    .await;
    let store = fixture.store();
    fork(&*store, 1, 5, ForkCut::Whole).await.expect("a fork");
    for turn in ["t3", "t2"] {
        lifecycle(&*store)
            .revert_thread(thread(1), turn)
            .await
            .expect("reverted");
    }
    let archived = lifecycle(&*store).archive_thread(thread(1)).await.expect("archived");
    assert_eq!(archived, [thread(1), thread(3), thread(2)]);
    assert_eq!(shown(&*store, ArchivedFilter::Live).await, [thread(4), thread(5)]);
    assert_eq!(shown(&*store, ArchivedFilter::Archived).await, [thread(1)]);
    assert_eq!(are_archived(&*store, &[1, 2, 3, 4]).await, [true, true, true, false]);
    let record = read(&*store, thread(1), View::Full)
        .await
        .expect("archived threads are read");
    assert!(record.archived && record.path.to_string_lossy().contains("archived_sessions"));
    assert_eq!(turn_ids(&record.turns), ["t1"]);
    assert_eq!(ids(&*store, 5).await, ["t1", "t2", "t3"], "a fork reads on");
    fork(&*store, 1, 6, ForkCut::Whole)
        .await
        .expect("a fork of an archived thread");
    assert_eq!(ids(&*store, 6).await, ["t1"]);
    let again = lifecycle(&*store).archive_thread(thread(1)).await;
    assert_eq!(again.expect_err("archived already").kind(), StoreErrorKind::NotFound);
    let revert = lifecycle(&*store).revert_thread(thread(1), "t1").await;
    assert!(matches!(revert, Err(StoreError::Archived { .. })), "{revert:?}");
    let back = lifecycle(&*store)
        .unarchive_thread(thread(1))
        .await
        .expect("unarchived");
    assert_eq!(back, [thread(1), thread(2), thread(3)]);
    assert_eq!(are_archived(&*store, &[1, 2, 3, 4]).await, [false; 4]);
    assert_eq!(shown(&*store, ArchivedFilter::Archived).await, []);
    assert_eq!(ids(&*store, 1).await, ["t1"]);
    let again = lifecycle(&*store).unarchive_thread(thread(1)).await;
    assert!(matches!(again, Err(StoreError::NotArchived { .. })), "{again:?}");
}

/// What is open here is closed when it is archived, with all that was appended; a thread without records is recorded.
pub async fn open_threads_are_archived_whole(fixture: &dyn StoreFixture) {
    for (n, mode) in [(1, MODES[0]), (2, MODES[1])] {
        let live = recording::create(fixture, n, mode).await;
        live.append(&recording::turn(thread(n), "t1"), Some(Durability::Queued))
            .await
            .expect("recorded");
        let store = fixture.store();
        lifecycle(&*store).archive_thread(thread(n)).await.expect("archived");
        assert_eq!(ids(&*store, n).await, ["t1"]);
        let late = live.append(&recording::turn(thread(n), "t2"), None).await;
        assert!(late.is_err(), "an archived thread is not continued");
        assert_eq!(ids(&*store, n).await, ["t1"]);
        let _empty = recording::create(fixture, n + 10, mode).await;
        lifecycle(&*store)
            .archive_thread(thread(n + 10))
            .await
            .expect("archived");
        let record = read(&*store, thread(n + 10), View::Full).await.expect("recorded");
        assert!(record.archived);
    }
}

/// Deleting takes all revisions, names, and what the thread spawned. What other threads need stays, untouched.
pub async fn deleted_threads_are_gone_unless_they_are_needed(fixture: &dyn StoreFixture) {
    put_all(
        fixture,
        &[
            &three_turns(HistoryMode::Paginated, 1),
            &three_turns(HistoryMode::Legacy, 11),
        ],
    )
    .await;
    fixture.set_name(thread(1), "one").await;
    let store = fixture.store();
    fork(&*store, 1, 2, last("t1")).await.expect("a fork");
    fork(&*store, 11, 12, ForkCut::Whole).await.expect("a copy");
    lifecycle(&*store)
        .revert_thread(thread(1), "t2")
        .await
        .expect("reverted");
    let live = recording::resume(fixture, thread(1)).await;
    let needed = lifecycle(&*store)
        .delete_thread(thread(1))
        .await
        .expect_err("a fork needs it");
    assert!(
        matches!(&needed, StoreError::HasForks { fork, .. } if *fork == thread(2)),
        "{needed:?}"
    );
    assert_eq!(needed.kind(), StoreErrorKind::Referenced);
    live.append(&recording::turn(thread(1), "t4"), None)
        .await
        .expect("a refused deletion closes nothing");
    live.close().await.expect("closed");
    assert_eq!(ids(&*store, 1).await, ["t1", "t4"]);
    assert_eq!(
        lifecycle(&*store).delete_thread(thread(11)).await.expect("copied"),
        [thread(11)]
    );
    assert_eq!(ids(&*store, 12).await, ["t1", "t2", "t3"]);
    lifecycle(&*store).archive_thread(thread(2)).await.expect("archived");
    assert_eq!(
        lifecycle(&*store).delete_thread(thread(2)).await.expect("archived"),
        [thread(2)]
    );
    assert_eq!(
        lifecycle(&*store).delete_thread(thread(1)).await.expect("free"),
        [thread(1)]
    );
    assert_eq!(shown(&*store, ArchivedFilter::Any).await, [thread(12)]);
    for n in [1, 2, 11, 99] {
        let gone = lifecycle(&*store).delete_thread(thread(n)).await.expect_err("gone");
        assert_eq!(gone.kind(), StoreErrorKind::NotFound);
        let unread = read(&*store, thread(n), View::Full).await.expect_err("gone");
        assert_eq!(unread.kind(), StoreErrorKind::NotFound);
    }
    fixture.put(&three_turns(HistoryMode::Paginated, 1).file()).await;
    let restored = read(&*store, thread(1), View::Full)
        .await
        .expect("whoever brings the file back has the thread");
    assert_eq!(restored.name, None, "its name is forgotten");
}

/// An attached fork keeps its source; both may go together only if the fork was spawned by it.
pub async fn attached_forks_keep_their_source(fixture: &dyn StoreFixture) {
    fixture.put(&three_turns(HistoryMode::Paginated, 1).file()).await;
    let store = fixture.store();
    let request = ForkRequest {
        attachment: ForkAttachment::Attached,
        cut: before("t1"),
        ..ForkRequest::new(thread(1), thread(2))
    };
    lifecycle(&*store).fork_thread(request).await.expect("a fork");
    let kept = lifecycle(&*store).delete_thread(thread(1)).await.expect_err("attached");
    assert!(
        matches!(&kept, StoreError::HasAttachedThread { attached, .. } if *attached == thread(2)),
        "{kept:?}"
    );
    lifecycle(&*store).delete_thread(thread(2)).await.expect("deleted");
    lifecycle(&*store).delete_thread(thread(1)).await.expect("deleted");
    assert_eq!(shown(&*store, ArchivedFilter::Any).await, []);
}

/// A thread that has recorded nothing is deleted with its writer.
pub async fn threads_without_records_can_be_deleted(fixture: &dyn StoreFixture) {
    let _live = recording::create(fixture, 1, HistoryMode::Paginated).await;
    let store = fixture.store();
    lifecycle(&*store).delete_thread(thread(1)).await.expect("deleted");
    let _again = recording::create(fixture, 1, HistoryMode::Paginated).await;
    assert_eq!(shown(&*store, ArchivedFilter::Any).await, []);
}

/// A thread without records gets no file because of a fork or revert that cannot be.
pub async fn impossible_changes_make_no_files(fixture: &dyn StoreFixture) {
    for (n, mode) in [(1, MODES[0]), (11, MODES[1])] {
        let live = recording::create(fixture, n, mode).await;
        let store = fixture.store();
        for cut in [last("t1"), before("t1")] {
            let error = fork(&*store, n, n + 1, cut).await.expect_err("no such turn");
            assert_eq!(error.kind(), StoreErrorKind::NotFound);
        }
        let error = lifecycle(&*store).revert_thread(thread(n), "t1").await;
        assert_eq!(error.expect_err("no such turn").kind(), StoreErrorKind::NotFound);
        assert_eq!(shown(&*store, ArchivedFilter::Any).await, []);
        assert!(read(&*store, thread(n), View::Full).await.is_err(), "{mode:?}");
        live.discard().await.expect("discarded");
    }
}
