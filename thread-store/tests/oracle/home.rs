//! Arbitrary homes: a few threads, forks and reverts among them, and what happens to their files.

use codex_protocol::ids::ThreadId;
use codex_test_support::arbitrary::{History, Step, any_mode, steps};
use codex_test_support::{Cut, Header, Mode};
use codex_thread_store::{MemoryRollout, MemoryStore};
use proptest::prelude::*;

use crate::probe::Pair;
use crate::support::LocalHome;

/// Where a planned rollout comes from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// A thread of its own.
    Root(Mode),
    /// A fork of an earlier rollout, cut at one of its lines.
    Fork(u8, u8),
    /// A new revision of an earlier rollout's thread, cut at one of its lines.
    Revert(u8, u8),
}

/// A rollout to be.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub origin: Origin,
    pub steps: Vec<Step>,
    pub archived: bool,
    /// How much of it is there at the start, in 256ths.
    pub visible: u8,
    /// Creation time, so coarse that threads share it.
    pub created: u8,
    pub source: u8,
}

impl Plan {
    /// Plans a rollout that is there from the start.
    pub(crate) fn whole(origin: Origin, steps: Vec<Step>) -> Self {
        Self {
            origin,
            steps,
            archived: false,
            visible: 255,
            created: 0,
            source: 0,
        }
    }
}

/// One rollout as it will be once everything is appended.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub history: History,
    pub thread_id: ThreadId,
    pub rollout_id: String,
    bytes: Vec<u8>,
    shown: usize,
    archived: bool,
    mtime_ms: i64,
}

pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let origin = prop_oneof![
        3 => any_mode().prop_map(Origin::Root),
        3 => (any::<u8>(), any::<u8>()).prop_map(|(of, at)| Origin::Fork(of, at)),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(of, at)| Origin::Revert(of, at)),
    ];
    (
        origin,
        steps(25),
        prop::bool::weighted(0.15),
        prop_oneof![Just(255_u8), any::<u8>()],
        0..3_u8,
        0..8_u8,
    )
        .prop_map(|(origin, steps, archived, visible, created, source)| Plan {
            origin,
            steps,
            archived,
            visible,
            created,
            source,
        })
}

pub(crate) fn plans() -> impl Strategy<Value = Vec<Plan>> {
    prop::collection::vec(plan(), 1..5)
}

/// Both stores over the same home.
pub(crate) struct Homes {
    pub local: LocalHome,
    pub memory: MemoryStore,
    pub rollouts: Vec<Planned>,
    now_ms: i64,
}

fn uuid(n: usize, kind: u8) -> String {
    format!("019caf1a-1400-7000-8000-{kind:04x}{n:08x}")
}

impl Homes {
    pub(crate) fn new(plans: &[Plan]) -> Self {
        let mut rollouts: Vec<Planned> = Vec::new();
        for (n, plan) in plans.iter().enumerate() {
            let planned = realise(n, plan, &rollouts);
            rollouts.push(planned);
        }
        let mut homes = Self {
            local: LocalHome::new(),
            memory: MemoryStore::default(),
            rollouts,
            now_ms: 1_772_500_000_000,
        };
        for at in 0..homes.rollouts.len() {
            homes.put(at);
        }
        homes
    }

    /// Writes a rollout as far as it is shown by now.
    pub(crate) fn put(&mut self, at: usize) {
        let planned = &self.rollouts[at];
        let rollout = MemoryRollout {
            file_name: planned.history.file_name.clone(),
            bytes: planned.bytes[..planned.shown].to_vec(),
            mtime_ms: planned.mtime_ms,
            archived: planned.archived,
        };
        self.local.put(&rollout);
        self.memory.insert(rollout);
    }

    /// Appends up to the end of a line, without its newline.
    pub(crate) fn append_lines(&mut self, at: usize, lines: usize) {
        let rest = &self.rollouts[at].bytes[self.rollouts[at].shown..];
        let mut ends = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        if let Some((end, _)) = ends.nth(lines) {
            self.append(at, end);
        }
    }

    /// Appends up to `bytes` more bytes, in the middle of a line if need be.
    pub(crate) fn append(&mut self, at: usize, bytes: usize) {
        self.now_ms += 1_000;
        let now_ms = self.now_ms;
        let planned = &mut self.rollouts[at];
        let until = planned.bytes.len().min(planned.shown + bytes);
        let more = &planned.bytes[planned.shown..until];
        self.local.append(&planned.history.file_name, more, now_ms);
        self.memory.append(&planned.history.file_name, more, now_ms);
        planned.shown = until;
        planned.mtime_ms = now_ms;
    }

