//! Properties of generated sessions.

use codex_protocol::item::TurnItem;
use codex_protocol::log::{HistoryMode, RolloutItem};
use codex_rollout::canonical::{DurableLine, EventStyle, LiveEvent, RawItem};
use proptest::prelude::*;
use serde_json::json;

use super::reader::{Shown, read, told};
use super::script::*;

/// Kinds of things that can happen in a turn.
const KINDS: u8 = 18;

/// A generated session: per turn the kinds of what happens, with whether the Responses item comes first.
#[derive(Debug, Clone)]
struct Session {
    turns: Vec<Vec<(u8, bool)>>,
    /// Lengths of the batches, in turn.
    batches: Vec<usize>,
}

fn session() -> impl Strategy<Value = Session> {
    let turn = prop::collection::vec((0..KINDS, any::<bool>()), 0..12);
    (
        prop::collection::vec(turn, 1..4),
        prop::collection::vec(1_usize..7, 1..5),
    )
        .prop_map(|(turns, batches)| Session { turns, batches })
}

/// A text that is in the session once.
fn marker(turn: usize, at: usize) -> String {
    format!("m{turn}x{at}é\u{1f600}!")
}

fn fact(turn_id: &str, kind: u8, text: &str) -> Fact {
    let id = format!("call_{text}");
    match kind {
        0 => user(turn_id, text),
        1 | 2 => message(turn_id, text),
        3 | 4 => reasoning(turn_id, text),
        5 => command(turn_id, &id, text),
        6 => patch(turn_id, &id, text),
        7 => mcp(turn_id, &id, text),
        8 => web(turn_id, text),
        9 => plan(turn_id, &id, text),
        10 => sleep(turn_id, &id),
        11 => activity(turn_id, &id, text),
        12 => view(turn_id, &id, text),
        13 => dynamic(turn_id, &id, text),
        14 => collab(turn_id, &id, text),
        15 => image(turn_id, &id, text),
        16 => hook_prompt(turn_id, text),
        _ => token_count(),
    }
}

/// The records of the session, in batches.
fn batches(session: &Session, style: EventStyle) -> Vec<Vec<RawItem>> {
    let mut items = Vec::new();
    for (turn, steps) in session.turns.iter().enumerate() {
        let turn_id = format!("t{turn}");
        items.extend(started(&turn_id).emitted(style));
        for (at, (kind, is_swapped)) in steps.iter().enumerate() {
            let mut fact = fact(&turn_id, *kind, &marker(turn, at));
            // What the model said may come before or after its event.
            if *is_swapped && matches!(kind, 1..=4 | 8) {
                std::mem::swap(&mut fact.before, &mut fact.after);
            }
            items.extend(fact.emitted(style));
        }
        let end = if turn % 2 == 0 {
            complete(&turn_id)
        } else {
            aborted(&turn_id)
        };
        items.extend(end.emitted(style));
    }
    let mut lens = session.batches.iter().cycle();
    let mut batches = Vec::new();
    while !items.is_empty() {
        let len = lens.next().map_or(1, |len| (*len).min(items.len()));
        let rest = items.split_off(len);
        batches.push(std::mem::replace(&mut items, rest));
    }
    batches
}

fn record(session: &Session, mode: HistoryMode, style: EventStyle) -> (Vec<DurableLine>, Vec<LiveEvent>) {
    let mut agent = agent(mode, style);
    let (mut lines, mut live) = (Vec::new(), Vec::new());
    for items in batches(session, style) {
        let batch = agent.canonicalize(&items, NOW_MS).expect("the session is good");
        lines.extend(batch.lines);
        live.extend(batch.live);
    }
    (lines, live)
}

/// Readers of legacy rollouts see reasoning that nothing shown separates as one item.
fn joined(items: Vec<Shown>) -> Vec<Shown> {
    let mut joined: Vec<Shown> = Vec::new();
    for shown in items {
        if let (Some(last), TurnItem::Reasoning(next)) = (joined.last_mut(), &shown.item)
            && last.turn_id == shown.turn_id
            && let TurnItem::Reasoning(item) = &mut last.item
        {
            item.summary_text.extend(next.summary_text.iter().cloned());
            item.raw_content.extend(next.raw_content.iter().cloned());
            continue;
        }
        joined.push(shown);
    }
    joined
}

