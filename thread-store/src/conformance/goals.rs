//! Promises about goals.
//!
//! What was acknowledged is there for every later call, of every process, with or without an index.

use serde_json::json;

use super::fixture::{StoreFixture, put_all};
use super::log::{Log, thread};
use crate::error::StoreError;
use crate::lifecycle::ForkRequest;
use crate::organise::{GoalPatch, GoalStatus, Goals, MAX_OBJECTIVE_CHARS, OrganiseRefusal};
use crate::store::ThreadStore;

fn goals(store: &dyn ThreadStore) -> Goals<'_> {
    Goals::of(store.facts().expect("a store that keeps facts"))
}

fn objective(text: &str) -> GoalPatch {
    GoalPatch {
        objective: Some(text.to_owned()),
        ..GoalPatch::default()
    }
}

/// A goal keeps what a change does not name, survives, and can be cleared.
pub async fn goals_are_kept_and_changed_member_by_member(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let goals_here = goals(&*store);
    assert_eq!(goals_here.get(thread(1)).await.expect("answers"), None);
    let (made, changed) = goals_here.set(thread(1), objective("  ship it ")).await.expect("sets");
    assert_eq!(
        (made.objective.as_str(), made.status, changed),
        ("ship it", GoalStatus::Active, true)
    );
    let patch = GoalPatch {
        status: Some(GoalStatus::Paused),
        token_budget: Some(Some(900)),
        ..GoalPatch::default()
    };
    let (paused, _) = goals_here.set(thread(1), patch).await.expect("sets");
    assert_eq!((paused.objective.as_str(), paused.token_budget), ("ship it", Some(900)));
    assert_eq!(paused.created_at_ms, made.created_at_ms);
    let (same, changed) = goals_here.set(thread(1), GoalPatch::default()).await.expect("sets");
    assert_eq!((same, changed), (paused.clone(), false));
    let unlimited = GoalPatch {
        token_budget: Some(None),
        ..GoalPatch::default()
    };
    let (unlimited, _) = goals_here.set(thread(1), unlimited).await.expect("sets");
    assert_eq!((unlimited.token_budget, unlimited.status), (None, GoalStatus::Paused));

    let later = fixture.reopened();
    let goals_later = goals(&*later);
    assert_eq!(goals_later.get(thread(1)).await.expect("answers"), Some(unlimited));
    assert!(goals_later.clear(thread(1)).await.expect("clears"));
    assert!(!goals_later.clear(thread(1)).await.expect("clears"));
    assert_eq!(goals_here.get(thread(1)).await.expect("answers"), None);
}

/// A refused change leaves the goal as it was.
pub async fn goals_are_refused_without_changing_anything(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let goals = goals(&*store);
    let refused = goals.set(thread(1), GoalPatch::default()).await;
    assert!(matches!(
        refused,
        Err(StoreError::Organise(OrganiseRefusal::NoGoal { .. }))
    ));
    let longest = "é".repeat(MAX_OBJECTIVE_CHARS);
    let (before, _) = goals
        .set(thread(1), objective(&longest))
        .await
        .expect("as long as allowed");
    let budget = GoalPatch {
        token_budget: Some(Some(0)),
        ..GoalPatch::default()
    };
    for patch in [objective(" \n"), objective(&format!("{longest}x")), budget] {
        let refused = goals.set(thread(1), patch.clone()).await;
        assert!(
            matches!(refused, Err(StoreError::Organise(_))),
            "{patch:?}: {refused:?}"
        );
    }
    assert_eq!(goals.get(thread(1)).await.expect("answers"), Some(before));
}

/// A deleted thread has no goal.
pub async fn goals_go_with_their_thread(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "q", "a");
    put_all(fixture, &[&log]).await;
    let store = fixture.store();
    goals(&*store).set(thread(1), objective("ship it")).await.expect("sets");
    let lifecycle = store.lifecycle().expect("a store that deletes");
    lifecycle.delete_thread(thread(1)).await.expect("deletes");
    assert_eq!(goals(&*store).get(thread(1)).await.expect("answers"), None);
    assert_eq!(goals(&*fixture.reopened()).get(thread(1)).await.expect("answers"), None);
}

fn recorded(owner: u32, text: &str, status: &str) -> serde_json::Value {
    let owner = thread(owner).to_string();
    json!({ "type": "thread_goal_updated", "threadId": owner, "goal": { "threadId": owner, "objective": text,
        "status": status, "tokenBudget": 900, "tokensUsed": 3, "timeUsedSeconds": 4, "createdAt": 50, "updatedAt": 60 } })
}

/// Where nothing else is known of a goal, the newest record of the thread's own rollouts tells of it; what was kept since
/// counts, also that it was cleared.
pub async fn goals_are_told_by_the_log_where_nothing_else_is_known(fixture: &dyn StoreFixture) {
    let mut logs = [Log::legacy(1), Log::paginated(2)];
    for (n, log) in (1..).zip(&mut logs) {
        log.turn("t1", "q1", "a1");
        log.event(recorded(n, "older", "active"));
        log.turn("t2", "q2", "a2");
        log.event(recorded(n, " newer ", "paused"));
        // Copied from the source of a fork.
        log.event(recorded(77, "of another thread", "active"));
    }
    logs[0].event(json!({ "type": "thread_rolled_back", "num_turns": 2 }));
    put_all(fixture, &logs.iter().collect::<Vec<_>>()).await;
    let store = fixture.store();
    let lifecycle = store.lifecycle().expect("a store that forks");
    lifecycle.revert_thread(thread(2), "t1").await.expect("reverted");
    for (n, fork) in [(1, 11), (2, 12)] {
        let told = goals(&*store).get(thread(n)).await.expect("answers").expect("a goal");
        assert_eq!((told.objective.as_str(), told.status), ("newer", GoalStatus::Paused));
        assert_eq!(
            (told.token_budget, told.tokens_used, told.time_used_seconds),
            (Some(900), 3, 4)
        );
        assert_eq!((told.created_at_ms, told.updated_at_ms), (50_000, 60_000));
        let request = ForkRequest::new(thread(n), thread(fork));
        lifecycle.fork_thread(request).await.expect("forked");
        let inherited = goals(&*store).get(thread(fork)).await.expect("answers");
        assert_eq!(inherited, None, "a fork has its own goals");
        let done = GoalPatch {
            status: Some(GoalStatus::Complete),
            ..GoalPatch::default()
        };
        let (kept, changed) = goals(&*store).set(thread(n), done).await.expect("sets");
        assert!(changed);
        assert_eq!((kept.objective.as_str(), kept.created_at_ms), ("newer", 50_000));
        assert_eq!(
            goals(&*fixture.reopened()).get(thread(n)).await.expect("answers"),
            Some(kept)
        );
        let store = fixture.store();
        assert!(goals(&*store).clear(thread(n)).await.expect("clears"));
        assert_eq!(goals(&*fixture.reopened()).get(thread(n)).await.expect("answers"), None);
    }
}
