//! Promises about what forks begin with: told without a fork, and the same as the fork itself has.

use codex_protocol::log::HistoryMode;
use serde_json::json;

use super::fixture::{StoreFixture, read, turns};
use super::log::{Log, thread};
use super::recording;
use crate::error::StoreErrorKind;
use crate::lifecycle::{ForkCut, ForkRequest, InheritedHistory, ThreadLifecycle};
use crate::store::ThreadStore;
use crate::types::View;
use crate::writes::{Durability, TokenUse};

const MODES: [HistoryMode; 2] = [HistoryMode::Legacy, HistoryMode::Paginated];

fn lifecycle(store: &dyn ThreadStore) -> &dyn ThreadLifecycle {
    store.lifecycle().expect("a store that forks")
}

/// Adds a turn that used tokens.
fn counted(log: &mut Log, turn_id: &str, total_tokens: i64) {
    let tokens = json!({
        "input_tokens": total_tokens, "cached_input_tokens": 0, "output_tokens": 0, "reasoning_output_tokens": 0,
        "total_tokens": total_tokens,
    });
    let info = json!({"total_token_usage": tokens, "last_token_usage": tokens, "model_context_window": 1000});
    log.start(turn_id)
        .user(turn_id, &format!("{turn_id}-u"), &format!("asks {turn_id}"))
        .agent(turn_id, &format!("{turn_id}-a"), "answers")
        .event(json!({"type": "token_count", "info": info, "rate_limits": null}))
        .complete(turn_id);
}

/// Three turns; the second one used no tokens.
fn source(mode: HistoryMode, n: u32) -> Log {
    let mut log = match mode {
        HistoryMode::Legacy => Log::legacy(n),
        HistoryMode::Paginated => Log::paginated(n),
    };
    counted(&mut log, "t1", 10);
    log.turn("t2", "asks t2", "answers");
    counted(&mut log, "t3", 30);
    log
}

fn used(known: Option<&TokenUse>) -> Option<(&str, i64)> {
    known.map(|known| (known.turn_id.as_str(), known.usage.total_token_usage.total_tokens))
}

/// Ids of the turns of a thread that a history holds.
async fn kept(store: &dyn ThreadStore, n: u32, told: &InheritedHistory) -> Vec<String> {
    let mut turns = turns(store, thread(n)).await;
    turns.retain(|turn| turn.position.offset.is_some_and(|offset| offset < told.end_offset));
    turns.into_iter().map(|turn| turn.turn_id).collect()
}

/// Forks a thread; returns the use of tokens that the fork knows when it is opened.
async fn fork(fixture: &dyn StoreFixture, from: u32, n: u32, cut: ForkCut) -> Option<(String, i64)> {
    let request = ForkRequest {
        cut,
        ..ForkRequest::new(thread(from), thread(n))
    };
    let store = fixture.store();
    lifecycle(&*store).fork_thread(request).await.expect("a fork");
    recalled(fixture, n).await
}

async fn recalled(fixture: &dyn StoreFixture, n: u32) -> Option<(String, i64)> {
    let live = recording::resume(fixture, thread(n)).await;
    let known = used(live.token_use()).map(|(turn_id, total)| (turn_id.to_owned(), total));
    live.close().await.expect("closed");
    known
}

fn some(turn_id: &str, total: i64) -> Option<(String, i64)> {
    Some((turn_id.to_owned(), total))
}

