//! Goes down, or fails once, at the operations of the disk during an operation of the store, and checks what is left.
//!
//! Every point is a number of an operation of the disk and a loss model. Disks that are the same are checked once.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use codex_rollout::fs::{Crash, Fault, FaultFs, FsOp, SimFs, SurvivingBytes, SurvivingNames};
use codex_thread_store::{IndexProgress, StoreError, StoreErrorKind, StoreMaintenance as _};

use crate::answers::{Answers, Seen, SeenAll, answers, damaged_rollouts, difference, seen};
use crate::machine::{IndexFiles, IndexFolder, Machine, Process};
use crate::operations::{Operation, Player};
use crate::world::{BEGIN_MS, threads, world};

/// `all` for every operation of the disk with every loss model; a number for so many points of each sort per operation.
const SWEEP: &str = "CRASH_SWEEP";
/// How many points of each sort are tried by default; they are spread evenly.
const DEFAULT_POINTS: usize = 2;
/// Ids of the processes of a sweep, one range each.
const IDS: u64 = 1 << 41;
/// How much later the next process runs.
const LATER_MS: i64 = 3_600_000;
/// Time between steps: beyond what a look at the folders is trusted for.
const STEP_MS: i64 = 2_000;
const HARD: Crash = Crash::Power {
    names: SurvivingNames::Synced,
    bytes: SurvivingBytes::Synced,
};

struct Quiet;

impl IndexProgress for Quiet {
    fn advance(&self, _: u64, _: u64, _: u64, _: u64) {}
}

/// What a sweep has done.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// Operations of the disk.
    pub(crate) operations: usize,
    /// Crashes: an operation of the disk with a loss model.
    crashes: usize,
    /// Disks after a crash that differed.
    disks: usize,
    /// Checked states of the index.
    indexes: usize,
    /// Single failures, and disks that became full.
    failures: usize,
}

/// A run of an operation.
struct Run {
    machine: Machine,
    index: IndexFolder,
    process: Option<Process>,
    player: Player,
    /// Steps that were acknowledged.
    done: usize,
    error: Option<StoreError>,
}

/// The states that a run without faults goes through, and its operations of the disk.
pub(crate) struct Reference {
    operation: Operation,
    disk: SimFs,
    states: Vec<SeenAll>,
    disk_operations: Vec<FsOp>,
}

fn asked() -> Option<usize> {
    match std::env::var(SWEEP).as_deref() {
        Ok("all") => None,
        Ok(number) => Some(number.parse().expect("CRASH_SWEEP is `all` or a number")),
        Err(_) => Some(DEFAULT_POINTS),
    }
}

/// Picks some of many, evenly spread; the first one differs from operation to operation.
fn some<T: Copy>(all: &[T], name: &str) -> Vec<T> {
    match asked() {
        Some(count) if count < all.len() => {
            let shift = name.bytes().map(usize::from).sum::<usize>() % all.len();
            let place = |n: usize| (shift + n * all.len() / count) % all.len();
            (0..count).map(|n| all[place(n)]).collect()
        }
        _ => all.to_vec(),
    }
}

fn changes(op: FsOp) -> bool {
    !matches!(
        op,
        FsOp::Open
            | FsOp::ReadDir
            | FsOp::Stat
            | FsOp::ReadAt
            | FsOp::FileStat
            | FsOp::OpenAppend
            | FsOp::Lock
            | FsOp::TryLock
    )
}

/// Returns a hash of what is not made anew: copies in the cache come and go.
fn truth(disk: &SimFs) -> u64 {
    disk.content_hash(Path::new("/home/codex-threads/cache"))
}

/// Looks at a disk as it is, without an index, as a process that comes later.
fn look(disk: &SimFs, now_ms: i64) -> SeenAll {
    let machine = Machine::new(disk.crash(Crash::Process), now_ms);
    let index = IndexFolder::empty();
    let process = Process::start(&machine, index.path(), 3 * IDS).expect("a home");
    let seen = process.run(seen(&process.store, &threads()));
    seen.expect("all threads are listed and readable")
}

