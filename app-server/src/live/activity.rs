//! What a loaded thread is doing, and what its subscribers are told of it (`app-server-api.md` 3.25, 3.26).
//!
//! Pure: from updates of the store to notifications, in the order of the real server. No clock, no store.

use std::collections::{HashMap, HashSet};

use codex_protocol::ids::ThreadId;
use codex_protocol::item::{MessagePhase, ThreadItem, TimedItem, TurnStatus};
use codex_protocol::rpc::common::TurnItemsView;
use codex_protocol::rpc::live::{
    ItemCompletedNotification, ItemStartedNotification, ThreadTokenUsage, ThreadTokenUsageUpdatedNotification,
    TurnCompletedNotification, TurnStartedNotification,
};
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::thread::ThreadStatus;
use codex_protocol::rpc::turn::Turn;
use codex_thread_store::live::{LiveUpdate, TurnEnding};
use codex_thread_store::{HistoryMode, TokenUse};
use serde::Serialize;

use super::notice::{Audience, Notice};

/// Turns that have just ended, as they are read back; empty members are answered from the updates.
pub(crate) type EndedTurns = HashMap<String, Turn>;

/// Whether it is tracked how far a thread was read (`app-server-api.md` 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// It is: a user started the thread.
    Tracked,
    /// It is not.
    Untracked,
}

/// What is to be told, in its place.
#[derive(Debug)]
pub(crate) enum Telling {
    /// A notification.
    Notice(Notice),
    /// That a turn is unread now, once that is kept.
    Unread {
        /// The turn, which has completed.
        turn_id: String,
    },
}

/// What a loaded thread is doing.
#[derive(Debug)]
pub(crate) struct Activity {
    thread_id: ThreadId,
    history_mode: HistoryMode,
    reading: Reading,
    turn: Option<OpenTurn>,
    /// The latest turn, open or not.
    last_turn_id: Option<String>,
    usage: Option<ThreadTokenUsageUpdatedNotification>,
}

/// A turn that runs.
#[derive(Debug)]
struct OpenTurn {
    turn_id: String,
    started_at: Option<i64>,
    /// Items whose beginning was told.
    started_items: HashSet<String>,
    /// What `turn/completed` will show.
    final_message: Option<TimedItem>,
}

impl Activity {
    /// A thread that does nothing.
    pub(crate) fn idle(thread_id: ThreadId, history_mode: HistoryMode, reading: Reading) -> Self {
        Self {
            thread_id,
            history_mode,
            reading,
            turn: None,
            last_turn_id: None,
            usage: None,
        }
    }

    /// What the thread is doing, in the words of the wire.
    pub(crate) fn status(&self) -> ThreadStatus {
        match self.turn {
            Some(_) => ThreadStatus::Active {
                active_flags: Vec::new(),
            },
            None => ThreadStatus::Idle,
        }
    }

    /// The turn that runs.
    pub(crate) fn active_turn(&self) -> Option<&str> {
        self.turn.as_ref().map(|turn| turn.turn_id.as_str())
    }

    /// The latest use of tokens since the thread was loaded.
    pub(crate) fn usage(&self) -> Option<&ThreadTokenUsageUpdatedNotification> {
        self.usage.as_ref()
    }

    /// Takes in what the log told of the use of tokens when the thread was loaded; nobody is told yet.
    pub(crate) fn recall_usage(&mut self, known: &TokenUse) {
        self.usage = Some(ThreadTokenUsageUpdatedNotification {
            thread_id: self.thread_id.to_string(),
            turn_id: known.turn_id.clone(),
            token_usage: ThreadTokenUsage::from(&known.usage),
        });
    }

    /// Tells whether it is tracked how far the thread was read.
    pub(crate) fn reading(&self) -> Reading {
        self.reading
    }