fn has_a_legacy_line(item: &TurnItem) -> bool {
    !matches!(
        item,
        TurnItem::CommandExecution(_)
            | TurnItem::DynamicToolCall(_)
            | TurnItem::CollabAgentToolCall(_)
            | TurnItem::ImageView(_)
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_subscribers_are_told_is_what_is_read_back(session in session()) {
        for mode in MODES {
            for style in STYLES {
                let (lines, live) = record(&session, mode, style);
                prop_assert_eq!(told(&live), read(mode, &lines), "{:?} {:?}", mode, style);
            }
        }
    }

    #[test]
    fn nothing_is_written_twice(session in session()) {
        for mode in MODES {
            for style in STYLES {
                let (lines, _) = record(&session, mode, style);
                for (turn, steps) in session.turns.iter().enumerate() {
                    for (at, (kind, _)) in steps.iter().enumerate() {
                        let text = marker(turn, at);
                        let has = |line: &&DurableLine| line.payload.get().contains(&text);
                        let records = lines.iter().filter(has).filter(|line| matches!(*line.item, RolloutItem::ResponseItem(_)));
                        let events = lines.iter().filter(has).filter(|line| matches!(*line.item, RolloutItem::EventMsg(_)));
                        let is_legacy = mode == HistoryMode::Legacy;
                        let expected = match kind {
                            3 | 4 if is_legacy => (1, 2),
                            0..=4 | 8 => (1, 1),
                            16 => (1, usize::from(!is_legacy)),
                            5 => (2, usize::from(!is_legacy)),
                            6 => (2, 1),
                            12..=14 => (0, usize::from(!is_legacy)),
                            7 | 9..=11 | 15 => (0, 1),
                            _ => (0, 0),
                        };
                        prop_assert_eq!((records.count(), events.count()), expected, "{:?} {:?} {} {}", mode, style, kind, text);
                    }
                }
            }
        }
    }

    #[test]
    fn a_legacy_rollout_keeps_every_fact_that_has_a_line(session in session()) {
        for style in STYLES {
            let items = |mode| -> Vec<_> {
                let (lines, _) = record(&session, mode, style);
                let shown = read(mode, &lines).into_iter().filter(|shown| has_a_legacy_line(&shown.item)).collect();
                joined(shown).into_iter().map(|shown| (shown.turn_id, shown.item)).collect()
            };
            prop_assert_eq!(items(HistoryMode::Legacy), items(HistoryMode::Paginated), "{:?}", style);
        }
    }

    #[test]
    fn every_response_item_of_a_paginated_thread_has_an_id_of_its_own(session in session()) {
        for style in STYLES {
            let (lines, _) = record(&session, HistoryMode::Paginated, style);
            let mut ids: Vec<String> = lines
                .iter()
                .filter_map(|line| match &*line.item {
                    RolloutItem::ResponseItem(response) => Some(response.item.id().unwrap_or_default().into_owned()),
                    _ => None,
                })
                .collect();
            let count = ids.len();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), count);
            prop_assert!(ids.iter().all(|id| !id.is_empty()));
        }
    }

    #[test]
    fn a_refused_batch_changes_nothing(session in session(), bad_at in 0_usize..40) {
        for mode in MODES {
            let style = EventStyle::Canonical;
            let mut disturbed = agent(mode, style);
            let mut kinds = Vec::new();
            for (at, items) in batches(&session, style).into_iter().enumerate() {
                if at == bad_at % 7 {
                    let mut bad = items.clone();
                    bad.push(event(&json!({"type": "no_such_event"})));
                    let error = disturbed.canonicalize(&bad, NOW_MS).expect_err("the batch is bad");
                    prop_assert_eq!(error.index, bad.len() - 1);
                    bad.pop();
                    bad.push(raw("event_msg", &json!({"type": "task_complete", "turn_id": "no turn"})));
                    bad.push(event(&json!({"type": "task_started", "turn_id": "t0"})));
                    disturbed.canonicalize(&bad, NOW_MS).expect_err("a turn begins twice, or ends without being known");
                }
                let batch = disturbed.canonicalize(&items, NOW_MS).expect("the session is good");
                kinds.extend(batch.lines.into_iter().map(|line| (line.number, line.item.kind())));
            }
            let (lines, _) = record(&session, mode, style);
            let undisturbed: Vec<_> = lines.iter().map(|line| (line.number, line.item.kind())).collect();
            prop_assert_eq!(kinds, undisturbed);
        }
    }
}