/// Runs an operation; a fault is added to the file system first.
fn run(operation: &Operation, disk: &SimFs, fault: Option<Fault>, mut after_step: impl FnMut(&Machine)) -> Run {
    let machine = Machine::new(disk.crash(Crash::Process), BEGIN_MS);
    let index = IndexFolder::of(&world().index);
    let faults = FaultFs::new(Arc::new(machine.disk.clone()));
    if let Some(fault) = fault {
        faults.add(fault);
    }
    let started = Process::start_over(&machine, faults, index.path(), IDS);
    let mut run = Run {
        machine,
        index,
        process: None,
        player: Player::default(),
        done: 0,
        error: None,
    };
    match started {
        Ok(process) => run.process = Some(process),
        Err(error) => run.error = Some(error),
    }
    if let Some(process) = &run.process {
        for step in &operation.steps {
            run.machine.wait(STEP_MS);
            match run.player.take(process, step) {
                Ok(()) => run.done += 1,
                Err(error) => {
                    run.error = Some(error);
                    break;
                }
            }
            after_step(&run.machine);
        }
    }
    run
}

impl Run {
    /// The process is gone.
    fn end(&mut self) {
        self.player = Player::default();
        self.process = None;
    }
}

impl Reference {
    pub(crate) fn new(operation: &Operation) -> Self {
        let disk = world().disk.crash(Crash::Process);
        (operation.prepare)(&disk);
        let mut states = vec![look(&disk, BEGIN_MS)];
        let run = run(operation, &disk, None, |machine| {
            states.push(look(&machine.disk, machine.now_ms()));
        });
        if let Some(error) = run.error {
            panic!("{}: a healthy machine: {error:?}", operation.name);
        }
        let done = run.process.expect("started").faults.operations();
        Self {
            operation: operation.clone(),
            disk,
            states,
            disk_operations: done.into_iter().map(|(op, _)| op).collect(),
        }
    }

    /// Checks everything that is asked for.
    pub(crate) fn sweep(&self) -> Totals {
        let mut totals = Totals {
            operations: self.disk_operations.len(),
            ..Totals::default()
        };
        let (mut changing, mut reading) = (Vec::new(), Vec::new());
        for (at, op) in self.disk_operations.iter().enumerate() {
            match changes(*op) {
                true => changing.extend(Crash::ALL.map(|crash| (at as u64, crash))),
                // What only reads changes no disk: one model tells as much as all of them, except when all are asked for.
                false => reading.push((at as u64, Crash::ALL[at % Crash::ALL.len()])),
            }
        }
        // Behind the last operation, too.
        changing.extend(Crash::ALL.map(|crash| (self.disk_operations.len() as u64, crash)));
        let mut crashes = some(&changing, self.operation.name);
        crashes.extend(some(&reading, self.operation.name).into_iter().take(match asked() {
            Some(count) => count.div_ceil(3),
            None => usize::MAX,
        }));
        self.crash_at(&crashes, &mut totals);
        let all: Vec<u64> = (0..self.disk_operations.len() as u64).collect();
        let half = |points: Vec<u64>| match asked() {
            Some(count) => points.into_iter().step_by(2).take(count.div_ceil(2)).collect(),
            None => points,
        };
        for at in half(some(&all, self.operation.name)) {
            self.fail_at(at, Failure::Once, &mut totals);
        }
        let space: Vec<u64> = all.into_iter().filter(|at| self.takes_space(*at)).collect();
        for at in half(some(&space, self.operation.name)) {
            self.fail_at(at, Failure::Full, &mut totals);
        }
        totals
    }

    fn takes_space(&self, at: u64) -> bool {
        let op = self.disk_operations[usize::try_from(at).expect("small")];
        matches!(
            op,
            FsOp::Write | FsOp::Create | FsOp::CreateDirAll | FsOp::HardLink | FsOp::Lock | FsOp::TryLock
        )
    }

