//! What subscribers are told, case by case; whole turns are in `tests/recording.rs`.

use codex_protocol::ids::ThreadId;
use codex_protocol::item::{AgentMessageThreadItem, MessagePhase, ThreadItem, TurnStatus};
use codex_protocol::rpc::common::TurnItemsView;
use codex_protocol::rpc::thread::ThreadStatus;
use codex_protocol::rpc::turn::Turn;
use codex_thread_store::HistoryMode;
use codex_thread_store::live::{LiveUpdate, TurnEnding};
use serde_json::{Value, json};

use super::{Activity, EndedTurns, Reading, Telling};
use crate::live::{Audience, Notice};

fn thread_id() -> ThreadId {
    "01a0c400-0000-7000-8000-000000000001".parse().expect("a uuid")
}

fn activity(mode: HistoryMode, reading: Reading) -> Activity {
    Activity::idle(thread_id(), mode, reading)
}

fn started(turn: &str) -> LiveUpdate {
    LiveUpdate::TurnStarted {
        turn_id: turn.to_owned(),
        started_at: Some(5),
    }
}

fn ended(turn: Option<&str>) -> LiveUpdate {
    LiveUpdate::TurnEnded {
        turn_id: turn.map(str::to_owned),
        aborted: false,
        ending: Box::default(),
    }
}

fn message(turn: &str, id: &str, phase: Option<MessagePhase>) -> LiveUpdate {
    let item = ThreadItem::AgentMessage(AgentMessageThreadItem {
        id: id.to_owned(),
        text: String::new(),
        phase,
        moderation: None,
        memory_citation: None,
        delivery: None,
        questions: None,
    });
    LiveUpdate::ItemCompleted {
        turn_id: turn.to_owned(),
        item: Box::new(item),
        started_at_ms: None,
        completed_at_ms: Some(7),
    }
}

fn apply(activity: &mut Activity, updates: Vec<LiveUpdate>) -> Vec<Notice> {
    notices(activity.apply(updates, EndedTurns::new(), 100))
}

/// The notifications; that a turn is unread stands in its place without content.
fn notices(told: Vec<Telling>) -> Vec<Notice> {
    let notice = |telling| match telling {
        Telling::Notice(notice) => notice,
        Telling::Unread { turn_id } => {
            let audience = Audience::Subscribers(thread_id());
            Notice::new(audience, "thread/readState/changed", &json!({"turn": turn_id}), 100)
        }
    };
    told.into_iter().map(notice).collect()
}

fn methods(notices: &[Notice]) -> Vec<&'static str> {
    notices.iter().map(|notice| notice.method).collect()
}

fn params(notice: &Notice) -> Value {
    let message: Value = serde_json::from_slice(&notice.message).expect("JSON");
    message["params"].clone()
}

#[test]
fn everybody_hears_the_status_and_subscribers_the_rest() {
    let mut activity = activity(HistoryMode::Paginated, Reading::Tracked);
    let notices = apply(&mut activity, vec![started("t")]);
    assert_eq!(methods(&notices), ["thread/status/changed", "turn/started"]);
    assert_eq!(notices[0].audience, Audience::All);
    assert_eq!(notices[1].audience, Audience::Subscribers(thread_id()));
    assert_eq!(activity.active_turn(), Some("t"));
    assert_eq!(
        activity.status(),
        ThreadStatus::Active {
            active_flags: Vec::new()
        }
    );
}

#[test]
fn a_turn_that_begins_while_another_runs_changes_no_status() {
    let mut activity = activity(HistoryMode::Paginated, Reading::Tracked);
    let notices = apply(&mut activity, vec![started("a"), started("b"), ended(Some("a"))]);
    assert_eq!(
        methods(&notices),
        [
            "thread/status/changed",
            "turn/started",
            "turn/started",
            "thread/readState/changed",
            "turn/completed"
        ]
    );
    assert_eq!(activity.active_turn(), Some("b"));
}

#[test]
fn the_end_of_a_turn_that_began_before_the_thread_was_loaded_is_told() {
    let mut activity = activity(HistoryMode::Paginated, Reading::Untracked);
    let notices = apply(&mut activity, vec![ended(Some("old"))]);
    assert_eq!(methods(&notices), ["turn/completed"]);
    assert_eq!(params(&notices[0])["turn"]["id"], "old");
    assert_eq!(
        methods(&apply(&mut activity, vec![ended(None)])),
        [""; 0],
        "no turn is open"
    );
}