/// What is told of a cut is what a fork with this cut has: its turns, its preview, its use of tokens.
pub async fn what_a_fork_inherits_is_told_without_it(fixture: &dyn StoreFixture) {
    for (first, mode) in [(1, MODES[0]), (11, MODES[1])] {
        fixture.put(&source(mode, first).file()).await;
        let store = fixture.store();
        for (n, cut, expected) in [
            (1, ForkCut::Whole, Some(("t3", 30))),
            (2, ForkCut::LastTurn("t1".to_owned()), Some(("t1", 10))),
            (3, ForkCut::LastTurn("t2".to_owned()), Some(("t1", 10))),
            (4, ForkCut::BeforeTurn("t3".to_owned()), Some(("t1", 10))),
            (5, ForkCut::BeforeTurn("t1".to_owned()), None),
        ] {
            let told = lifecycle(&*store).inherited_history(thread(first), cut.clone()).await;
            let told = told.expect("such a cut");
            let known = fork(fixture, first, first + n, cut.clone()).await;
            let forked = read(&*store, thread(first + n), View::Full).await.expect("a fork");
            assert_eq!(told.preview, forked.preview, "{mode:?} {cut:?}");
            let shown = turns(&*store, thread(first + n)).await;
            let shown: Vec<String> = shown.into_iter().map(|turn| turn.turn_id).collect();
            assert_eq!(kept(&*store, first, &told).await, shown, "{mode:?} {cut:?}");
            assert_eq!(used(told.token_use.as_ref()), expected, "{mode:?} {cut:?}");
            assert_eq!(known, expected.map(|(turn, total)| (turn.to_owned(), total)));
        }
        let unknown = ForkCut::LastTurn("nope".to_owned());
        let refused = lifecycle(&*store).inherited_history(thread(first), unknown).await;
        assert_eq!(refused.expect_err("no such turn").kind(), StoreErrorKind::NotFound);
    }
    let nobody = lifecycle(&*fixture.store())
        .inherited_history(thread(99), ForkCut::Whole)
        .await;
    assert_eq!(nobody.expect_err("no such thread").kind(), StoreErrorKind::NotFound);
}

/// What is appended to an open thread is inherited at once, also if it was only queued.
pub async fn what_was_appended_last_is_inherited(fixture: &dyn StoreFixture) {
    for (n, mode) in (1..).zip(MODES) {
        let live = recording::create(fixture, n, mode).await;
        let store = fixture.store();
        for turn in ["t1", "t2"] {
            let records = recording::turn(thread(n), turn);
            live.append(&records, Some(Durability::Queued)).await.expect("queued");
            if turn == "t1" {
                live.flush(Durability::Written).await.expect("written");
            }
        }
        let told = lifecycle(&*store).inherited_history(thread(n), ForkCut::Whole).await;
        let told = told.expect("recorded");
        assert_eq!(kept(&*store, n, &told).await, ["t1", "t2"], "{mode:?}");
        live.close().await.expect("closed");
    }
}

/// The use of tokens is found along a lineage, with the turn that it was recorded in, and nothing that was cut off counts.
pub async fn the_use_of_tokens_is_inherited(fixture: &dyn StoreFixture) {
    fixture.put(&source(HistoryMode::Paginated, 1).file()).await;
    assert_eq!(fork(fixture, 1, 2, ForkCut::Whole).await, some("t3", 30));
    assert_eq!(fork(fixture, 2, 3, ForkCut::Whole).await, some("t3", 30));
    let live = recording::resume(fixture, thread(2)).await;
    live.append(&[recording::start("own"), recording::end("own")], None)
        .await
        .expect("recorded");
    live.close().await.expect("closed");
    assert_eq!(recalled(fixture, 2).await, some("t3", 30), "the own turn used none");
    assert_eq!(
        fork(fixture, 2, 4, ForkCut::LastTurn("own".to_owned())).await,
        some("t3", 30)
    );
    assert_eq!(
        fork(fixture, 2, 5, ForkCut::BeforeTurn("t3".to_owned())).await,
        some("t1", 10)
    );
    let store = fixture.store();
    let reverted = lifecycle(&*store).revert_thread(thread(2), "t2").await;
    assert_eq!(reverted.expect("reverted").thread_id, thread(2));
    assert_eq!(recalled(fixture, 2).await, some("t1", 10));
    assert_eq!(recalled(fixture, 1).await, some("t3", 30), "the source is as it was");
}