    fn crash_at(&self, points: &[(u64, Crash)], totals: &mut Totals) {
        let mut crashed: Option<(u64, Run, IndexFiles)> = None;
        let mut known = BTreeSet::new();
        for (at, crash) in points {
            let same_run = matches!(&crashed, Some((earlier, _, _)) if earlier == at);
            if !same_run {
                let kind = ErrorKind::Other;
                let mut run = run(
                    &self.operation,
                    &self.disk,
                    Some(Fault::FailFrom { at: *at, kind }),
                    |_| {},
                );
                let index = run.index.files();
                run.end();
                crashed = Some((*at, run, index));
            }
            let Some((_, run, index)) = &crashed else { continue };
            let disk = run.machine.disk.crash(*crash);
            totals.crashes += 1;
            let lengths: Vec<usize> = index.iter().map(|(_, bytes)| bytes.len()).collect();
            let is_power = *crash != Crash::Process;
            if known.insert((truth(&disk), run.done, is_power, lengths)) {
                totals.disks += 1;
                let what = format!(
                    "{}, operation {at} ({}), {crash:?}",
                    self.operation.name,
                    self.op_name(*at)
                );
                let after = After {
                    reference: self,
                    disk: &disk,
                    kept: index,
                    done: run.done,
                    is_power,
                    what: &what,
                };
                after.check(totals);
            }
        }
    }

    fn op_name(&self, at: u64) -> String {
        let op = self.disk_operations.get(usize::try_from(at).expect("small"));
        op.map_or("the end".to_owned(), |op| format!("{op:?}"))
    }

    /// What is wrong with what was found when so many steps were acknowledged.
    fn judge(&self, found: &SeenAll, done: usize, is_power: bool) -> Result<(), String> {
        let next = &self.states[(done + 1).min(self.states.len() - 1)];
        let here = &self.states[done];
        if !self.operation.steps.iter().all(super::operations::Step::adds) {
            return match found == here || found == next {
                true => Ok(()),
                false => Err(format!(
                    "neither before nor after step {done}:\n{found:#?}\nbut\n{here:#?}\nor\n{next:#?}"
                )),
            };
        }
        let lasts = |step: &super::operations::Step| if is_power { step.syncs() } else { step.writes() };
        let kept = self.operation.steps[..done]
            .iter()
            .rposition(lasts)
            .map_or(0, |at| at + 1);
        let kept = &self.states[kept];
        for id in threads() {
            let (found, kept) = (found.get(&id), kept.get(&id));
            let wrong = |why: &str| {
                Err(format!(
                    "{id}: {why}:\n{found:#?}\nkept: {kept:#?}\nnext: {:#?}",
                    next.get(&id)
                ))
            };
            let kept_items = kept.map_or(&[][..], |seen| &seen.items);
            let Some(found) = found else {
                match kept_items.is_empty() {
                    true => continue,
                    false => return wrong("lost"),
                }
            };
            let Some(next) = next.get(&id) else {
                return wrong("from nowhere");
            };
            let facts = |seen: &Seen| Seen {
                items: Vec::new(),
                ..seen.clone()
            };
            let facts_before = here.get(&id).map(facts);
            if facts(found) != facts(next) && facts_before.is_none_or(|before| facts(found) != before) {
                return wrong("other facts");
            }
            if !next.items.starts_with(&found.items) || !found.items.starts_with(kept_items) {
                return wrong("no prefix, or too short a one");
            }
        }
        Ok(())
    }
}

/// What is left after a crash, and what it must be.
struct After<'r> {
    reference: &'r Reference,
    disk: &'r SimFs,
    /// The index as the crash left it.
    kept: &'r IndexFiles,
    done: usize,
    is_power: bool,
    what: &'r str,
}