    /// Takes in what an append did, and says who is told what.
    pub(crate) fn apply(&mut self, updates: Vec<LiveUpdate>, mut ended: EndedTurns, now_ms: i64) -> Vec<Telling> {
        let mut notices = Notices {
            thread_id: self.thread_id,
            now_ms,
            all: Vec::new(),
        };
        for update in updates {
            match update {
                LiveUpdate::TurnStarted { turn_id, started_at } => self.turn_started(turn_id, started_at, &mut notices),
                LiveUpdate::ItemStarted {
                    turn_id,
                    item,
                    started_at_ms,
                } => self.item_started(turn_id, *item, started_at_ms, &mut notices),
                LiveUpdate::ItemCompleted {
                    turn_id,
                    item,
                    started_at_ms,
                    completed_at_ms,
                } => self.item_completed(turn_id, (*item, started_at_ms, completed_at_ms), &mut notices),
                LiveUpdate::TokenUsage { turn_id, usage } => {
                    self.tokens_used(turn_id, ThreadTokenUsage::from(&*usage), &mut notices);
                }
                LiveUpdate::TurnEnded {
                    turn_id,
                    aborted,
                    ending,
                } => {
                    let turn_id = turn_id.or_else(|| self.active_turn().map(str::to_owned));
                    // Only very old events name no turn, and then none was open: nothing has ended.
                    let Some(turn_id) = turn_id else { continue };
                    let stored = ended.remove(&turn_id);
                    if !aborted && self.reading == Reading::Tracked {
                        let turn_id = turn_id.clone();
                        notices.all.push(Telling::Unread { turn_id });
                    }
                    self.turn_ended(turn_id, (aborted, *ending), stored, &mut notices);
                }
            }
        }
        notices.all
    }

    fn turn_started(&mut self, turn_id: String, started_at: Option<i64>, notices: &mut Notices) {
        let was_idle = self.turn.is_none();
        self.last_turn_id = Some(turn_id.clone());
        self.turn = Some(OpenTurn {
            turn_id: turn_id.clone(),
            started_at,
            started_items: HashSet::new(),
            final_message: None,
        });
        if was_idle {
            notices.status(self.status());
        }
        let turn = Turn {
            id: turn_id.clone(),
            root_turn_id: Some(turn_id),
            items: Vec::new(),
            items_view: TurnItemsView::NotLoaded,
            status: TurnStatus::InProgress,
            error: None,
            started_at,
            completed_at: None,
            duration_ms: None,
        };
        let thread_id = self.thread_id.to_string();
        notices.tell(
            notification_name::TURN_STARTED,
            &TurnStartedNotification { thread_id, turn },
        );
    }

    fn item_started(&mut self, turn_id: String, item: ThreadItem, started_at_ms: Option<i64>, notices: &mut Notices) {
        if let Some(turn) = self.turn_named(&turn_id) {
            turn.started_items.insert(item.id().to_owned());
        }
        let started_at_ms = started_at_ms.unwrap_or(notices.now_ms);
        let params = ItemStartedNotification {
            item: TimedItem {
                item,
                started_at_ms: Some(started_at_ms),
                completed_at_ms: None,
            },
            thread_id: self.thread_id.to_string(),
            turn_id,
            started_at_ms,
        };
        notices.tell(notification_name::ITEM_STARTED, &params);
    }

    fn item_completed(
        &mut self,
        turn_id: String,
        (item, started_at_ms, completed_at_ms): (ThreadItem, Option<i64>, Option<i64>),
        notices: &mut Notices,
    ) {
        let is_new = self
            .turn_named(&turn_id)
            .is_none_or(|turn| !turn.started_items.contains(item.id()));
        if is_new {
            let since_ms = started_at_ms.or(completed_at_ms);
            self.item_started(turn_id.clone(), item.clone(), since_ms, notices);
        }
        let item = TimedItem {
            item,
            started_at_ms,
            completed_at_ms,
        };
        let mode = self.history_mode;
        if let Some(turn) = self.turn_named(&turn_id)
            && is_final(
                &item.item,
                mode,
                turn.final_message.as_ref().map(|message| &message.item),
            )
        {
            turn.final_message = Some(item.clone());
        }
        let params = ItemCompletedNotification {
            item,
            thread_id: self.thread_id.to_string(),
            turn_id,
            content_token_count: None,
            completed_at_ms: completed_at_ms.unwrap_or(notices.now_ms),
        };
        notices.tell(notification_name::ITEM_COMPLETED, &params);
    }