#[test]
fn nothing_is_unread_where_reading_is_not_tracked() {
    let mut activity = activity(HistoryMode::Paginated, Reading::Untracked);
    let notices = apply(&mut activity, vec![started("t"), ended(None)]);
    assert!(!methods(&notices).contains(&"thread/readState/changed"));
}

#[test]
fn what_was_read_back_replaces_what_is_known_of_an_ended_turn() {
    let mut activity = activity(HistoryMode::Paginated, Reading::Untracked);
    let turn = Turn {
        id: "t".to_owned(),
        root_turn_id: Some("root".to_owned()),
        items: Vec::new(),
        items_view: TurnItemsView::NotLoaded,
        status: TurnStatus::Failed,
        error: None,
        started_at: Some(1),
        completed_at: Some(2),
        duration_ms: Some(1_000),
    };
    let read = EndedTurns::from([("t".to_owned(), turn)]);
    let updates = vec![started("t"), message("t", "m", None), ended(Some("t"))];
    let notices = notices(activity.apply(updates, read, 100));
    let turn = &params(notices.last().expect("told"))["turn"];
    assert_eq!(
        (&turn["status"], &turn["rootTurnId"], &turn["durationMs"]),
        (&json!("failed"), &json!("root"), &json!(1_000))
    );
    assert_eq!(turn["items"][0]["id"], "m");
}

/// Ids of messages with their phases, and the one that stands for the turn.
#[track_caller]
#[test]
fn the_record_of_its_end_tells_of_a_turn_that_is_not_read_back() {
    let ending = TurnEnding {
        root_turn_id: Some("root".to_owned()),
        error: None,
        started_at: None,
        completed_at: Some(8),
        duration_ms: Some(3_000),
    };
    let mut activity = activity(HistoryMode::Paginated, Reading::Untracked);
    let ended = LiveUpdate::TurnEnded {
        turn_id: Some("t".to_owned()),
        aborted: false,
        ending: Box::new(ending),
    };
    let told = apply(&mut activity, vec![started("t"), ended]);
    let turn = &params(told.last().expect("an end"))["turn"];
    assert_eq!(turn["status"], "completed");
    assert_eq!(
        [
            &turn["rootTurnId"],
            &turn["startedAt"],
            &turn["completedAt"],
            &turn["durationMs"]
        ],
        [&json!("root"), &json!(5), &json!(8), &json!(3_000)],
        "the beginning is known from the beginning"
    );
}

fn check_final(mode: HistoryMode, messages: &[(&str, Option<MessagePhase>)], expected: Option<&str>) {
    let mut activity = activity(mode, Reading::Untracked);
    let mut updates = vec![started("t")];
    updates.extend(messages.iter().map(|(id, phase)| message("t", id, *phase)));
    updates.push(ended(Some("t")));
    let notices = apply(&mut activity, updates);
    let turn = &params(notices.last().expect("told"))["turn"];
    assert_eq!(turn["items"][0]["id"].as_str(), expected, "{mode:?} {messages:?}");
}

#[test]
fn the_final_message_follows_the_rule_of_summaries() {
    use HistoryMode::{Legacy, Paginated};
    let answer = Some(MessagePhase::FinalAnswer);
    let aside = Some(MessagePhase::Commentary);
    let part = Some(MessagePhase::PartialAnswer);
    check_final(Paginated, &[("a", answer), ("b", None)], Some("a"));
    check_final(Paginated, &[("a", answer), ("b", answer)], Some("b"));
    check_final(Paginated, &[("a", None), ("b", None), ("c", aside)], Some("b"));
    check_final(Paginated, &[("a", aside), ("b", part)], None);
    check_final(Legacy, &[("a", answer), ("b", aside)], Some("b"));
    check_final(Legacy, &[], None);
}

#[test]
fn times_that_are_missing_are_the_present() {
    let mut activity = activity(HistoryMode::Paginated, Reading::Untracked);
    let item = |update: LiveUpdate| match update {
        LiveUpdate::ItemCompleted { turn_id, item, .. } => LiveUpdate::ItemCompleted {
            turn_id,
            item,
            started_at_ms: None,
            completed_at_ms: None,
        },
        other => other,
    };
    let notices = apply(&mut activity, vec![started("t"), item(message("t", "m", None))]);
    assert_eq!(params(&notices[2])["startedAtMs"], 100);
    assert_eq!(params(&notices[3])["completedAtMs"], 100);
    assert_eq!(params(&notices[3])["item"]["completedAtMs"], Value::Null);
}