impl After<'_> {
    fn check(&self, totals: &mut Totals) {
        let what = self.what;
        let damaged = damaged_rollouts(self.disk);
        let found = look(self.disk, BEGIN_MS + LATER_MS);
        let (fresh, hash) = self.open("no index", &IndexFiles::new());
        if let Err(reason) = self.reference.judge(&found, self.done, self.is_power) {
            panic!("{what}, {} steps: {reason}", self.done);
        }
        let reported = fresh.iter().filter(|(question, _)| question.starts_with("state "));
        let is_reported = reported
            .clone()
            .any(|(_, state)| state.contains("kind: ") || state.starts_with("error Unreadable"));
        assert!(
            damaged.is_empty() || is_reported || self.is_unreadable(&damaged),
            "{what}: damage in {damaged:?} is not reported:\n{reported:#?}",
            reported = reported.collect::<Vec<_>>()
        );
        totals.indexes += 1;
        let garbage = self
            .kept
            .iter()
            .map(|(name, bytes)| (name.clone(), vec![0x55; bytes.len()]))
            .collect();
        let cut = self
            .kept
            .iter()
            .map(|(name, bytes)| (name.clone(), bytes[..bytes.len() / 2].to_vec()))
            .collect();
        let others = [
            ("as it was before", world().index.clone()),
            ("garbage", garbage),
            ("cut in half", cut),
        ];
        let mut variants = vec![("kept", self.kept.clone())];
        match asked() {
            None => variants.extend(others),
            // The others in turn, one at every second disk.
            Some(_) => {
                let turn = (totals.disks / 2 + self.reference.operation.name.len()) % others.len();
                variants.extend(others.into_iter().skip(turn).take(totals.disks % 2));
            }
        }
        for (name, index) in variants {
            let (answers, same_hash) = self.open(name, &index);
            if let Some(difference) = difference(&answers, &fresh) {
                panic!("{what}: index {name}: {difference}");
            }
            assert_eq!(hash, same_hash, "{what}: index {name}: opening leaves another disk");
            totals.indexes += 1;
        }
        self.go_on(&found);
    }

    /// Whether every damaged file is one of a thread that nobody lists, because its header is damaged.
    fn is_unreadable(&self, damaged: &[String]) -> bool {
        damaged.iter().all(|path| {
            let bytes = self.disk.bytes(path.as_ref()).expect("a file");
            let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
            serde_json::from_slice::<serde_json::Value>(first).is_err()
        })
    }

    /// Opens a copy of the disk twice with an index, and asks everything; opening it again changes nothing.
    fn open(&self, name: &str, index: &IndexFiles) -> (Answers, u64) {
        let what = self.what;
        let machine = Machine::new(self.disk.crash(Crash::Process), BEGIN_MS + LATER_MS);
        let index = IndexFolder::of(index);
        let process = Process::start(&machine, index.path(), 2 * IDS);
        let process = process.unwrap_or_else(|error| panic!("{what}: index {name}: {error:?}"));
        let once = process.run(answers(&process.store, &threads()));
        let report = process.run(process.store.verify(Arc::new(Quiet)));
        let report = report.unwrap_or_else(|error| panic!("{what}: index {name}: {error:?}"));
        assert_eq!(report.differing, [], "{what}: index {name}");
        drop(process);
        let hash = truth(&machine.disk);
        if asked().is_none() {
            let process = Process::start(&machine, index.path(), 4 * IDS).expect("a home");
            let twice = process.run(answers(&process.store, &threads()));
            if let Some(difference) = difference(&twice, &once) {
                panic!("{what}: index {name}: opened twice: {difference}");
            }
            assert_eq!(truth(&machine.disk), hash, "{what}: index {name}: opened twice");
        }
        (once, hash)
    }

    /// The step that was not acknowledged gets through now, unless it is done already.
    fn go_on(&self, found: &SeenAll) {
        let reference = self.reference;
        let steps = &reference.operation.steps;
        let Some(step) = steps.get(self.done) else { return };
        if found != &reference.states[self.done] || (self.done > 0 && !step_stands_alone(step)) {
            return;
        }
        let what = self.what;
        let machine = Machine::new(self.disk.crash(Crash::Process), BEGIN_MS + LATER_MS);
        let index = IndexFolder::of(self.kept);
        let process = Process::start(&machine, index.path(), 2 * IDS).expect("a home");
        let mut player = Player::default();
        let taken = player.take(&process, step);
        taken.unwrap_or_else(|error| panic!("{what}: again: {error:?}"));
        drop((player, process));
        let now = look(&machine.disk, machine.now_ms());
        assert_same_shape(&now, &reference.states[self.done + 1], what);
    }
}