    fn tokens_used(&mut self, turn_id: Option<String>, token_usage: ThreadTokenUsage, notices: &mut Notices) {
        // The wire has no use of tokens outside turns.
        let Some(turn_id) = turn_id.or_else(|| self.last_turn_id.clone()) else {
            return;
        };
        let params = ThreadTokenUsageUpdatedNotification {
            thread_id: self.thread_id.to_string(),
            turn_id,
            token_usage,
        };
        notices.tell(notification_name::THREAD_TOKEN_USAGE_UPDATED, &params);
        self.usage = Some(params);
    }

    fn turn_ended(
        &mut self,
        turn_id: String,
        (aborted, ending): (bool, TurnEnding),
        stored: Option<Turn>,
        notices: &mut Notices,
    ) {
        let open = self.turn.take_if(|turn| turn.turn_id == turn_id);
        if open.is_some() {
            notices.status(self.status());
        }
        self.last_turn_id = Some(turn_id.clone());
        let (started_at, message) = open.map_or((None, None), |turn| (turn.started_at, turn.final_message));
        let mut turn = stored.unwrap_or(Turn {
            id: turn_id.clone(),
            root_turn_id: ending.root_turn_id.or(Some(turn_id)),
            items: Vec::new(),
            items_view: TurnItemsView::NotLoaded,
            status: match (aborted, &ending.error) {
                (true, _) => TurnStatus::Interrupted,
                (false, Some(_)) => TurnStatus::Failed,
                (false, None) => TurnStatus::Completed,
            },
            error: ending.error,
            started_at: ending.started_at.or(started_at),
            completed_at: ending.completed_at,
            duration_ms: ending.duration_ms,
        });
        (turn.items, turn.items_view) = if aborted {
            (Vec::new(), TurnItemsView::NotLoaded)
        } else {
            (message.into_iter().collect(), TurnItemsView::Summary)
        };
        let thread_id = self.thread_id.to_string();
        notices.tell(
            notification_name::TURN_COMPLETED,
            &TurnCompletedNotification { thread_id, turn },
        );
    }

    fn turn_named(&mut self, turn_id: &str) -> Option<&mut OpenTurn> {
        self.turn.as_mut().filter(|turn| turn.turn_id == turn_id)
    }
}

/// Tells whether a message takes the place of the final one (`app-server-api.md` 4.4).
fn is_final(item: &ThreadItem, mode: HistoryMode, so_far: Option<&ThreadItem>) -> bool {
    let ThreadItem::AgentMessage(message) = item else {
        return false;
    };
    let has_answer = matches!(
        so_far,
        Some(ThreadItem::AgentMessage(message)) if message.phase == Some(MessagePhase::FinalAnswer)
    );
    match (mode, message.phase) {
        (HistoryMode::Legacy, _) | (HistoryMode::Paginated, Some(MessagePhase::FinalAnswer)) => true,
        (HistoryMode::Paginated, None) => !has_answer,
        (HistoryMode::Paginated, Some(MessagePhase::Commentary | MessagePhase::PartialAnswer)) => false,
    }
}

/// Collects notifications of one thread.
struct Notices {
    thread_id: ThreadId,
    now_ms: i64,
    all: Vec<Telling>,
}

impl Notices {
    fn status(&mut self, status: ThreadStatus) {
        let notice = Notice::status(self.thread_id, status, self.now_ms);
        self.all.push(Telling::Notice(notice));
    }

    fn tell<T: Serialize>(&mut self, method: &'static str, params: &T) {
        let audience = Audience::Subscribers(self.thread_id);
        let notice = Notice::new(audience, method, params, self.now_ms);
        self.all.push(Telling::Notice(notice));
    }
}

#[cfg(test)]
#[path = "activity_tests.rs"]
mod activity_tests;