    /// Replaces a rollout by one with the same header and other lines, or cuts it.
    pub(crate) fn replace(&mut self, at: usize, steps: &[Step], keep: Option<u8>) {
        self.now_ms += 1_000;
        let now_ms = self.now_ms;
        let planned = &mut self.rollouts[at];
        match keep {
            Some(keep) => {
                let line = planned.history.lines[0].len().min(planned.shown);
                planned.shown = line + (planned.shown - line) * usize::from(keep) / 256;
                planned.bytes.truncate(planned.shown);
            }
            None => {
                let head = planned.history.lines[0].clone();
                let other = History::of(planned.history.mode, steps.to_vec());
                planned.bytes = head.into_iter().chain(other.lines[1..].concat()).collect();
                planned.shown = planned.bytes.len();
            }
        }
        planned.mtime_ms = now_ms;
        self.put(at);
    }

    pub(crate) fn set_name(&self, at: usize, name: &str) {
        let thread_id = self.rollouts[at].thread_id;
        self.local.set_name(thread_id, name);
        self.memory.set_name(thread_id, name);
    }

    /// Returns both stores with the thread of a rollout.
    pub(crate) fn pair(&self, at: usize) -> Pair<'_> {
        Pair {
            local: self.local.store(),
            memory: &self.memory,
            home: self.local.path().to_owned(),
            thread_id: self.rollouts[at].thread_id,
        }
    }

    pub(crate) fn pick(&self, n: u8) -> usize {
        usize::from(n) % self.rollouts.len()
    }
}

fn realise(n: usize, plan: &Plan, earlier: &[Planned]) -> Planned {
    let created_ms = 1_772_442_000_000 + i64::from(plan.created) * 500;
    let source = ["vscode", "cli", "exec", "vscode", "cli", "mcp", "vscode", "unknown"][usize::from(plan.source) % 8];
    let thread_id = uuid(n, 1);
    let finish = |mut header: Header, from: Option<&Planned>| {
        header = header.created_at(created_ms).from_source(serde_json::json!(source));
        let rollout_id = header.rollout_id().to_owned();
        let history = match from {
            Some(parent) => parent.history.continued(header, plan.steps.clone()),
            None => History::below(header, plan.steps.clone()),
        };
        let bytes = history.bytes();
        let header_len = history.lines[0].len();
        let shown = match plan.visible {
            255 => bytes.len(),
            part => header_len + (bytes.len() - header_len) * usize::from(part) / 256,
        };
        Planned {
            thread_id: history.thread_id.parse().expect("a uuid"),
            history,
            rollout_id,
            bytes,
            shown,
            archived: plan.archived,
            mtime_ms: created_ms + 100_000 + i64::from(plan.source % 2),
        }
    };
    let base = |of: u8| earlier.get(usize::from(of).checked_rem(earlier.len())?);
    match plan.origin {
        Origin::Root(mode) => finish(Header::new(mode, &thread_id), None),
        Origin::Fork(of, at) => match base(of) {
            Some(parent) => {
                let header = Header::fork(&thread_id, &parent.thread_id.to_string(), cut(parent, at));
                finish(header, Some(parent))
            }
            None => finish(Header::new(Mode::Paginated, &thread_id), None),
        },
        Origin::Revert(of, at) => match base(of) {
            Some(parent) if parent.history.mode == Mode::Paginated => {
                let header = Header::revert(&parent.thread_id.to_string(), &uuid(n, 2), Some(cut(parent, at)));
                finish(header, Some(parent))
            }
            _ => finish(Header::new(Mode::Legacy, &thread_id), None),
        },
    }
}

/// Cuts a rollout after one of its lines; the first ordinal behind it is one more than the highest before.
fn cut(parent: &Planned, at: u8) -> Cut {
    let lines = &parent.history.lines;
    let count = 1 + usize::from(at) % lines.len();
    let ordinals = lines[..count]
        .iter()
        .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    let newest = ordinals.filter_map(|line| line["ordinal"].as_u64()).max().unwrap_or(0);
    Cut {
        rollout_id: parent.rollout_id.clone(),
        end_ordinal_exclusive: newest + 1,
        end_byte_offset: lines[..count].concat().len() as u64,
    }
}