/// Whether a step needs no thread that earlier steps opened.
fn step_stands_alone(step: &super::operations::Step) -> bool {
    use super::operations::Step as S;
    !matches!(step, S::Append(..) | S::Flush(_) | S::Close | S::RevertOpen(_))
}

/// Compares all but ids, which a second attempt makes anew.
fn assert_same_shape(found: &SeenAll, expected: &SeenAll, what: &str) {
    let shape = |all: &SeenAll| -> Vec<_> {
        let one = |(id, seen): (&_, &Seen)| {
            let turns = seen
                .items
                .iter()
                .map(|item| item.split(' ').next().unwrap_or_default().to_owned());
            let Seen {
                archived,
                name,
                branch,
                section,
                goal,
                ..
            } = seen.clone();
            (*id, archived, name, branch, section, goal, turns.collect::<Vec<_>>())
        };
        all.iter().map(one).collect()
    };
    assert_eq!(shape(found), shape(expected), "again: {what}");
}

#[derive(Debug, Clone, Copy)]
enum Failure {
    /// One operation fails.
    Once,
    /// The disk is full from there on, and has room again when the operation has ended.
    Full,
}

impl Reference {
    /// One failure on a machine that lives on, and a power loss behind it.
    fn fail_at(&self, at: u64, failure: Failure, totals: &mut Totals) {
        totals.failures += 1;
        let what = format!(
            "{}, operation {at} ({}), fails {failure:?}",
            self.operation.name,
            self.op_name(at)
        );
        let kind = ErrorKind::Other;
        let fault = match failure {
            Failure::Once => Fault::FailAt { at, kind },
            Failure::Full => Fault::FullFrom { at },
        };
        let mut run = run(&self.operation, &self.disk, Some(fault), |_| {});
        let mut left = None;
        if let Some(process) = &run.process {
            run.machine.wait(STEP_MS);
            process.faults.heal();
            let live = process.run(answers(&process.store, &threads()));
            let index = IndexFolder::empty();
            let other = Process::start(&run.machine, index.path(), 4 * IDS).expect("a home");
            let fresh = other.run(answers(&other.store, &threads()));
            if let Some(difference) = difference(&live, &fresh) {
                panic!("{what}: after {:?}, the index says otherwise: {difference}", run.error);
            }
        }
        for (disk, is_power) in [
            (run.machine.disk.crash(Crash::Process), false),
            (run.machine.disk.crash(HARD), true),
        ] {
            let found = look(&disk, run.machine.now_ms());
            let judged = self.judge(&found, run.done, is_power);
            judged.unwrap_or_else(|reason| panic!("{what}, power loss {is_power}: {:?}: {reason}", run.error));
            let kind = run.error.as_ref().map(StoreError::kind);
            let is_refusal = !matches!(kind, None | Some(StoreErrorKind::Internal | StoreErrorKind::Unreadable));
            assert!(
                !is_refusal || is_power || found == self.states[run.done],
                "{what}: refused, but something changed: {:?}",
                run.error
            );
            left.get_or_insert(found);
        }
        self.goes_on(&mut run, left, &what);
    }

    /// What failed gets through on the same process, and nothing is lost or repeated.
    fn goes_on(&self, run: &mut Run, left: Option<SeenAll>, what: &str) {
        let Some(error) = run.error.take() else { return };
        // What is in doubt may be there twice if it is repeated.
        if left.as_ref() != Some(&self.states[run.done]) || matches!(error, StoreError::InDoubt { .. }) {
            return;
        }
        let Some(process) = &run.process else { return };
        for step in &self.operation.steps[run.done..] {
            run.machine.wait(STEP_MS);
            let taken = run.player.take(process, step);
            taken.unwrap_or_else(|again| panic!("{what}: {error:?}, again {step:?}: {again:?}"));
        }
        let after = look(&run.machine.disk, run.machine.now_ms());
        assert_same_shape(&after, &self.states[self.states.len() - 1], what);
    }
}
